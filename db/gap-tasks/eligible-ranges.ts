/** The sort keys of the days for which a vendor may be asked at all: its available range without days it refuses for the whole dataset. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { VendorReach } from './claimable.ts'

/** From one sort key on, before another (see reorder-queue.ts). */
export interface EligibleRanges {
  from: number
  before: number
}

const sortKey = (dt: string): number => Number(dt.replaceAll('-', ''))

export async function eligibleRanges(
  db: Db,
  { vendor, dataset, fromDt, toDt, now }: VendorReach,
): Promise<EligibleRanges[]> {
  const refused = await db.all<{ fromDt: string; toDt: string }>(sql`
    SELECT from_dt AS fromDt, to_dt AS toDt FROM demotions
    WHERE vendor = ${vendor} AND dataset = ${dataset} AND symbol = '*' AND until > ${now}`)
  const whole = { from: sortKey(fromDt), before: sortKey(toDt) + 1 }
  const open = refused.reduce<EligibleRanges[]>(
    (days, hole) =>
      days
        .flatMap(({ from, before }) => [
          { from, before: Math.min(sortKey(hole.fromDt), before) },
          { from: Math.max(sortKey(hole.toDt) + 1, from), before },
        ])
        .filter(({ from, before }) => from < before),
    whole.from < whole.before ? [whole] : [],
  )
  if (open.length === 0) return []
  return inEitherOrder(open)
}

/** The sort keys of the days between two, both inclusive. */
export const rangesBetween = (fromDt: string, toDt: string): EligibleRanges[] =>
  inEitherOrder([{ from: sortKey(fromDt), before: sortKey(toDt) + 1 }])

/** Newest first is the same days with their sign changed. A task of an older version has sort key 0 until the next audit sets it. */
const inEitherOrder = (days: readonly EligibleRanges[]): EligibleRanges[] => [
  ...days,
  ...days.map(({ from, before }) => ({ from: 1 - before, before: 1 - from })),
  { from: 0, before: 1 },
]
