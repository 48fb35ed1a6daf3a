/** Where a node stands that nobody fires: its own few symbols and vendors, no schedule, no lab. */
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { CONNECTORS } from '../functions/_vendors/registry.ts'
import { type StageFiles, writeStageFiles } from './config-files.ts'

/** The configuration that is shipped. */
export const shippedConfig = (): Promise<Config> =>
  loadConfig({ folder: resolve('config'), vendors: CONNECTORS.map(({ name }) => name) })

const NEVER = { id: 'none', schedule: '0 0 29 2 *', timezone: 'America/New_York', steps: [{ call: 'audit' }] }

/** Writes a configuration under `root`, its datasets by their names, and answers the environment of its node: on any free port, with no schedule. */
export function writeBareStage(root: string, files: Omit<StageFiles, 'cron'>): Record<string, string> {
  const datasets = { datasets: files.datasets }
  const env = writeStageFiles(root, { ...files, datasets, cron: { chains: [NEVER] } }, 0)
  return { ...env, MASSIVE_API_KEY: 'nobody-is-asked-by-this' }
}
