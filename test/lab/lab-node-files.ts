/** What a node needs to play against the lab: a copy of the configuration with the lab's addresses, and a file of settings. */
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { writeFileAtomic } from '../../functions/_lake/atomic.ts'
import { makeFolder, realDisk } from '../../functions/_lake/disk.ts'
import type { Simulation } from '../../functions/_runtime/clock.ts'
import { simulationText } from '../../functions/_runtime/simulated-clock.ts'
import { quoted } from '../demo/next-step.ts'
import { LAB_KEYS, type LabVendorName } from './lab.ts'

const VENDORS = 'vendor_capabilities.yaml'
const COPIED = ['datasets.yaml', 'qc.yaml', 'universe.yaml']
export const ENV_FILE = 'lab.env'

export type LabUrls = Record<LabVendorName, string>

/** The text of a vendors file with the lab's addresses; limits, walls and comments stay. Throws for a vendor that the lab does not play. */
export function vendorsText(shipped: string, urls: LabUrls): string {
  const document = parseDocument(shipped, { merge: true })
  const { vendors } = document.toJS() as { vendors: Record<string, { connector?: string; trading_url?: string }> }
  for (const [name, { connector = name, trading_url }] of Object.entries(vendors)) {
    const url = (urls as Record<string, string | undefined>)[connector]
    if (url === undefined) throw new Error(`${VENDORS}: the lab does not play vendor ${name}`)
    document.setIn(['vendors', name, 'base_url'], url)
    if (trading_url !== undefined) document.setIn(['vendors', name, 'trading_url'], url)
  }
  return document.toString({ lineWidth: 0 })
}

/** The environment of a node of this lab. */
export function labSettings(root: string, simulation: Simulation): Record<string, string> {
  return {
    CONFIG_DIR: join(root, 'config'),
    DATA_ROOT: join(root, 'data_layer'),
    EXPORT_ROOT: join(root, 'exports'),
    STATE_DIR: join(root, 'state'),
    SIMULATED_CLOCK: simulationText(simulation),
    APCA_API_KEY_ID: LAB_KEYS.alpaca.id,
    APCA_API_SECRET_KEY: LAB_KEYS.alpaca.secret,
    MASSIVE_API_KEY: LAB_KEYS.massive,
    FRED_API_KEY: LAB_KEYS.fred,
  }
}

export const exportsText = (settings: Record<string, string>): string =>
  Object.entries(settings)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('')

/** Writes configuration and settings below `root`, in place of those of an earlier lab. Data of earlier nodes stays. */
export async function writeLabFiles(root: string, shipped: string, urls: LabUrls, simulation: Simulation) {
  const folder = join(root, 'config')
  await makeFolder(realDisk, folder, new Set())
  for (const name of COPIED) await copyFile(join(shipped, name), join(folder, name))
  const vendors = join(folder, VENDORS)
  await writeFileAtomic(vendors, Buffer.from(vendorsText(await readFile(join(shipped, VENDORS), 'utf8'), urls)))
  const settings = labSettings(root, simulation)
  const env = join(root, ENV_FILE)
  await writeFileAtomic(env, Buffer.from(exportsText(settings)))
  return { vendors, env, settings }
}
