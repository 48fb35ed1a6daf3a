/** The lake: where the node's files live, and the one DuckDB that reads and writes sets of them. */
import { resolve } from 'node:path'
import { createDuck, type Duck } from './duck.ts'

export interface Lake {
  /** DATA_ROOT: raw, manifests, curated, qc, state. */
  root: string
  /** EXPORT_ROOT: bundles. On the same volume as `root` a bundle costs no space (hard links). */
  exportRoot: string
  duck: Duck
}

/** Names a lake. Pure: no folder is made and DuckDB is not loaded before it is needed. */
export function openLake(options: {
  root: string
  exportRoot: string
  threads?: number
  memoryLimitMb?: number
}): Lake {
  const { threads = 2, memoryLimitMb = 512 } = options
  // DuckDB puts `./` before some relative paths; what it gives back must still be the path that was asked for.
  const root = resolve(options.root)
  return { root, exportRoot: resolve(options.exportRoot), duck: createDuck({ root, threads, memoryLimitMb }) }
}

/** Lets DuckDB finish what it was told, then frees it and its spill folder. May be called twice. */
export async function closeLake(lake: Lake): Promise<void> {
  await lake.duck.close()
}
