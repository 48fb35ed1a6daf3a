/** Evidence by day, out of a table that is ordered by symbol: each symbol's days are one look, and the symbols are found by skipping. */
import { type SQL, sql } from 'drizzle-orm'

/** `FROM …`: every row of a range of days, both inclusive. Costs as many looks as the dataset has symbols, whatever the days hold. */
export const attemptsOfDays = (dataset: string, fromDt: string, toDt: string): SQL => sql`(
  WITH RECURSIVE symbols(symbol) AS (
    SELECT min(symbol) FROM attempts WHERE dataset = ${dataset}
    UNION ALL
    SELECT (SELECT min(symbol) FROM attempts WHERE dataset = ${dataset} AND symbol > symbols.symbol) FROM symbols WHERE symbols.symbol IS NOT NULL)
  SELECT a.* FROM symbols s CROSS JOIN attempts a
    ON a.dataset = ${dataset} AND a.symbol = s.symbol AND a.dt BETWEEN ${fromDt} AND ${toDt})`
