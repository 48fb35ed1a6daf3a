/** A copy of the shipped configuration that a test may break. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'

export const VENDORS = CONNECTORS.map(({ name }) => name)
const FETCHES = Object.fromEntries(CONNECTORS.map(({ name, datasets }) => [name, datasets]))
export const FILES = ['vendor_capabilities.yaml', 'datasets.yaml', 'universe.yaml', 'qc.yaml'] as const
export type ConfigFile = (typeof FILES)[number]

export interface ConfigCopy {
  folder: string
  /** Replaces the first occurrence of a text that is there. */
  edit(file: ConfigFile, from: string, to: string): Promise<void>
  write(file: string, text: string): Promise<void>
  load(): Promise<Config>
  /** The faults of a configuration that is refused. */
  faults(): Promise<string[]>
  remove(): Promise<void>
}

export async function copyConfig(): Promise<ConfigCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'config-'))
  for (const file of FILES) await cp(join('config', file), join(folder, file))
  const load = (): Promise<Config> => loadConfig({ folder, vendors: VENDORS, fetches: FETCHES })
  const write = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text)
  return {
    folder,
    write,
    load,
    edit: async (file, from, to) => {
      const text = await readFile(join(folder, file), 'utf8')
      if (!text.includes(from)) throw new Error(`expected ${JSON.stringify(from)} in ${file}`)
      await write(file, text.replace(from, to))
    },
    faults: async () => {
      try {
        await load()
      } catch (error) {
        if (error instanceof ConfigError) return error.faults
        throw error
      }
      throw new Error('expected faults, got a configuration')
    },
    remove: () => rm(folder, { recursive: true }),
  }
}
