/** The first and the last day of each symbol that any vendor delivered. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Both days were delivered; what lies between them need not have been. */
export interface Span {
  symbol: string
  first: string
  last: string
}

/** Symbols of which nothing was ever delivered have no span. Two look-ups a symbol, however long its life. */
export async function deliveredSpans(db: Db, dataset: string, symbols: readonly string[]): Promise<Span[]> {
  const edge = (order: 'ASC' | 'DESC') => sql`(SELECT json_array(c.month, c.present) FROM coverage c
    WHERE c.dataset = ${dataset} AND c.symbol = s.value AND c.present <> 0 ORDER BY c.month ${sql.raw(order)} LIMIT 1)`
  const rows = await db.all<{ symbol: string; first: string | null; last: string | null }>(sql`
    SELECT s.value AS symbol, ${edge('ASC')} AS first, ${edge('DESC')} AS last FROM json_each(${JSON.stringify(symbols)}) s`)
  return rows.flatMap(({ symbol, first, last }) => {
    if (first === null || last === null) return []
    const [from, lowest] = JSON.parse(first) as [string, number]
    const [to, highest] = JSON.parse(last) as [string, number]
    return [
      { symbol, first: dayOf(from, 32 - Math.clz32(lowest & -lowest)), last: dayOf(to, 32 - Math.clz32(highest)) },
    ]
  })
}

const dayOf = (month: string, day: number): string => `${month}-${String(day).padStart(2, '0')}`
