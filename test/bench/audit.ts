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
  const scales: Measured[] = []
  for (const symbols of [...STEPS, FULL]) scales.push(await scaleOf(symbols))
  const full = scales.at(-1)!
  return [
    ...costAgainstScale('first audit', scales, ({ auditMs }) => auditMs),
    ...costAgainstScale('audit one session later', scales, ({ nightlyMs }) => nightlyMs),
    ratioTo(
      'audit that finds nothing new, against the bare join over the same masks',
      full.againMs,
      full.joinMs,
      'ms',
      2,
    ),
    figure(`audit from a cold start, ${full.gaps} gaps queued`, full.auditMs, 'ms', 3_000),
    figure('audit again, nothing new', full.againMs, 'ms', 1_000),
    figure('audit one session later', full.nightlyMs, 'ms', 1_000),
    figure('longest stretch without the event loop', full.blockedMs, 'ms', 200),
    figure('peak RSS of the auditing process', full.rssMb, 'MB', 300),
    figure('database with coverage', full.coverageMb, 'MB', 100),
    ratioTo('enqueueing 250,000 tasks, against a bare insert of the same rows', full.enqueueMs, full.insertMs, 'ms', 2),
    figure('database with 250,000 open tasks', full.queueMb, 'MB', 250),
  ]
}

/** Linear: a million cells cost no more at any scale than at the smallest one, where fixed costs weigh most. */
function costAgainstScale(name: string, scales: readonly Measured[], msOf: (scale: Measured) => number): BenchRow[] {
  const perMillion = scales.map((scale) => msOf(scale) / (scale.cells / 1e6))
  return scales.map((scale, at) => {
    const said = `${name}: ${(scale.cells / 1e6).toFixed(1)} M cells, ${msOf(scale).toFixed(0)} ms; a million`
    return ratioTo(said, perMillion[at]!, perMillion[0]!, 'ms', 1.5)
  })
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
