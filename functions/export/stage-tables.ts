/** Stages the tables that are computed from a bundle's own files: the calendars, the adjustment factors of its daily bars; and that of the instruments. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { AppliedSymbol } from '../_references/refine-universe.ts'
import { adjustmentFactorsSql } from './adjustment-factors.ts'
import { CALENDAR_COLUMNS, calendarRows, calendarSql } from './calendar-table.ts'
import { INSTRUMENT_COLUMNS, instrumentRows, instrumentsSql } from './instruments-table.ts'
import { LOAD_SCRIPT, loadScriptText } from './load-script.ts'
import type { BundledDataset } from './partitions.ts'
import { FORMAT, rowsOf } from './stage.ts'
import { type BundleFile, described } from './stage-vouched.ts'
import { VIEWS, viewsText } from './views.ts'

export const CALENDAR_PATH = 'tables/calendar.parquet'
export const INSTRUMENTS_PATH = 'tables/instruments.parquet'
export const FACTORS_PATH = 'tables/adjustment_factors.parquet'

/**
 * Writes the tables, and what reads them: load.py and the views; `data` are the bundle's data files. A bundle without corporate actions has no factors, and one without
 * daily bars no views.
 */
export async function stageTables(
  lake: Lake,
  staging: string,
  datasets: readonly BundledDataset[],
  data: readonly BundleFile[],
  symbols: readonly AppliedSymbol[],
): Promise<BundleFile[]> {
  const filesOf = (dataset: string): string[] =>
    data.flatMap((file) => (file.dataset === dataset ? [join(staging, file.path)] : []))
  const [actions, bars] = [filesOf('corporate_actions'), filesOf('equities_bars')]
  const spec = datasets.find(({ name }) => name === 'corporate_actions')?.spec
  const table = (path: string, sql: string): Promise<BundleFile> => stageTable(lake, staging, path, sql)

  const calendar = await stageCalendar(lake, staging)
  const instruments = await withTable(lake.duck, 'instruments', INSTRUMENT_COLUMNS, instrumentRows(symbols), (rows) =>
    table(INSTRUMENTS_PATH, instrumentsSql(rows)),
  )
  const load = await stageText(staging, LOAD_SCRIPT, loadScriptText())
  if (actions.length === 0 || !spec) return [calendar, instruments, load]
  const sources = { actions, spec, bars, calendar: join(staging, CALENDAR_PATH) }
  const factors = await table(FACTORS_PATH, adjustmentFactorsSql(sources))
  if (bars.length === 0) return [calendar, instruments, load, factors]
  return [calendar, instruments, load, factors, await stageText(staging, VIEWS, viewsText())]
}

/** The bytes and rows of the calendars, which are the same in every bundle that a process makes. */
let calendarFile: { bytes: Buffer; rows: number } | undefined

async function stageCalendar(lake: Lake, staging: string): Promise<BundleFile> {
  if (calendarFile === undefined) {
    const rows = calendarRows()
    const staged = await withTable(lake.duck, 'calendar_days', CALENDAR_COLUMNS, rows, (table) =>
      stageTable(lake, staging, CALENDAR_PATH, calendarSql(table)),
    )
    calendarFile = { bytes: await readFile(join(staging, CALENDAR_PATH)), rows: rows.length }
    return staged
  }
  await mkdir(dirname(join(staging, CALENDAR_PATH)), { recursive: true })
  await writeFile(join(staging, CALENDAR_PATH), calendarFile.bytes)
  return { ...(await described(staging, CALENDAR_PATH)), rows: calendarFile.rows }
}

async function stageText(staging: string, path: string, text: string): Promise<BundleFile> {
  await writeFile(join(staging, path), text)
  return described(staging, path)
}

/** Writes a query as a table of the bundle. */
export async function stageTable(lake: Lake, staging: string, path: string, sql: string): Promise<BundleFile> {
  const file = join(staging, path)
  await mkdir(dirname(file), { recursive: true })
  await lake.duck.run(`COPY (${sql}) TO ${sqlText(file)} ${FORMAT}`)
  return { ...(await described(staging, path)), rows: await rowsOf(lake, file) }
}
