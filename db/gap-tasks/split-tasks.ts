/** Splits tasks of several days into one for each, where somebody has something to say about a single day. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'

/** Where a month of a text `YYYY-MM-DD` begins and ends. */
export const monthOf = (dt: SQL): { begins: SQL; ends: SQL } => ({
  begins: sql`substr(${dt}, 1, 8) || '01'`,
  ends: sql`substr(${dt}, 1, 8) || '31'`,
})

/** `SELECT id`: open tasks m of several days to which a rule applies. */
export const openMonths = (rule: SQL): SQL =>
  sql`SELECT m.id FROM gap_tasks m INDEXED BY gap_tasks_months WHERE m.days IS NOT NULL AND m.done_at IS NULL AND ${rule}`

/** The one of them, if any, that stands for this day. */
export const taskAround = (dataset: SQL, symbol: SQL, dt: SQL): SQL =>
  openMonths(sql`m.dataset = ${dataset} AND m.symbol = ${symbol} AND m.dt BETWEEN ${monthOf(dt).begins} AND ${dt}
    AND m.days >> (${dayOf(dt)} - 1) & 1`)

/** Of a task t: its day, or the last of its days. */
export const lastDay = sql`CASE WHEN t.days IS NULL THEN t.dt ELSE substr(t.dt, 1, 8) || (SELECT max(d.text) FROM month_days d WHERE t.days >> (d.day - 1) & 1) END`

/** Of a task t: how many of its days lie between two, both inclusive. */
export const daysWithin = (
  fromDt: string,
  toDt: string,
): SQL => sql`CASE WHEN t.days IS NULL THEN 1 ELSE (SELECT count(*) FROM month_days d
  WHERE t.days >> (d.day - 1) & 1 AND substr(t.dt, 1, 8) || d.text BETWEEN ${fromDt} AND ${toDt}) END`

/** `FROM …`: tasks t of several days, day by day as d: `day` the number, `text` its two digits. */
export const dayByDay = (tasks: SQL): SQL => sql`FROM ${tasks} t CROSS JOIN month_days d ON t.days >> (d.day - 1) & 1`

const COMMON = 'dataset, symbol, lane, priority, expected_rows, reason, created_at, vendor, blocked_for, blocked_until'
/** Columns a task has from the task t it was part of, and their values. */
export const inherited = sql.raw(COMMON)
export const fromWhole = sql.raw(COMMON.replaceAll(/\w+/g, 't.$&'))

/** The sort key of another day of a task t's month. */
export const sortKeyLike = (dt: SQL): SQL =>
  sql`CAST(replace(${dt}, '-', '') AS INTEGER) * CASE WHEN t.sort_key < 0 THEN -1 ELSE 1 END`

/**
 * Statements for a write batch. `ids`: a query of ids. What somebody works on stays as it is: its days are told apart by the settlement.
 */
export function splitTasks(ids: SQL): SQL[] {
  const several = sql`t.days IS NOT NULL AND t.state <> 'leased' AND t.done_at IS NULL AND t.id IN (${ids})`
  const dt = sql`substr(t.dt, 1, 8) || d.text`
  return [
    sql`INSERT INTO gap_tasks (${inherited}, dt, sort_key, state, attempts, next_at, last_outcome, updated_at)
        SELECT ${fromWhole}, ${dt}, ${sortKeyLike(dt)}, t.state, t.attempts, t.next_at, t.last_outcome, t.updated_at
        ${dayByDay(sql`gap_tasks`)} WHERE ${several} AND ${dt} > t.dt`,
    sql`UPDATE gap_tasks AS t SET days = NULL, cells = 1 WHERE ${several}`,
  ]
}

/** Those that hold one of the given cells: a text of JSON, objects with `symbol` and `dt`. */
export const splitAround = (dataset: string, cells: string): SQL[] =>
  splitTasks(
    sql`SELECT (${taskAround(sql`${dataset}`, sql`(c.value->>'symbol')`, sql`(c.value->>'dt')`)}) FROM json_each(${cells}) c`,
  )

/** Those of some symbols that have a day in a range. `ranges`: a text of JSON, objects with `symbol`, `fromDt` and `toDt`. */
export const splitWithin = (dataset: string, ranges: string): SQL[] =>
  splitTasks(sql`SELECT m.id FROM json_each(${ranges}) r CROSS JOIN gap_tasks m INDEXED BY gap_tasks_months
    ON m.dataset = ${dataset} AND m.symbol = r.value->>'symbol' AND m.days IS NOT NULL AND m.done_at IS NULL
      AND m.dt BETWEEN substr(r.value->>'fromDt', 1, 8) || '01' AND r.value->>'toDt'`)

/** Days, both inclusive, of one symbol or `*` for all. */
export interface Range {
  symbol: string
  fromDt: string
  toDt: string
}

/** Those that have days on both sides of a border of one of the ranges, `SELECT symbol, from_dt, to_dt`. */
function splitAcross(dataset: string, ranges: SQL): SQL[] {
  const borders = sql`(SELECT symbol, from_dt AS dt FROM (${ranges}) UNION SELECT symbol, date(to_dt, '+1 day') FROM (${ranges}))`
  const cut = (rule: SQL): SQL => sql`SELECT m.id FROM ${borders} b CROSS JOIN gap_tasks m INDEXED BY gap_tasks_months
    ON m.dataset = ${dataset} AND m.days IS NOT NULL AND m.done_at IS NULL AND ${rule}
      AND m.dt >= ${monthOf(sql`b.dt`).begins} AND m.dt < b.dt AND m.days >> (${dayOf(sql`b.dt`)} - 1) <> 0`
  return splitTasks(sql`${cut(sql`b.symbol = '*'`)} UNION ALL ${cut(sql`m.symbol = b.symbol`)}`)
}

const asRows = (ranges: readonly Range[]): SQL =>
  sql`SELECT value->>'symbol' AS symbol, value->>'fromDt' AS from_dt, value->>'toDt' AS to_dt FROM json_each(${JSON.stringify(ranges)})`

/** For a write batch: at the first and the last day of the ranges. */
export const splitAtEnds = (dataset: string, ranges: readonly Range[]): SQL[] => splitAcross(dataset, asRows(ranges))

/** Splits the tasks of a dataset where what is within one of the ranges, or of what vendors refuse, is treated otherwise than what is not. */
export async function splitAtBorders(db: Db, dataset: string, ranges: readonly Range[], now: number): Promise<void> {
  const refused = sql`SELECT symbol, from_dt, to_dt FROM demotions WHERE dataset = ${dataset} AND until > ${now}`
  await db.write(splitAcross(dataset, sql`${asRows(ranges)} UNION ${refused}`))
}
