/** The configuration and the schedule that this program brings along: used where the working folder has none of its own. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file that tells a folder of this node's configuration from any other folder of that name. */
const CONFIG_FILE = 'datasets.yaml'

/** The nearest folder above this file with a package.json: that of a checkout or of an installed package. */
function programFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder)
  return folder
}

export const configFolder = (working: string = '.', program: string = programFolder()): string =>
  ownOrShipped(working, program, 'config', CONFIG_FILE)

export const scheduleFile = (working: string = '.', program: string = programFolder()): string =>
  ownOrShipped(working, program, 'cron.json')

/** Where neither has it, the path in the working folder: what is said of it is then what a person expects. */
function ownOrShipped(working: string, program: string, name: string, proof = ''): string {
  const own = resolve(working, name)
  const shipped = join(program, name)
  return !existsSync(join(own, proof)) && existsSync(join(shipped, proof)) ? shipped : own
}
