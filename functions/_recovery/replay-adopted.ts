/** Replays adopted lines into the database, as replay-manifests.ts does with manifest lines. Costs nothing when all are known. */
import { recordAdopted } from '../../db/adoptions/record-adopted.ts'
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { type AdoptedLine, readAdopted } from '../_lake/adopted-manifest.ts'
import { cellKey } from '../_market/cell.ts'
import { coverageKey } from './coverage-key.ts'
import { recordBadLines } from './record-bad-lines.ts'

/**
 * Records the cells of adopted lines beyond what `after` says is known of each file. To be called after the manifests are replayed: they tell which
 * files were set aside since. Returns how many cells were new to the database.
 */
export async function replayAdopted(context: NodeContext, after: (relativePath: string) => number): Promise<number> {
  const { db, config, lake, now } = context
  let replayed = 0
  for await (const { path, lines, bad, end } of readAdopted(lake.root, after)) {
    if (bad.length > 0) await recordBadLines(context, path, bad)
    const [first] = lines
    const spec = first && config.datasets[first.dataset]
    if (!first || !spec) continue
    const { vendor, dataset } = first
    const newest = [...new Map(lines.map((line) => [cellKey(line.symbol, line.dt), line])).values()]
    const attempts = (await listAttempts(db, dataset, newest)).filter((attempt) => attempt.vendor === vendor)
    const known = new Map(attempts.map((attempt) => [cellKey(attempt.symbol, attempt.dt), attempt]))
    const fresh = newest.filter((line) => !saysAll(known.get(cellKey(line.symbol, line.dt)), line))
    const cells = fresh.map(({ symbol, dt, rows, adopted_at: at }) => ({
      ...coverageKey(spec, symbol, dt),
      rows,
      digest: null,
      at: Date.parse(at),
    }))
    await recordAdopted(db, { vendor, dataset, cells, step: null, mark: { path, bytes: end }, now: now() })
    replayed += cells.length
  }
  return replayed
}

/** Does the database hold as much of the cell as the line says, or know that its file was lost or forgotten later? */
function saysAll(attempt: Attempt | undefined, line: AdoptedLine): boolean {
  if (attempt === undefined) return false
  const { digest, outcome, rows, at } = attempt
  if (digest !== null) return true
  if (outcome === 'lost' || outcome === 'forgotten') return at >= Date.parse(line.adopted_at)
  return (outcome === 'filled' || outcome === 'short') && (line.rows === null || rows > 0)
}
