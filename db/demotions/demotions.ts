/** What a vendor refused to serve, with its scope; a refusal is believed until it expires. */
import { and, eq, gt, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { demotions } from './table.ts'

export interface Demotion {
  vendor: string
  dataset: string
  /** A symbol, or `*` for all. */
  symbol: string
  fromDt: string
  toDt: string
  outcome: string
  until: number
}

/** Records refusals; a second one of the same kind widens the range and lasts longer. */
export async function demote(db: Db, refusals: readonly Demotion[]): Promise<void> {
  if (refusals.length === 0) return
  await db.write([
    sql`INSERT INTO demotions (vendor, dataset, symbol, from_dt, to_dt, outcome, until)
        SELECT value->>'vendor', value->>'dataset', value->>'symbol', value->>'fromDt', value->>'toDt', value->>'outcome',
               value->>'until'
        FROM json_each(${JSON.stringify(refusals)}) WHERE true
        ON CONFLICT DO UPDATE SET from_dt = min(from_dt, excluded.from_dt), to_dt = max(to_dt, excluded.to_dt),
          until = max(until, excluded.until)`,
  ])
}

/** The refusals still believed for one dataset. */
export const listDemotions = async (db: Db, dataset: string, now: number): Promise<Demotion[]> =>
  db.orm
    .select()
    .from(demotions)
    .where(and(eq(demotions.dataset, dataset), gt(demotions.until, now)))
