/** Where a node stands that nobody fires: its own few symbols and vendors, no schedule, no lab. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { CONNECTORS } from '../functions/_vendors/registry.ts'

/** The files of a configuration, as they stand in YAML. */
export interface StageFiles {
  vendors: Record<string, unknown>
  datasets: Record<string, unknown>
  universe: readonly { symbol: string; from: string }[]
  qc: Config['qc']
}

/** The configuration that is shipped. */
export const shippedConfig = (): Promise<Config> =>
  loadConfig({ folder: resolve('config'), vendors: CONNECTORS.map(({ name }) => name) })

/** Writes a configuration under `root` and answers the environment of its node: on any free port, with no schedule. */
export function writeBareStage(root: string, files: StageFiles): Record<string, string> {
  const folder = join(root, 'config')
  mkdirSync(folder, { recursive: true })
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), stringify(value, { aliasDuplicateObjects: false }))
  write('vendor_capabilities.yaml', { vendors: files.vendors })
  write('datasets.yaml', { datasets: files.datasets })
  write('universe.yaml', { symbols: files.universe })
  write('qc.yaml', files.qc)
  const never = { id: 'none', schedule: '0 0 29 2 *', timezone: 'America/New_York', steps: [{ call: 'audit' }] }
  writeFileSync(join(root, 'cron.json'), JSON.stringify({ chains: [never] }))
  return {
    DATA_ROOT: join(root, 'data_layer'),
    EXPORT_ROOT: join(root, 'exports'),
    CONFIG_DIR: folder,
    CRON_FILE: join(root, 'cron.json'),
    HOST: '127.0.0.1',
    PORT: '0',
    MASSIVE_API_KEY: 'nobody-is-asked-by-this',
  }
}
