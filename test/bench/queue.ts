/** What the queue does in a second, and how long a claim takes however much waits, in processes of their own over one local file each. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Measured } from './queue-scale.ts'
import { type BenchRow, figure, ratioTo } from './row.ts'

const run = promisify(execFile)
const SCRIPT = fileURLToPath(new URL('./queue-scale.js', import.meta.url))
const SIZES = [10_000, 100_000, 1_000_000]

export async function benchQueue(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const size of SIZES) rows.push(...rowsOf(await measure(size), `${size / 1_000} k queued`, size === SIZES.at(-1)))
  return rows
}

async function measure(size: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'data-node-bench-'))
  try {
    const { stdout } = await run(process.execPath, [SCRIPT, join(folder, 'node.db'), String(size)], { maxBuffer: 1e8 })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Microseconds, so that less is better and a target is an upper bound, as everywhere. */
const each = (perSecond: number): number => 1e6 / perSecond

function rowsOf(measured: Measured, at: string, isLargest: boolean): BenchRow[] {
  const { pairsPerSecond, barePairsPerSecond, batchedPerSecond, bareBatchedPerSecond } = measured
  return [
    figure(`${at}: enqueueing a task`, each(measured.enqueuedPerSecond), 'us', each(25_000)),
    // The bound: two transactions of one row each reach the disk as often. A pair writes eight tables and their indexes.
    ratioTo(`${at}: claim and settle, one at a time`, each(pairsPerSecond), each(barePairsPerSecond), 'us', 6),
    figure(`${at}: claim and settle, one at a time`, each(pairsPerSecond), 'us', each(1_500)),
    ratioTo(`${at}: a task of a whole call`, each(batchedPerSecond), each(bareBatchedPerSecond), 'us', 40),
    figure(`${at}: a task of a whole call`, each(batchedPerSecond), 'us', each(25_000)),
    ...Object.entries(measured.claims).flatMap(([name, { p50, p99 }]) => [
      figure(`${at}: claim, ${name}, p50`, p50, 'ms'),
      figure(`${at}: claim, ${name}, p99`, p99, 'ms', 5),
    ]),
    figure(`${at}: when the queue is next due`, measured.nextDueMs, 'ms', 5),
    figure(`${at}: longest stretch without the event loop`, measured.blockedMs, 'ms', isLargest ? 500 : null),
    figure(`${at}: peak RSS`, measured.rssMb, 'MB', 400),
    figure(`${at}: database`, measured.databaseMb, 'MB'),
  ]
}
