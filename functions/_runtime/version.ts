/** The version of this program, as package.json says. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from './folders.ts'

export const programVersion = async (): Promise<string> =>
  JSON.parse(await readFile(join(await packageRoot(), 'package.json'), 'utf8')).version as string
