/**
 * What the database knows of a grid's days. Each query returns one text: handing over a row per month would take longer than finding it. Both
 * walk an index in the order of (symbol, time), one range per symbol.
 */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'
import { type MaskGrid, rowsLeft, takeMasks } from './mask-grid.ts'

/** Takes the days out that are present or explained. */
export async function takeCoverage(db: Db, dataset: string, grid: MaskGrid): Promise<void> {
  const [first, last] = [grid.months[0]?.month, grid.months.at(-1)?.month]
  const [found] = await db.all<{ known: ArrayBuffer | null }>(sql`
    SELECT CAST(group_concat(s.key || ':' || (
      SELECT group_concat(c.month || (c.present | c.absent)) FROM coverage c
      WHERE c.dataset = ${dataset} AND c.symbol = s.value AND c.month BETWEEN ${first} AND ${last}), ';') AS BLOB) AS known
    FROM json_each(${JSON.stringify(rowsLeft(grid))}) s`)
  takeMasks(grid, bytesOf(found?.known))
}

/** Takes the days out that have an open task. Only what is left is asked about, which is little on most nights. */
export async function takeQueued(db: Db, dataset: string, grid: MaskGrid): Promise<void> {
  const left = rowsLeft(grid)
  if (Object.keys(left).length === 0) return
  const [first, last] = [`${grid.months[0]?.month}-01`, `${grid.months.at(-1)?.month}-31`]
  const [found] = await db.all<{ queued: ArrayBuffer | null }>(sql`
    SELECT CAST(group_concat(s.key || ':' || (
      SELECT group_concat(substr(t.dt, 1, 7) || coalesce(t.days, 1 << (${dayOf(sql`t.dt`)} - 1))) FROM gap_tasks t
      WHERE t.dataset = ${dataset} AND t.symbol = s.value AND t.dt BETWEEN ${first} AND ${last} AND t.done_at IS NULL), ';') AS BLOB) AS queued
    FROM json_each(${JSON.stringify(left)}) s`)
  takeMasks(grid, bytesOf(found?.queued))
}

const bytesOf = (blob: ArrayBuffer | null | undefined): Uint8Array => (blob ? new Uint8Array(blob) : new Uint8Array())
