/** Makes days of empty_months rows of attempts and absences again, for a batch that is about to write something else there. */
import { type SQL, sql } from 'drizzle-orm'
import { dayOf } from '../day-of.ts'
import { type Param, preparedSql, type Statement } from '../prepared.ts'
import { EVIDENCE_COLUMNS, emptyEvidence, finalNones, holdsDay, SAYS_NONE } from './final-none.ts'

/** Where a dataset has no such months, which is most of them, nothing is looked up. */
const anyMonth = (dataset: Param<string>): SQL => sql`EXISTS (SELECT 1 FROM empty_months WHERE dataset = ${dataset})`

/** Of the vendor of a settlement: the days it now says something else about. */
export const expandSettled = (values: { vendor: string; dataset: string }): Statement[] =>
  ofSettled.map((statement) => statement(values))

const ofSettled = ([0, 1, 2, 3] as const).map((at) =>
  preparedSql<'vendor' | 'dataset'>(
    ({ vendor, dataset }) =>
      expandDays(
        dataset,
        sql`AND e.vendor = ${vendor}`,
        sql`(SELECT s.symbol, s.month, sum(s.days) AS days FROM settlement_staging s WHERE ${anyMonth(dataset)} AND NOT ${finalNones}
          GROUP BY s.symbol, s.month LIMIT -1)`,
      )[at],
  ),
)

/** `cells`: a text of JSON, objects with `symbol` and `dt`. Of one vendor, or of all where none is given. */
export const expandCells = (dataset: string, cells: string, vendor?: string): Statement[] =>
  expandDays(
    dataset,
    vendor === undefined ? sql`` : sql`AND e.vendor = ${vendor}`,
    sql`(SELECT value->>'symbol' AS symbol, substr(value->>'dt', 1, 7) AS month, sum(DISTINCT 1 << (${dayOf(sql`value->>'dt'`)} - 1)) AS days
      FROM json_each(CASE WHEN ${anyMonth(dataset)} THEN ${cells} ELSE '[]' END) GROUP BY 1, 2 LIMIT -1)`,
  )

/** `days`: rows of symbol, month and the mask days, one for each month. `ofVendor` narrows the rows e. */
function expandDays(dataset: Param<string>, ofVendor: SQL, days: SQL): [SQL, SQL, SQL, SQL] {
  const months = sql`FROM ${days} w CROSS JOIN empty_months e
    ON e.dataset = ${dataset} AND e.symbol = w.symbol AND e.month = w.month ${ofVendor}`
  const expanded = sql`${months} CROSS JOIN month_days m ON (e.days & w.days) >> (m.day - 1) & 1`
  const dt = sql`(w.month || '-' || m.text)`
  return [
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, ${EVIDENCE_COLUMNS})
        SELECT ${dataset}, w.symbol, ${dt}, e.vendor, ${emptyEvidence} ${expanded} WHERE true ON CONFLICT DO NOTHING`,
    // What another vendor says of the day is kept by month still; a reason as a row goes before it.
    sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at)
        SELECT ${dataset}, w.symbol, ${dt}, ${sql.raw(`'${SAYS_NONE}'`)}, (SELECT max(e.last_at) FROM empty_months e WHERE ${holdsDay(dataset, sql`w.symbol`, dt)})
        ${expanded} CROSS JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = w.symbol AND c.month = w.month
        WHERE c.absent >> (m.day - 1) & 1 ON CONFLICT DO NOTHING`,
    // An update would walk all months of the dataset.
    sql`INSERT INTO empty_months (dataset, symbol, month, vendor, days, first_at, last_at)
        SELECT e.dataset, e.symbol, e.month, e.vendor, e.days & ~w.days, e.first_at, e.last_at ${months} WHERE true
        ON CONFLICT DO UPDATE SET days = excluded.days`,
    sql`DELETE FROM empty_months AS e WHERE e.dataset = ${dataset} ${ofVendor} AND e.days = 0
          AND (e.symbol, e.month) IN (SELECT symbol, month FROM ${days})`,
  ]
}
