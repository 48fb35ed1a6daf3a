/** The files a test's node reads when it starts: a configuration and a schedule under one root. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** As they stand in YAML and, the schedule, in JSON. */
export interface NodeFiles {
  vendors: Record<string, unknown>
  /** `datasets.yaml` as a whole. */
  datasets: Record<string, unknown>
  universe: readonly object[]
  qc: unknown
  /** Absent: no file. */
  notifications?: unknown
  cron: unknown
}

/** Writes them under `root`. Returns the environment that points a node there, on a port of loopback. */
export function writeNodeFiles(root: string, files: NodeFiles, port: number): Record<string, string> {
  const folder = join(root, 'config')
  mkdirSync(folder, { recursive: true })
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), stringify(value, { aliasDuplicateObjects: false }))
  write('vendor_capabilities.yaml', { vendors: files.vendors })
  write('datasets.yaml', files.datasets)
  write('universe.yaml', { symbols: files.universe })
  write('qc.yaml', files.qc)
  if (files.notifications !== undefined) write('notifications.yaml', files.notifications)
  writeFileSync(join(root, 'cron.json'), JSON.stringify(files.cron, null, 2))
  return {
    DATA_ROOT: join(root, 'data_layer'),
    EXPORT_ROOT: join(root, 'exports'),
    CONFIG_DIR: folder,
    CRON_FILE: join(root, 'cron.json'),
    HOST: '127.0.0.1',
    PORT: String(port),
  }
}
