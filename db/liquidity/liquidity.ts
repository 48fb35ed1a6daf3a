/** Each symbol's own liquidity: remembering what was measured, and reading what is believed. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface Habit {
  symbol: string
  /** Share of a session's minutes with a bar. */
  share: number
  /** Days it was measured on, and the newest of them. */
  days: number
  through: string
}

/** Replaces what is known of the symbols, unless that is newer. */
export async function recordHabits(db: Db, dataset: string, habits: readonly Habit[]): Promise<void> {
  if (habits.length === 0) return
  await db.write([
    sql`INSERT INTO liquidity (dataset, symbol, share, days, through)
        SELECT ${dataset}, value->>'symbol', value->>'share', value->>'days', value->>'through'
        FROM json_each(${JSON.stringify(habits)}) WHERE true
        ON CONFLICT DO UPDATE SET share = excluded.share, days = excluded.days, through = excluded.through
          WHERE excluded.through >= liquidity.through`,
  ])
}

/** The shares that at least so many days stand behind, by symbol. */
export async function listShares(db: Db, dataset: string, leastDays: number): Promise<Map<string, number>> {
  const rows = await db.all<Habit>(
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
  const rows = await db.all<Habit>(
    sql`SELECT l.symbol, l.share FROM json_each(${JSON.stringify(symbols)}) wanted
        CROSS JOIN liquidity l ON l.dataset = ${dataset} AND l.symbol = wanted.value WHERE l.days >= ${leastDays}`,
  )
  return new Map(rows.map(({ symbol, share }) => [symbol, share]))
}

export async function findHabit(db: Db, dataset: string, symbol: string): Promise<Habit | undefined> {
  const [row] = await db.all<Habit>(
    sql`SELECT symbol, share, days, through FROM liquidity WHERE dataset = ${dataset} AND symbol = ${symbol}`,
  )
  return row
}
