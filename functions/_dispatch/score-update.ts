/** Score update: what the outcomes of one plan teach about its vendor. */
import type { ScoreUpdate } from '../../db/vendor-scores/scores.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { CellKey } from '../_market/cell.ts'
import type { Claim } from './claim.ts'
import type { CellOutcome } from './outcomes.ts'
import { type Segment, segmentsAt } from './segment.ts'

/** `answered`: the cells whose outcome says what the vendor has; `filled`: those that brought rows. */
export async function scoreUpdateOf(
  context: Pick<DispatchContext, 'config' | 'db' | 'now'>,
  { source, dataset }: Pick<Claim, 'source' | 'dataset'>,
  answered: readonly Pick<CellOutcome, 'want' | 'key'>[],
  filled: ReadonlyMap<CellKey, unknown>,
  cost: { calls: number; latencyMs: number },
): Promise<ScoreUpdate> {
  const symbols = [...new Set(answered.map(({ want }) => want.symbol))]
  const segmentOf = await segmentsAt(context, dataset, symbols, context.now())
  const segments = new Map<Segment, Segment & { asked: number; filled: number }>()
  for (const { want, key } of answered) {
    const segment = segmentOf(want)
    const seen = segments.get(segment) ?? { ...segment, asked: 0, filled: 0 }
    segments.set(segment, seen)
    seen.asked++
    if (filled.has(key)) seen.filled++
  }
  return { vendor: source.connection.name, dataset, ...cost, segments: [...segments.values()] }
}
