/** How long the audit takes at the scale of the mission, in processes of their own: 3,000 symbols by 20 years of daily bars. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Measured } from './audit-scale.ts'
import { type BenchRow, figure, ratioTo } from './row.ts'

const run = promisify(execFile)
const SCRIPT = fileURLToPath(new URL('./audit-scale.js', import.meta.url))
const FULL = 3_000
/** Symbols of the smaller scales: a fifteenth, a fifth, half of the full one. */
const STEPS = [200, 600, 1_500]

export async function benchAudit(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  const perCell: number[] = []
  for (const symbols of [...STEPS, FULL]) {
    const measured = await scaleOf(symbols)
    const millions = measured.cells / 1e6
    perCell.push(measured.auditMs / millions)
    rows.push(figure(`audit of ${millions.toFixed(1)} M cells, ${measured.gaps} gaps queued`, measured.auditMs, 'ms'))
    if (symbols !== FULL) continue
    rows.push(
      ratioTo('audit against the bare join over the same masks', measured.auditMs, measured.joinMs, 'ms', 4),
      figure('audit from a cold start', measured.auditMs, 'ms', 3_000),
      figure('audit again, nothing new', measured.againMs, 'ms', 1_000),
      figure('audit one session later', measured.nightlyMs, 'ms', 1_000),
      figure('longest stretch without the event loop', measured.blockedMs, 'ms', 200),
      figure('peak RSS of the auditing process', measured.rssMb, 'MB', 300),
      figure('database with coverage', measured.coverageMb, 'MB', 100),
      figure('enqueueing 250,000 tasks', measured.enqueueMs, 'ms', 5_000),
      figure('database with 250,000 open tasks', measured.queueMb, 'MB', 250),
    )
  }
  // Linear: a cell costs no more at 15 M than at 1 M, where fixed costs weigh most.
  rows.push(
    ratioTo('ms a million cells, the largest scale against the smallest', perCell.at(-1)!, perCell[0]!, 'ms', 1.5),
  )
  return rows
}

/** Prepares a database of so many symbols and measures it from a process that has never seen it. */
async function scaleOf(symbols: number): Promise<Measured> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-bench-'))
  try {
    await run(process.execPath, [SCRIPT, 'prepare', root, String(symbols)], { maxBuffer: 1e8 })
    const { stdout } = await run(process.execPath, [SCRIPT, 'measure', root, String(symbols)], { maxBuffer: 1e8 })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
