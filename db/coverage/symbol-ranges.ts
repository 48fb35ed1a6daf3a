/** The symbols a dataset's memory tells of, few at a time: what all of them have would hold the event loop. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** First and last symbol, both inclusive. */
export interface SymbolRange {
  from: string
  to: string
}

/** Symbols looked at in one statement, which holds the event loop: twenty years of ten symbols take some 50 ms. */
const SYMBOLS_PER_RANGE = 10

/** All symbols of a dataset that evidence or masks tell of, in ranges, found by skipping from one to the next. */
export async function* symbolRanges(db: Db, dataset: string): AsyncGenerator<SymbolRange> {
  const next = sql`SELECT min(symbol) FROM (
    SELECT min(symbol) AS symbol FROM attempts WHERE dataset = ${dataset} AND symbol > symbols.symbol
    UNION ALL SELECT min(symbol) FROM coverage WHERE dataset = ${dataset} AND symbol > symbols.symbol)`
  for (let after = ''; ; ) {
    const found = await db.all<{ symbol: string }>(sql`
      WITH RECURSIVE symbols(symbol) AS (
        SELECT ${after} UNION ALL SELECT (${next}) FROM symbols WHERE symbol IS NOT NULL LIMIT ${SYMBOLS_PER_RANGE + 1})
      SELECT symbol FROM symbols WHERE symbol > ${after}`)
    const [first, last] = [found[0], found.at(-1)]
    if (!first || !last) return
    yield { from: first.symbol, to: last.symbol }
    after = last.symbol
  }
}
