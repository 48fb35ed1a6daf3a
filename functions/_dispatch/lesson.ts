/** What the answers of one plan teach about its vendor. */
import type { Lesson } from '../../db/vendor-scores/scores.ts'
import type { CellKey } from '../_market/cell.ts'
import { type Band, bandsAt } from './band.ts'
import type { Claim } from './claim.ts'
import type { Desk } from './desk.ts'
import type { CellOutcome } from './outcomes.ts'

/** `answered`: the cells whose outcome says what the vendor has; `filled`: those that brought rows. */
export async function lessonOf(
  desk: Pick<Desk, 'config' | 'db' | 'now'>,
  { server, dataset }: Pick<Claim, 'server' | 'dataset'>,
  answered: readonly Pick<CellOutcome, 'want' | 'key'>[],
  filled: ReadonlyMap<CellKey, unknown>,
  cost: { calls: number; latencyMs: number },
): Promise<Lesson> {
  const symbols = [...new Set(answered.map(({ want }) => want.symbol))]
  const bandOf = await bandsAt(desk, dataset, symbols, desk.now())
  const bands = new Map<Band, Band & { asked: number; filled: number }>()
  for (const { want, key } of answered) {
    const band = bandOf(want)
    const seen = bands.get(band) ?? { ...band, asked: 0, filled: 0 }
    bands.set(band, seen)
    seen.asked++
    if (filled.has(key)) seen.filled++
  }
  return { vendor: server.seat.name, dataset, ...cost, bands: [...bands.values()] }
}
