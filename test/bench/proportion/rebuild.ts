/** Part of `proportion`: the database is lost, and made again of manifests and file names alone. Its rows are compared with those before, table by table. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type BenchRow, figure } from '../row.ts'
import { type Filled, type RebuiltAgain, tableFiles } from './rebuild-process.ts'

const PROCESS = fileURLToPath(new URL('./rebuild-process.js', import.meta.url))
const MOST_MEMORY_MB = 400

export async function benchRebuild(cells: number): Promise<BenchRow[]> {
  const dumps = await mkdtemp(join(tmpdir(), 'data-node-bench-rebuild-'))
  const run = async <T>(...args: string[]): Promise<T> =>
    JSON.parse((await promisify(execFile)(process.execPath, [PROCESS, ...args])).stdout) as T
  const [before, after] = [join(dumps, 'before'), join(dumps, 'after')]
  const { root, env, cells: filled } = await run<Filled>('fill', String(cells), before)
  try {
    await rm(join(root, 'data_layer', 'state'), { recursive: true })
    const done = await run<RebuiltAgain>('rebuild', JSON.stringify(env), after)
    const tables: BenchRow[] = []
    for (const [at, path] of tableFiles(before).entries()) {
      const [was, is] = await Promise.all([linesOf(path), linesOf(tableFiles(after)[at]!)])
      const differing =
        [...was].filter((line) => !is.has(line)).length + [...is].filter((line) => !was.has(line)).length
      tables.push(figure(`rebuild: rows of ${basename(path)} that differ, of ${was.size}`, differing, 'rows', 0))
    }
    return [
      figure('rebuild: cells before', filled, 'cells'),
      figure('rebuild: cells that are missing after', filled - done.cells, 'cells', 0),
      ...tables,
      figure('rebuild: start and rebuild', done.seconds, 's'),
      figure('rebuild: peak memory of that process', done.megabytes, 'MB', MOST_MEMORY_MB),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
    await rm(dumps, { recursive: true, force: true })
  }
}

const linesOf = async (path: string): Promise<Set<string>> =>
  new Set((await readFile(path, 'utf8')).split('\n').filter((line) => line !== ''))
