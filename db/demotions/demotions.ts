/** What a vendor refused to serve, with its scope; a refusal is believed until it expires. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

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
export async function demote(db: Db, demotions: readonly Demotion[]): Promise<void> {
  if (demotions.length === 0) return
  await db.write([
    sql`INSERT INTO demotions (vendor, dataset, symbol, from_dt, to_dt, outcome, until)
        SELECT value->>'vendor', value->>'dataset', value->>'symbol', value->>'fromDt', value->>'toDt', value->>'outcome',
               value->>'until'
        FROM json_each(${JSON.stringify(demotions)}) WHERE true
        ON CONFLICT DO UPDATE SET from_dt = min(from_dt, excluded.from_dt), to_dt = max(to_dt, excluded.to_dt),
          until = max(until, excluded.until)`,
  ])
}

/** The refusals still believed for one dataset. */
export const listDemotions = (db: Db, dataset: string, now: number): Promise<Demotion[]> =>
  db.all<Demotion>(sql`SELECT vendor, dataset, symbol, from_dt AS fromDt, to_dt AS toDt, outcome, until
    FROM demotions WHERE dataset = ${dataset} AND until > ${now}`)
