/** Each symbol's own liquidity: remembering what was measured, and reading what is believed. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface Baseline {
  symbol: string
  /** Share of a session's minutes with a bar. */
  share: number
  /** Days it was measured on, and the newest of them. */
  days: number
  through: string
}

/** Replaces what is known of the symbols, unless that is newer. */
export async function recordBaselines(db: Db, dataset: string, baselines: readonly Baseline[]): Promise<void> {
  if (baselines.length === 0) return
  await db.write([
    sql`INSERT INTO liquidity (dataset, symbol, share, days, through)
        SELECT ${dataset}, value->>'symbol', value->>'share', value->>'days', value->>'through'
        FROM json_each(${JSON.stringify(baselines)}) WHERE true
        ON CONFLICT DO UPDATE SET share = excluded.share, days = excluded.days, through = excluded.through
          WHERE excluded.through >= liquidity.through`,
  ])
}

/** The shares that at least so many days stand behind, by symbol. */
export async function listShares(db: Db, dataset: string, leastDays: number): Promise<Map<string, number>> {
  const rows = await db.all<Baseline>(
    sql`SELECT symbol, share FROM liquidity WHERE dataset = ${dataset} AND days >= ${leastDays}`,
  )
  return new Map(rows.map(({ symbol, share }) => [symbol, share]))
}

/** The same of some symbols only. */
export async function sharesOf(
  db: Db,
  dataset: string,
  symbols: readonly string[],
  leastDays: number,
): Promise<Map<string, number>> {
  const rows = await db.all<Baseline>(
    sql`SELECT l.symbol, l.share FROM json_each(${JSON.stringify(symbols)}) wanted
        CROSS JOIN liquidity l ON l.dataset = ${dataset} AND l.symbol = wanted.value WHERE l.days >= ${leastDays}`,
  )
  return new Map(rows.map(({ symbol, share }) => [symbol, share]))
}

export async function findBaseline(db: Db, dataset: string, symbol: string): Promise<Baseline | undefined> {
  const [row] = await db.all<Baseline>(
    sql`SELECT symbol, share, days, through FROM liquidity WHERE dataset = ${dataset} AND symbol = ${symbol}`,
  )
  return row
}
