/** The configuration of a node that no schedule calls: its own few symbols and vendors, no lab. */
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { CONNECTORS } from '../functions/_vendors/registry.ts'
import { type NodeFiles, writeNodeFiles } from './config-files.ts'

/** The configuration that is shipped. */
export const shippedConfig = (): Promise<Config> =>
  loadConfig({ folder: resolve('config'), vendors: CONNECTORS.map(({ name }) => name) })

const NEVER = { id: 'none', schedule: '0 0 29 2 *', timezone: 'America/New_York', steps: [{ call: 'audit' }] }

/** Writes a configuration under `root`, its datasets by their names. Returns the environment of its node: on any free port, with no schedule. */
export function writeBareConfig(root: string, files: Omit<NodeFiles, 'cron'>): Record<string, string> {
  const datasets = { datasets: files.datasets }
  const env = writeNodeFiles(root, { ...files, datasets, cron: { chains: [NEVER] } }, 0)
  return { ...env, MASSIVE_API_KEY: 'nobody-is-asked-by-this' }
}
