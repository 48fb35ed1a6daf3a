/** Puts gaps nobody was ever asked about on the queue, those of a symbol's month as one task: a first backfill is millions of them. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'
import { unpackTasks } from '../packed-months/unpack-months.ts'
import { sortKeyOf } from './reorder-queue.ts'
import { dayByDay, monthOf, taskAround } from './split-tasks.ts'

/** Days of one symbol and month that differ in nothing. */
export interface NewMonth {
  symbol: string
  /** The first of them. */
  dt: string
  /** Day d is bit d-1. */
  days: number
  cells: number
  expectedRows: number | null
}

/** What all days of one write have in common: any vendor may be asked for them, and at once. */
export interface NewMonths {
  dataset: string
  priority: number
  newestFirst: boolean
}

/**
 * Returns how many cells were new. Days are told apart, each with a task of its own, where a vendor has said something about one of them, be it an answer
 * or a refusal, or where some of it is queued already.
 */
export async function enqueueMonths(
  db: Db,
  common: NewMonths,
  months: readonly NewMonth[],
  now: number,
): Promise<number> {
  if (months.length === 0) return 0
  const { dataset, priority, newestFirst } = common
  const given = sql`(SELECT substr(value, 1, 10) AS dt, ${numberAt(11)} AS days, ${numberAt(21)} AS cells, ${numberAt(31)} AS expected_rows,
    substr(value, 41) AS symbol FROM json_each(${JSON.stringify(months.map(asText))}) LIMIT -1)`
  const insert = (dt: SQL, days: SQL, cells: SQL): SQL => sql`INSERT INTO gap_tasks
      (dataset, symbol, dt, days, cells, lane, priority, expected_rows, reason, state, attempts, next_at, created_at, updated_at, sort_key)
    SELECT ${dataset}, t.symbol, ${dt}, ${days}, ${cells}, 'backfill', ${priority}, t.expected_rows, 'missing', 'queued', 0, ${now}, ${now}, ${now},
      ${sortKeyOf(dt, newestFirst)}`
  const day = sql`substr(t.dt, 1, 8) || d.text`
  // What is said of the cells of an open task are rows; before the second write somebody may have packed them again.
  const unpacked = unpackTasks(dataset, sql`SELECT symbol, dt, days FROM ${given}`)
  const [, , , [whole] = []] = await db.write([
    ...unpacked,
    sql`${insert(sql`t.dt`, sql`CASE WHEN t.cells > 1 THEN t.days END`, sql`t.cells`)} FROM ${given} t
      WHERE NOT ${areToldApart(dataset, now)}`,
    // What was inserted just now, by its ids, which follow each other: answering each row would take as long as inserting it.
    sql`SELECT coalesce(sum(cells), 0) AS cells FROM gap_tasks WHERE changes() > 0 AND id > last_insert_rowid() - changes()`,
  ])
  const queued = Number(whole?.cells)
  if (queued === months.reduce((sum, { cells }) => sum + cells, 0)) return queued
  const [, , apart = 0] = await db.change([
    ...unpacked,
    sql`${insert(day, sql`NULL`, sql`1`)} ${dayByDay(given)}
      WHERE NOT EXISTS (${taskAround(sql`${dataset}`, sql`t.symbol`, day)})
      ON CONFLICT (dataset, symbol, dt) WHERE done_at IS NULL DO NOTHING`,
  ])
  return queued + apart
}

/** One text a month, its fields ten characters wide and the symbol behind them: a list would be parsed anew for each field. */
const asText = ({ symbol, dt, days, cells, expectedRows }: NewMonth): string =>
  dt + [days, cells, expectedRows ?? ''].map((field) => String(field).padStart(10)).join('') + symbol
const numberAt = (at: number): SQL => sql`CAST(nullif(trim(substr(value, ${at}, 10)), '') AS INTEGER)`

/** Of given days t: that a vendor has said something about one of them, or that a task stands for one. */
function areToldApart(dataset: string, now: number): SQL {
  const { begins, ends } = monthOf(sql`t.dt`)
  // Asked once for all: where nobody refuses anything, no month is looked up.
  const isRefusing = sql`EXISTS (SELECT 1 FROM demotions WHERE dataset = ${dataset} AND until > ${now})`
  // Evidence is in the order of its days: of a month nobody was ever asked about none is looked up.
  const isAnybodys = sql`EXISTS (SELECT 1 FROM attempts e WHERE e.dataset = ${dataset} AND e.dt BETWEEN t.dt AND ${ends})`
  const answered = sql`SELECT 1 FROM month_days d CROSS JOIN attempts a
    ON a.dataset = ${dataset} AND a.dt = substr(t.dt, 1, 8) || d.text AND a.symbol = t.symbol
    WHERE d.day >= ${dayOf(sql`t.dt`)} AND t.days >> (d.day - 1) & 1`
  const saidNone = sql`SELECT 1 FROM empty_months e
    WHERE e.dataset = ${dataset} AND e.symbol = t.symbol AND e.month = substr(t.dt, 1, 7) AND e.days & t.days <> 0`
  const refused = (symbol: SQL): SQL => sql`SELECT 1 FROM demotions d
    WHERE d.dataset = ${dataset} AND d.symbol = ${symbol} AND d.until > ${now} AND d.from_dt <= ${ends} AND d.to_dt >= t.dt
      AND (d.from_dt > t.dt OR d.to_dt < ${ends})`
  const open = sql`SELECT 1 FROM gap_tasks o
    WHERE o.dataset = ${dataset} AND o.symbol = t.symbol AND o.dt BETWEEN ${begins} AND ${ends} AND o.done_at IS NULL
      AND coalesce(o.days, 1 << (${dayOf(sql`o.dt`)} - 1)) & t.days <> 0`
  return sql`(${isAnybodys} AND EXISTS (${answered})
    OR EXISTS (${saidNone})
    OR ${isRefusing} AND EXISTS (${refused(sql`'*'`)} UNION ALL ${refused(sql`t.symbol`)})
    OR EXISTS (${open}))`
}
