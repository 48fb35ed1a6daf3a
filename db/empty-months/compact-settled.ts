/** Keeps what a settlement says for good that there is nothing by month, instead of a row a day in attempts and in absences. */
import { sql } from 'drizzle-orm'
import { dayOf } from '../day-of.ts'
import { settledDays, settledDt } from '../gap-tasks/stage-settlements.ts'
import { preparedSql, type Statement } from '../prepared.ts'
import { finalNones } from './final-none.ts'

/** For the batch of a settlement. What the same vendor delivered before stays its evidence. */
export const compactSettled = (values: { vendor: string; dataset: string; now: number }): Statement[] => [
  addDays(values),
  dropEvidence(values),
  dropAbsences(values),
]

const addDays = preparedSql<'vendor' | 'dataset' | 'now'>(
  ({ vendor, dataset, now }) => sql`
  INSERT INTO empty_months (dataset, symbol, month, vendor, days, first_at, last_at)
  SELECT ${dataset}, symbol, month, ${vendor}, days, ${now}, ${now}
  FROM (SELECT s.symbol, s.month, sum(s.days & ~coalesce((
      SELECT sum(1 << (d.day - 1)) FROM month_days d CROSS JOIN attempts a
        ON a.dataset = ${dataset} AND a.dt = ${settledDt} AND a.symbol = s.symbol AND a.vendor = ${vendor}
      WHERE d.day BETWEEN s.first_day AND s.last_day AND s.days >> (d.day - 1) & 1 AND a.digest IS NOT NULL), 0)) AS days
    FROM settlement_staging s WHERE ${finalNones} GROUP BY s.symbol, s.month LIMIT -1)
  WHERE days <> 0
  ON CONFLICT DO UPDATE SET days = days | excluded.days, first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
)

const dropEvidence = preparedSql<'vendor' | 'dataset' | 'now'>(
  ({ vendor, dataset }) => sql`
  DELETE FROM attempts WHERE dataset = ${dataset} AND vendor = ${vendor} AND digest IS NULL
    AND (dt, symbol) IN (SELECT ${settledDt}, s.symbol FROM ${settledDays} WHERE ${finalNones})`,
)

const dropAbsences = preparedSql<'vendor' | 'dataset' | 'now'>(
  ({ dataset }) => sql`
  DELETE FROM absences WHERE rowid IN (
    SELECT a.rowid FROM settlement_staging s CROSS JOIN absences a
      ON a.dataset = ${dataset} AND a.symbol = s.symbol AND a.dt BETWEEN s.month || '-01' AND s.month || '-31'
    WHERE ${finalNones} AND s.days >> (${dayOf(sql`a.dt`)} - 1) & 1)`,
)
