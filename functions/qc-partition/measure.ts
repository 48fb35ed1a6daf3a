/** Measures every expected cell of a partition once, in DuckDB, and hands out the table of what was found. */
import type { DatasetConfig } from '../../config/schema.ts'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { curatedFile } from '../_lake/paths.ts'
import { barFactsSql } from './bar-facts.ts'
import { baselineSql } from './baseline.ts'
import { type CuratedColumns, curatedColumns } from './curated-columns.ts'
import { eventFactsSql } from './event-facts.ts'
import { factRowsSql } from './fact-rows.ts'
import type { MeasureRequest } from './measure-request.ts'
import { minuteFactsSql } from './minute-facts.ts'
import { minuteSources } from './minute-sources.ts'
import { withPairs } from './pairs.ts'
import { present } from './present-file.ts'
import { countDuplicates, DUPLICATE_COLUMNS } from './raw-duplicates.ts'
import { withSessionDays } from './session-days.ts'
import { withSurroundings } from './surroundings.ts'
import { yieldFactsSql } from './yield-facts.ts'

/** Columns of the table that `withMeasuredCells` hands out; `facts` is what `factsOf` (fact-rows.ts) reads. */
const MEASURED_COLUMNS = {
  symbol: 'VARCHAR',
  dt: 'DATE',
  reason: 'VARCHAR',
  digest: 'VARCHAR',
  expected_rows: 'INTEGER',
  row_count: 'INTEGER',
  vendor: 'VARCHAR',
  feed: 'VARCHAR',
  adjustment: 'VARCHAR',
  provisional: 'BOOLEAN',
  second_vendor: 'VARCHAR',
  facts: 'VARCHAR',
}

const CELL_COLUMNS = {
  symbol: 'VARCHAR',
  dt: 'DATE',
  expected: 'INTEGER',
  reason: 'VARCHAR',
  digest: 'VARCHAR',
  damaged: 'BOOLEAN',
  date_doubtful: 'BOOLEAN',
  withdrawn: 'INTEGER',
  decision: 'VARCHAR',
}

/**
 * Runs `fn` with a temporary table that holds exactly one row per expected cell. Throws when the cells name a day twice or a
 * day without a session, and when the curated file cannot be read.
 */
export async function withMeasuredCells<T>(
  lake: Lake,
  request: MeasureRequest,
  fn: (table: string) => Promise<T>,
): Promise<T> {
  const { duck } = lake
  const file = await present(curatedFile(lake.root, request.dataset, request.spec.partition, request.partition))
  const columns = file === null ? null : await curatedColumns(duck, file, request.spec)
  const rows = request.cells.map((cell) => [
    cell.symbol,
    cell.dt,
    cell.expectedRows,
    cell.present ? null : cell.reason,
    cell.digest,
    cell.isDamaged ?? false,
    cell.isDateDoubtful ?? false,
    cell.withdrawn ?? noneWithdrawn(request.spec),
    cell.decision ?? null,
  ])
  return withSessionDays(duck, request.spec.expected_rows === 'series' ? [] : request.sessions, (days) =>
    withTable(duck, 'qc_cells', CELL_COLUMNS, rows, (cells) =>
      withTable(duck, 'qc_duplicates', DUPLICATE_COLUMNS, [], (duplicates) =>
        withTable(duck, 'qc_measured', MEASURED_COLUMNS, [], async (table) => {
          if (file !== null) await countDuplicates(lake, request, await vendorsOf(lake, file, columns), duplicates)
          const baseline = await baselineOf(lake, request, file, columns, cells, days)
          const measures = file === null || columns === null ? null : measuresSql(file, request.spec, columns, days)
          const minutes =
            file === null || columns === null ? null : await minutesSql(lake, request, file, columns, days)
          return withSurroundings(lake, request, { file, columns, days }, async (surroundings) => {
            await withPairs(lake, request, { file, columns, days }, async (pairs) => {
              const from = { cells, days, duplicates, baseline, measures, minutes, surroundings, pairs }
              await duck.run(`INSERT INTO ${table} ${factRowsSql(request, from)}`)
            })
            return await fn(table)
          })
        }),
      ),
    ),
  )
}

/** Of what is no event nothing can be withdrawn. */
export const noneWithdrawn = ({ expected_rows: kind }: DatasetConfig): 0 | null => (kind === 'events' ? 0 : null)

function measuresSql(file: string, spec: DatasetConfig, columns: CuratedColumns, days: string): string {
  switch (spec.expected_rows) {
    case 'series':
      return yieldFactsSql(file, spec, columns)
    case 'events':
      return eventFactsSql(file, spec, columns)
    default:
      return barFactsSql(file, spec, columns, days)
  }
}

/** Null where the file lacks a column that is compared: that is another check's to say. */
async function minutesSql(
  lake: Lake,
  request: MeasureRequest,
  file: string,
  columns: CuratedColumns,
  days: string,
): Promise<string | null> {
  const sources = await minuteSources(lake, request, file, columns)
  return sources === null ? null : minuteFactsSql(sources, days)
}

async function baselineOf(
  lake: Lake,
  { dataset, spec, neighbours }: MeasureRequest,
  file: string | null,
  columns: CuratedColumns | null,
  cells: string,
  days: string,
): Promise<string | null> {
  if (spec.expected_rows !== 'session_minutes') return null
  const paths = neighbours.map((key) => curatedFile(lake.root, dataset, spec.partition, key))
  const there = (await Promise.all([...new Set(paths)].map(present))).filter((path) => path !== null && path !== file)
  const readable = columns?.usable.has('ts') ? [file, ...there] : there
  return baselineSql(cells, readable.filter((path) => path !== null).sort(), days)
}

async function vendorsOf(lake: Lake, file: string, columns: CuratedColumns | null): Promise<string[]> {
  if (!columns?.usable.has('vendor') || !columns.usable.has('feed')) return []
  const rows = await lake.duck.all<{ vendor: string }>(
    `SELECT DISTINCT vendor FROM ${readParquet(file)} WHERE vendor IS NOT NULL ORDER BY vendor`,
  )
  return rows.map((row) => row.vendor)
}
