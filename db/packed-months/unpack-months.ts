/** Makes rows of attempts again of what packed_months holds, for a batch that is about to write something else there. */
import { type SQL, sql } from 'drizzle-orm'
import { dayOf } from '../day-of.ts'
import { type Param, preparedSql, type Statement } from '../prepared.ts'
import { EVERY_COLUMN, packedAttempts } from './packed-attempts.ts'

/** Where a dataset has none, which a fresh one has not for weeks, nothing is looked up. */
const anyPacked = (dataset: Param<string>): SQL => sql`EXISTS (SELECT 1 FROM packed_months WHERE dataset = ${dataset})`

/** Of the days of a settlement. */
export const unpackSettled = (values: { dataset: string }): Statement[] =>
  ofSettled.map((statement) => statement(values))

const ofSettled = ([0, 1] as const).map((at) =>
  preparedSql<'dataset'>(
    ({ dataset }) =>
      unpackDays(
        dataset,
        sql`(SELECT s.symbol, s.month, s.days FROM settlement_staging s WHERE ${anyPacked(dataset)} LIMIT -1)`,
      )[at],
  ),
)

/** `cells`: a text of JSON, objects with `symbol` and `dt`. */
export const unpackCells = (dataset: string, cells: string): SQL[] =>
  unpackDays(
    dataset,
    sql`(SELECT value->>'symbol' AS symbol, substr(value->>'dt', 1, 7) AS month, 1 << (${dayOf(sql`value->>'dt'`)} - 1) AS days
      FROM json_each(CASE WHEN ${anyPacked(dataset)} THEN ${cells} ELSE '[]' END) LIMIT -1)`,
  )

/** `days`: a query of symbol, dt and the mask days, of tasks. */
export const unpackTasks = (dataset: string, tasks: SQL): SQL[] =>
  unpackDays(
    dataset,
    sql`(SELECT symbol, substr(dt, 1, 7) AS month, days FROM (${tasks}) WHERE ${anyPacked(dataset)} LIMIT -1)`,
  )

/** What was written by a clock that ran ahead, whatever its dataset. */
export const unpackLaterThan = (now: number): SQL[] =>
  unpackMonths(sql`SELECT DISTINCT dataset, month, symbol FROM packed_months WHERE newest_at > ${now}`)

/** `days`: rows of symbol, month and the mask days. A month is unpacked with all its vendors where any of them holds one of the days. */
function unpackDays(dataset: Param<string>, days: SQL): [SQL, SQL] {
  return unpackMonths(sql`SELECT DISTINCT p.dataset, p.month, p.symbol FROM ${days} w CROSS JOIN packed_months p
    ON p.dataset = ${dataset} AND p.month = w.month AND p.symbol = w.symbol WHERE p.days & w.days <> 0`)
}

/** `months`: a query of dataset, month and symbol. The versions of a cell are all packed or all rows: so they can be compared in one place. */
export function unpackMonths(months: SQL): [SQL, SQL] {
  const unpacked = sql`FROM (${months}) m CROSS JOIN packed_months p ON p.dataset = m.dataset AND p.month = m.month AND p.symbol = m.symbol
    CROSS JOIN month_days d WHERE d.day BETWEEN 1 AND 31`
  const columns = sql.raw(EVERY_COLUMN.join(', '))
  return [
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, ${columns})
        SELECT dataset, symbol, dt, vendor, ${columns} FROM ${packedAttempts(unpacked, EVERY_COLUMN, ['p.dataset'])} WHERE true
        ON CONFLICT DO NOTHING`,
    sql`DELETE FROM packed_months WHERE (dataset, month, symbol) IN (${months})`,
  ]
}
