/** The gaps of a dataset in the order in which its backlog is worked off, as far back as it is. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { gapSlices, oldestDays } from '../../db/coverage/find-gaps.ts'
import type { ExpectedRange, MonthMask, MonthOfGaps } from '../../db/coverage/mask-grid.ts'
import { lookBackFrom, monthMasks } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, dtsOfMask, maxDt, minDt, monthOf } from '../_market/dt.ts'

/** Months looked at together where the newest come first: what is found is kept until it is turned round. */
const MONTHS = 6
/** Months of a symbol written out together as days: of twenty years of events there are millions. */
const WRITTEN_OUT = 2_500

export interface Gap {
  symbol: string
  dt: Dt
}

/**
 * The gaps of some days, both inclusive, slice by slice, and not many more than `most`: so that nothing is looked for that the caller does not want
 * any more.
 */
export async function* gapsInOrder(
  db: Db,
  dataset: DatasetName,
  spec: DatasetConfig,
  ranges: readonly ExpectedRange[],
  days: { fromDt: Dt; toDt: Dt; asof: Dt },
  most: number,
): AsyncGenerator<Gap[]> {
  const from = maxDt(lookBackFrom(spec, days.asof), days.fromDt)
  const near = ranges
    .map(({ symbol, fromDt, toDt }) => ({ symbol, fromDt: maxDt(fromDt, from), toDt: minDt(toDt, days.toDt) }))
    .filter(({ fromDt, toDt }) => fromDt <= toDt)
  if (near.length === 0) return
  const months = monthMasks(spec, days.asof).filter(
    ({ month }) => month >= monthOf(from) && month <= monthOf(days.toDt),
  )
  switch (spec.backfill.order) {
    case 'oldest-first':
      yield* oldestFirst(db, dataset, near, months, most)
      return
    case 'newest-first':
      yield* newestFirst(db, dataset, near, months)
      return
    default:
      spec.backfill.order satisfies never
  }
}

/** What does not fit is cut off by day before it is written out: on an empty node that is millions of cells. */
async function* oldestFirst(
  db: Db,
  dataset: DatasetName,
  ranges: readonly ExpectedRange[],
  months: readonly MonthMask[],
  most: number,
): AsyncGenerator<Gap[]> {
  let room = most
  for await (const slice of gapSlices(db, dataset, ranges, months)) {
    const oldest = oldestDays(slice, room)
    for (let at = 0; at < oldest.length; at += WRITTEN_OUT) {
      const days = daysOf(oldest.slice(at, at + WRITTEN_OUT))
      room -= days.length
      yield days
    }
    if (room <= 0) return
  }
}

async function* newestFirst(
  db: Db,
  dataset: DatasetName,
  ranges: readonly ExpectedRange[],
  months: readonly MonthMask[],
): AsyncGenerator<Gap[]> {
  for (let end = months.length; end > 0; end -= MONTHS) {
    const found: Gap[] = []
    for await (const slice of gapSlices(db, dataset, ranges, months.slice(Math.max(0, end - MONTHS), end)))
      for (const gap of daysOf(slice)) found.push(gap)
    yield found.sort((a, b) => (a.dt === b.dt ? 0 : a.dt > b.dt ? -1 : 1))
  }
}

const daysOf = (slice: readonly MonthOfGaps[]): Gap[] =>
  slice.flatMap(({ symbol, month, gaps }) => dtsOfMask(month, gaps).map((dt) => ({ symbol, dt })))
