/** What a night came to: counts for scripts, a table for people. */
import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import { countTasks, type TaskCount } from '../../db/gap-tasks/count-tasks.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { ledgerFile } from '../../functions/_lake/paths.ts'
import type { Lab } from '../lab/lab.ts'

/** The queue before the night, to tell what the night did. */
export interface Before {
  lastTask: number
  tasks: TaskCount[]
}

export async function lookBefore(db: Db): Promise<Before> {
  const [row] = await db.all<{ id: number | null }>(sql`SELECT max(id) AS id FROM gap_tasks`)
  return { lastTask: row?.id ?? 0, tasks: await countTasks(db) }
}

export interface TaskReport {
  enqueued: number
  filled: number
  absent: number
  stalled: number
}

export async function taskReport(db: Db, before: Before): Promise<TaskReport> {
  const after = await countTasks(db)
  const [row] = await db.all<{ tasks: number }>(
    sql`SELECT coalesce(sum(cells), 0) AS tasks FROM gap_tasks WHERE id > ${before.lastTask}`,
  )
  const isFilled = ({ lastOutcome }: TaskCount): boolean => lastOutcome === 'filled' || lastOutcome === 'short'
  const grown = (which: (count: TaskCount) => boolean): number =>
    sum(after.filter(which).map(({ tasks }) => tasks)) - sum(before.tasks.filter(which).map(({ tasks }) => tasks))
  return {
    enqueued: row?.tasks ?? 0,
    filled: grown((count) => count.state === 'done' && isFilled(count)),
    absent: grown((count) => count.state === 'done' && !isFilled(count)),
    stalled: grown(({ state }) => state === 'stalled'),
  }
}

interface LedgerLine extends Record<string, unknown> {
  dataset: string
  state: 'present' | 'absent' | 'held'
  why: string
  cells: number
}

/** Cells by dataset and fate: present by vendor, absent by reason, held by flags. */
export const ledgerLines = (lake: Lake): Promise<LedgerLine[]> =>
  lake.duck.all<LedgerLine>(`
    SELECT dataset,
      CASE WHEN "rows" = 0 THEN 'absent' WHEN status = 'RED' THEN 'held' ELSE 'present' END AS state,
      CASE WHEN "rows" = 0 THEN coalesce(reason, 'still open') WHEN status = 'RED' THEN flags ELSE vendor END AS why,
      count(*) AS cells
    FROM ${readParquet(ledgerFile(lake.root))} GROUP BY ALL ORDER BY dataset, state DESC, cells DESC, why`)

export interface CellReport {
  expected: number
  present: number
  absent: number
  held: number
}

export function cellReport(lines: readonly LedgerLine[]): CellReport {
  const of = (state: string): number => sum(lines.filter((line) => line.state === state).map(({ cells }) => cells))
  return {
    expected: of('present') + of('absent') + of('held'),
    present: of('present'),
    absent: of('absent'),
    held: of('held'),
  }
}

export type VendorReport = Record<string, { calls: number; rows: number; violations: number }>

export const vendorReport = (lab: Lab): VendorReport =>
  Object.fromEntries(
    (['alpaca', 'massive', 'fred'] as const).map((name) => {
      const { calls, rows, violations } = lab[name].stats()
      return [name, { calls, rows, violations }]
    }),
  )

/** The table at the end of a night. */
export function table(
  lines: readonly LedgerLine[],
  tasks: TaskReport,
  vendors: VendorReport,
  budgets: Record<string, number>,
): string {
  const rows: string[] = []
  for (const dataset of [...new Set(lines.map((line) => line.dataset))]) {
    const own = lines.filter((line) => line.dataset === dataset)
    const report = cellReport(own)
    rows.push(`${dataset.padEnd(22)} expected ${count(report.expected)}`)
    for (const { state, why, cells } of own) rows.push(`  ${label(state).padEnd(20)} ${count(cells)}  ${why}`)
  }
  rows.push(
    '',
    `tasks: ${tasks.enqueued} enqueued, ${tasks.filled} filled, ${tasks.absent} absent, ${tasks.stalled} stalled`,
  )
  for (const [vendor, { calls, rows: served, violations }] of Object.entries(vendors)) {
    rows.push(
      `${vendor.padEnd(8)} ${count(calls)} calls at ${budgets[vendor]}/min, ${served} rows served, ${violations} beyond budget`,
    )
  }
  return rows.join('\n')
}

const label = (state: LedgerLine['state']): string =>
  ({ present: 'filled by', absent: 'absent because', held: 'held because' })[state]
const count = (cells: number): string => String(cells).padStart(7)
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
