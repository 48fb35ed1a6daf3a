/** Stages the tables that are computed from a bundle's own files and the calendars: sessions, availability, adjustment factors; and those of the instruments. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { adjustmentFactorsSql } from './adjustment-factors.ts'
import {
  AVAILABILITY_COLUMNS,
  availabilityRows,
  availabilitySql,
  availableAt,
  type DatedTable,
  VINTAGES_AVAILABLE_AT,
} from './availability.ts'
import { CALENDAR_COLUMNS, calendarRows, calendarSql } from './calendar-table.ts'
import type { InstrumentStatement } from './instrument-statements.ts'
import {
  INSTRUMENT_COLUMNS,
  instrumentRows,
  instrumentsSql,
  UNIVERSE_COLUMNS,
  universeRows,
  universeSql,
} from './instruments-table.ts'
import { LOAD_SCRIPT, loadScriptText } from './load-script.ts'
import type { BundledDataset } from './partitions.ts'
import { stageTable } from './stage-table.ts'
import { type BundleFile, described } from './stage-vouched.ts'
import { VIEWS, viewsText } from './views.ts'
import { vintagesPath } from './vintages-table.ts'

export const CALENDAR_PATH = 'tables/calendar.parquet'
export const INSTRUMENTS_PATH = 'tables/instruments.parquet'
export const UNIVERSE_PATH = 'tables/universe.parquet'
export const AVAILABILITY_PATH = 'tables/availability.parquet'
export const FACTORS_PATH = 'tables/adjustment_factors.parquet'

/**
 * Writes the tables, and what reads them: load.py and the views; `data` are the bundle's data files, its vintages included. A bundle without corporate actions has no factors, and an
 * empty one no views.
 */
export async function stageTables(
  lake: Lake,
  staging: string,
  datasets: readonly BundledDataset[],
  data: readonly BundleFile[],
  instruments: readonly InstrumentStatement[],
): Promise<BundleFile[]> {
  const filesOf = (dataset: string): string[] =>
    data.flatMap((file) => (file.dataset === dataset ? [join(staging, file.path)] : []))
  const [actions, bars] = [filesOf('corporate_actions'), filesOf('equities_bars')]
  const spec = datasets.find(({ name }) => name === 'corporate_actions')?.spec
  const table = (path: string, sql: string): Promise<BundleFile> => stageTable(lake, staging, path, sql)

  const staged = [await stageCalendar(lake, staging)]
  staged.push(
    await withTable(lake.duck, 'instruments', INSTRUMENT_COLUMNS, instrumentRows(instruments), (rows) =>
      table(INSTRUMENTS_PATH, instrumentsSql(rows)),
    ),
    await withTable(lake.duck, 'universe', UNIVERSE_COLUMNS, universeRows(instruments), (rows) =>
      table(UNIVERSE_PATH, universeSql(rows)),
    ),
    await withTable(lake.duck, 'availability', AVAILABILITY_COLUMNS, availabilityRows(datasets), (rows) =>
      table(AVAILABILITY_PATH, availabilitySql(rows)),
    ),
  )
  const hasFactors = actions.length > 0 && spec !== undefined
  if (hasFactors) {
    const sources = {
      actions,
      spec,
      bars,
      calendar: join(staging, CALENDAR_PATH),
      universe: join(staging, UNIVERSE_PATH),
    }
    staged.push(await table(FACTORS_PATH, adjustmentFactorsSql(sources)))
  }
  const tables = datedTables(datasets, data)
  staged.push(await stageText(staging, LOAD_SCRIPT, loadScriptText(tables)))
  if (tables.length > 0) staged.push(await stageText(staging, VIEWS, viewsText(tables, hasFactors)))
  return staged
}

/** The tables whose rows have an instant, datasets first of which the bundle has files. */
function datedTables(datasets: readonly BundledDataset[], data: readonly BundleFile[]): DatedTable[] {
  const there = datasets.filter(({ name }) => data.some(({ dataset }) => dataset === name))
  const vintages = there.filter(({ name }) => data.some(({ path }) => path === vintagesPath(name)))
  const hasStocks = there.some(({ name }) => name === 'equities_bars')
  return [
    ...there.map(({ name, spec }) => ({
      name,
      dataset: name,
      ...availableAt(spec),
      isByName: spec.expected_rows === 'contracts',
      // Beside a bar of a minute the close of its day would be known before it is made.
      hasUnderlyingClose: hasStocks && spec.expected_rows === 'contracts' && spec.timeframe === 'day',
    })),
    ...vintages.map(({ name }) => ({ name: `${name}_vintages`, dataset: name, ...VINTAGES_AVAILABLE_AT })),
  ]
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
