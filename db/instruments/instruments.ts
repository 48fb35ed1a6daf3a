/** What bundles said of instruments, as of each night: written by the bundle of the newest day, read by those of older ones. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/**
 * Keeps what the bundle of `asof` says, in place of what one of the same day said before; `statements` are all instruments by symbol, each as JSON.
 * Only what differs from the bundle before makes a row. One batch: repeated, it gives the same.
 */
export async function recordInstruments(
  db: Db,
  asof: string,
  statements: readonly { symbol: string; statement: string }[],
): Promise<void> {
  const said = JSON.stringify(statements)
  const before = sql`SELECT symbol, statement FROM (
    SELECT symbol, statement, row_number() OVER (PARTITION BY symbol ORDER BY asof DESC) AS place FROM instruments WHERE asof < ${asof}) WHERE place = 1`
  const now = sql`SELECT value ->> 'symbol' AS symbol, value ->> 'statement' AS statement FROM json_each(${said})`
  await db.write([
    sql`DELETE FROM instruments WHERE asof = ${asof}`,
    sql`INSERT INTO instruments (symbol, asof, statement)
        SELECT n.symbol, ${asof}, n.statement FROM (${now}) n LEFT JOIN (${before}) b ON b.symbol = n.symbol WHERE b.statement IS NOT n.statement`,
    sql`INSERT INTO instruments (symbol, asof, statement)
        SELECT b.symbol, ${asof}, NULL FROM (${before}) b WHERE b.statement IS NOT NULL AND b.symbol NOT IN (SELECT symbol FROM (${now}))`,
  ])
}

/** What the newest bundle up to `asof` said, by symbol; null where none was recorded so early. */
export async function instrumentsAsOf(db: Db, asof: string): Promise<string[] | null> {
  const rows = await db.all<{ statement: string | null }>(
    sql`SELECT statement FROM (
          SELECT symbol, statement, row_number() OVER (PARTITION BY symbol ORDER BY asof DESC) AS place FROM instruments WHERE asof <= ${asof})
        WHERE place = 1 ORDER BY symbol`,
  )
  return rows.length === 0 ? null : rows.flatMap(({ statement }) => (statement === null ? [] : [statement]))
}
