/** The tables at the end of a night: every expected cell in one column, who filled it, what the vendors were asked, and some actions by name. */

import { cut, grouped, type Paint, plain, wrap } from '../../functions/_cli/screen.ts'
import type { LedgerLine, TaskReport, VendorReport } from './report.ts'

/** What became of the expected cells of a dataset. */
export interface CellRow {
  dataset: string
  /** By the calendar, the lives of the symbols and the depth. */
  expected: number
  /** In the bundle, by the ledger. */
  present: number
  /** Have rows that QC refused, by the ledger. */
  held: number
  /** Explained, by the coverage. */
  absent: number
  /** Neither: queued or waiting, by the coverage. */
  open: number
}

const COLUMNS = ['expected', 'present', 'held', 'absent', 'open'] as const
const NAME_WIDTH = 21
const COLUMN_WIDTH = 11

/** expected = present + held + absent + open; the numbers come from three places, so a sum that does not close is a fault. */
export const isClosed = ({ expected, present, held, absent, open }: CellRow): boolean =>
  expected === present + held + absent + open

export function totalOf(rows: readonly CellRow[]): CellRow {
  const total: CellRow = { dataset: 'total', expected: 0, present: 0, held: 0, absent: 0, open: 0 }
  for (const row of rows) for (const column of COLUMNS) total[column] += row[column]
  return total
}

export function cellTable(rows: readonly CellRow[], paint: Paint = plain): string[] {
  const head = `  ${'cells'.padEnd(NAME_WIDTH)}${COLUMNS.map((column) => column.padStart(COLUMN_WIDTH)).join('')}`
  const textOf = (row: CellRow): string => {
    const numbers = COLUMNS.map((column) => {
      const text = grouped(row[column]).padStart(COLUMN_WIDTH)
      return column === 'held' || column === 'open' ? paint(row[column] === 0 ? 'dim' : 'yellow', text) : text
    })
    const note = isClosed(row) ? '' : `\n    ${paint('red', 'this sum does not close: npm run verify tells more')}`
    return `  ${cut(row.dataset, NAME_WIDTH).padEnd(NAME_WIDTH)}${numbers.join('')}${note}`
  }
  const rule = `  ${'─'.repeat(NAME_WIDTH + COLUMNS.length * COLUMN_WIDTH)}`
  return [paint('bold', head), ...rows.map(textOf), rule, paint('bold', textOf(totalOf(rows)))]
}

const LABELS: Record<LedgerLine['state'], string> = { present: 'filled by', held: 'held for', absent: 'no data for' }

/** Who filled the cells of a dataset, and why the others have no data or are held. */
export function reasonLines(dataset: string, lines: readonly LedgerLine[], width: number): string[] {
  const own = lines.filter((line) => line.dataset === dataset)
  const parts = [...new Set(own.map(({ state }) => state))].map((state) => {
    const causes = own.filter((line) => line.state === state)
    return `${LABELS[state]} ${causes.map(({ why, cells }) => `${why} ${grouped(cells)}`).join(', ')}`
  })
  return wrap(`  ${dataset.padEnd(NAME_WIDTH)} ${parts.join('; ')}`, width, ' '.repeat(NAME_WIDTH + 3)).split('\n')
}

export function vendorTable(vendors: VendorReport, budgets: Record<string, number>, paint: Paint = plain): string[] {
  const row = (name: string, ...values: string[]): string =>
    `  ${name.padEnd(NAME_WIDTH)}${values.map((value) => value.padStart(13)).join('')}`
  const rows = Object.entries(vendors).map(([vendor, { calls, rows: served, violations }]) =>
    paint(
      violations > 0 ? 'red' : 'dim',
      row(vendor, grouped(calls), grouped(budgets[vendor] ?? 0), grouped(violations), grouped(served)),
    ),
  )
  return [paint('bold', row('vendors', 'calls', 'a minute', 'beyond it', 'rows served')), ...rows]
}

export const taskLine = ({ enqueued, filled, absent, stalled }: TaskReport): string =>
  `  tasks: ${[
    `${grouped(enqueued)} enqueued`,
    `${grouped(filled)} filled`,
    `${grouped(absent)} absent`,
    `${grouped(stalled)} stalled`,
  ].join(', ')}`

/** One corporate action as the curated file has it. */
export interface ShownAction extends Record<string, unknown> {
  symbol: string
  dt: string
  kind: string
  cash: number | null
  old_shares: number | null
  new_shares: number | null
  /** Raw closes of the session before and of the day itself; null where there is no bar. */
  before: number | null
  after: number | null
}

/** `NVDA forward_split 2024-06-10: 1 old for 10 new; raw close 120.50, then 12.07`. */
export function actionLine({ symbol, dt, kind, cash, old_shares, new_shares, before, after }: ShownAction): string {
  const change = new_shares !== null ? `: ${old_shares ?? 1} old for ${new_shares} new` : ''
  const paid = cash !== null ? `: ${cash} USD a share` : ''
  const closes = new_shares !== null && before !== null && after !== null
  const prices = closes ? `; raw close ${before.toFixed(2)}, then ${after.toFixed(2)}` : ''
  return `    ${symbol} ${kind} ${dt}${change}${paid}${prices}`
}
