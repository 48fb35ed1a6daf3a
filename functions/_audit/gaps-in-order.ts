/** The gaps of a dataset in the order in which its backlog is worked off, as far back as it is. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { gapSlices, oldestDays } from '../../db/coverage/find-gaps.ts'
import type { ExpectedRange, MonthMask, MonthOfGaps } from '../../db/coverage/mask-grid.ts'
import { lookBackFrom, monthMasks } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, dtsOfMask, maxDt } from '../_market/dt.ts'

/** Months looked at together where the newest come first: what is found is kept until it is turned round. */
const MONTHS = 6

export interface Gap {
  symbol: string
  dt: Dt
}

/** Slice by slice, and not many more than `most`: so that nothing is looked for that the caller does not want any more. */
export async function* gapsInOrder(
  db: Db,
  dataset: DatasetName,
  spec: DatasetConfig,
  ranges: readonly ExpectedRange[],
  asof: Dt,
  most: number,
): AsyncGenerator<Gap[]> {
  const from = lookBackFrom(spec, asof)
  const near = ranges
    .map((symbolRange) => ({ ...symbolRange, fromDt: maxDt(symbolRange.fromDt, from) }))
    .filter(({ fromDt, toDt }) => fromDt <= toDt)
  const months = monthMasks(spec, asof).filter(({ month }) => month >= from.slice(0, 7))
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
    const days = daysOf(oldestDays(slice, room))
    room -= days.length
    yield days
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
