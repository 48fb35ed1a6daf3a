/** What is known of whole months, symbol by symbol: which days are present, explained, or have an open task. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'

export interface KnownMonth {
  symbol: string
  month: string
  /** Masks: day d is bit d-1. */
  present: number
  absent: number
  open: number
}

/** Every pair of a symbol and a month. One statement: give it some ten thousand pairs at a time. */
export async function knownMonths(
  db: Db,
  dataset: string,
  symbols: readonly string[],
  months: readonly string[],
): Promise<KnownMonth[]> {
  const rows = await db.all<{ month: string; known: string }>(sql`
    WITH pairs AS (SELECT s.value AS symbol, m.value AS month
      FROM json_each(${JSON.stringify(symbols)}) s CROSS JOIN json_each(${JSON.stringify(months)}) m)
    SELECT p.month, json_group_array(json_array(p.symbol, coalesce(c.present, 0), coalesce(c.absent, 0), coalesce((
        SELECT sum(coalesce(t.days, 1 << (${dayOf(sql`t.dt`)} - 1))) FROM gap_tasks t
        WHERE t.dataset = ${dataset} AND t.symbol = p.symbol AND t.dt >= p.month || '-01' AND t.dt <= p.month || '-31'
          AND t.done_at IS NULL), 0))) AS known
    FROM pairs p LEFT JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = p.symbol AND c.month = p.month
    GROUP BY p.month ORDER BY p.month`)
  return rows.flatMap(({ month, known }) =>
    (JSON.parse(known) as [string, number, number, number][]).map(([symbol, present, absent, open]) => ({
      symbol,
      month,
      present,
      absent,
      open,
    })),
  )
}
