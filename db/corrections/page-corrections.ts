/** What vendors changed, night by night from the newest on, a page at a time. */
import { and, desc, eq, gt, gte, lte, or, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { corrections } from './table.ts'

export type FoundCorrection = typeof corrections.$inferSelect

/** Where a page ended: the key of its last row. */
export type CorrectionKey = Pick<FoundCorrection, 'at' | 'dataset' | 'symbol' | 'dt' | 'vendor' | 'digest'>

export interface CorrectionFilter {
  dataset: string | null
  symbol: string | null
  /** First and last day of the cells. */
  from: string | null
  to: string | null
  /** Only what was found after this instant, epoch ms. */
  since: number | null
  /** Only what follows this row. */
  after: CorrectionKey | null
}

/** At most `limit` rows, newest night first, within a night by dataset, symbol, day. */
export function pageCorrections(db: Db, filter: CorrectionFilter, limit: number): Promise<FoundCorrection[]> {
  const { at, dataset, symbol, dt, vendor, digest } = corrections
  const { after } = filter
  return db.orm
    .select()
    .from(corrections)
    .where(
      and(
        filter.dataset === null ? undefined : eq(dataset, filter.dataset),
        filter.symbol === null ? undefined : eq(symbol, filter.symbol),
        filter.from === null ? undefined : gte(dt, filter.from),
        filter.to === null ? undefined : lte(dt, filter.to),
        filter.since === null ? undefined : gt(at, filter.since),
        after === null ? undefined : followsOf(after),
      ),
    )
    .orderBy(desc(at), dataset, symbol, dt, vendor, digest)
    .limit(limit)
}

/** The bound on the night alone is what the index can use. */
function followsOf(key: CorrectionKey) {
  const { at, dataset, symbol, dt, vendor, digest } = corrections
  const inNight = sql`(${dataset}, ${symbol}, ${dt}, ${vendor}, ${digest})
    > (${key.dataset}, ${key.symbol}, ${key.dt}, ${key.vendor}, ${key.digest})`
  return and(lte(at, key.at), or(sql`${at} < ${key.at}`, inNight))
}
