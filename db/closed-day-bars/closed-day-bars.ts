/** Bars of closed days: replacing those of one vendor's answer, and reading them. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface ClosedDayBar {
  symbol: string
  dt: string
  vendor: string
}

export interface AnsweredDays {
  dataset: string
  vendor: string
  /** Symbols that were answered to the end, for all days `from` to `to`. */
  symbols: readonly string[]
  from: string
  to: string
  /** The closed days with a bar among them. */
  found: readonly { symbol: string; dt: string }[]
  now: number
}

/** One write. What an earlier answer showed of the same symbols and days is replaced: a vendor that has corrected its dates is cleared. */
export async function replaceClosedDayBars(db: Db, answered: AnsweredDays): Promise<void> {
  const { dataset, vendor, symbols, from, to, found, now } = answered
  await db.write([
    sql`DELETE FROM closed_day_bars WHERE dataset = ${dataset} AND vendor = ${vendor} AND dt BETWEEN ${from} AND ${to}
          AND symbol IN (SELECT value FROM json_each(${JSON.stringify(symbols)}))`,
    sql`INSERT INTO closed_day_bars (dataset, symbol, dt, vendor, seen_at)
        SELECT ${dataset}, value->>'symbol', value->>'dt', ${vendor}, ${now} FROM json_each(${JSON.stringify(found)}) WHERE true
        ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at`,
  ])
}

export const listClosedDayBars = async (
  db: Db,
  dataset: string,
  fromDt: string,
  toDt: string,
): Promise<ClosedDayBar[]> =>
  db.all<ClosedDayBar>(
    sql`SELECT symbol, dt, vendor FROM closed_day_bars WHERE dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt}`,
  )
