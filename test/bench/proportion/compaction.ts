/** What compaction makes of a vendor's days of minutes: files and bytes before and after, the time of a day's file, and how much memory it takes. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type BenchRow, figure } from '../row.ts'
import type { CompactedTree } from './compaction-scale.ts'

const run = promisify(execFile)
const SCALE = fileURLToPath(new URL('./compaction-scale.js', import.meta.url))

/** Symbols of a day, and how many days of them. */
const TREES = [
  { symbols: 500, days: 3 },
  { symbols: 1_000, days: 2 },
]
const MOST_PEAK_MB = 400
const SESSIONS_OF_A_YEAR = 252

export async function benchCompaction(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const tree of TREES) rows.push(...(await rowsOf(tree)))
  return rows
}

async function rowsOf({ symbols, days }: (typeof TREES)[number]): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-bench-compaction-'))
  try {
    await run(process.execPath, [SCALE, 'prepare', root, String(symbols), String(days)])
    const { stdout } = await run(process.execPath, [SCALE, 'compact', root])
    const done = JSON.parse(stdout) as CompactedTree
    const name = `compaction: ${symbols} symbols, ${days} days of minutes`
    const perYear = (files: number): number => (files / days) * SESSIONS_OF_A_YEAR
    return [
      figure(`${name}, files before`, done.filesBefore, 'files'),
      figure(`${name}, files after`, done.filesAfter, 'files', days),
      figure(`${name}, files of a year before`, perYear(done.filesBefore), 'files'),
      figure(`${name}, files of a year after`, perYear(done.filesAfter), 'files', SESSIONS_OF_A_YEAR),
      figure(`${name}, megabytes before`, done.bytesBefore / 1e6, 'MB'),
      figure(`${name}, megabytes after`, done.bytesAfter / 1e6, 'MB', done.bytesBefore / 1e6),
      figure(`${name}, the slowest day`, done.seconds, 's'),
      figure(`${name}, CPU time of a day`, done.cpuSeconds, 's'),
      figure(`${name}, longest wait of another request`, done.blockedMs, 'ms'),
      figure(`${name}, peak memory of the process`, done.peakMb, 'MB', MOST_PEAK_MB),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
