/** Stages the tables that are computed from a bundle's own files and the calendars: sessions, availability, adjustment factors; and those of the instruments. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { adjustmentFactorsSql } from './adjustment-factors.ts'
import {
  AVAILABILITY_COLUMNS,
  availabilityKey,
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

  const staged = [
    await stageKept(staging, CALENDAR_PATH, '', () =>
      withTable(lake.duck, 'calendar_days', CALENDAR_COLUMNS, calendarRows(), (rows) =>
        table(CALENDAR_PATH, calendarSql(rows)),
      ),
    ),
    await withTable(lake.duck, 'instruments', INSTRUMENT_COLUMNS, instrumentRows(instruments), (rows) =>
      table(INSTRUMENTS_PATH, instrumentsSql(rows)),
    ),
    await withTable(lake.duck, 'universe', UNIVERSE_COLUMNS, universeRows(instruments), (rows) =>
      table(UNIVERSE_PATH, universeSql(rows)),
    ),
    await stageKept(staging, AVAILABILITY_PATH, availabilityKey(datasets), () =>
      withTable(lake.duck, 'availability', AVAILABILITY_COLUMNS, availabilityRows(datasets), (rows) =>
        table(AVAILABILITY_PATH, availabilitySql(rows)),
      ),
    ),
  ]
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

/** The tables that come from the calendars and the configuration alone: one process makes each once. */
const kept = new Map<string, { key: string; bytes: Buffer; file: BundleFile }>()

/** Stages a table whose bytes are the same as long as its key is: from what this process made before, else by `make`. */
async function stageKept(
  staging: string,
  path: string,
  key: string,
  make: () => Promise<BundleFile>,
): Promise<BundleFile> {
  const before = kept.get(path)
  if (before?.key !== key) {
    const file = await make()
    kept.set(path, { key, bytes: await readFile(join(staging, path)), file })
    return file
  }
  await mkdir(dirname(join(staging, path)), { recursive: true })
  await writeFile(join(staging, path), before.bytes)
  return { ...before.file, ...(await described(staging, path)) }
}

async function stageText(staging: string, path: string, text: string): Promise<BundleFile> {
  await writeFile(join(staging, path), text)
  return described(staging, path)
}
