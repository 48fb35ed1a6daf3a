/** Which columns a curated file of a dataset has, against those it should have. */
import type { ColumnConfig, DatasetConfig } from '../../config/schema.ts'
import type { Duck } from '../_lake/duck.ts'
import { readParquet } from '../_lake/parquet-sql.ts'

export interface CuratedColumns {
  /** Columns that are there and of the type the dataset says. */
  usable: ReadonlySet<string>
  /** Required columns that are not usable, and optional ones of another type. */
  wrong: number
}

/** Of merged corporate actions: another one of the day says something else. */
export const CONTRADICTS = 'contradicts'
const PROVENANCE = ['vendor', 'feed', 'adjustment'] as const
/** Instants are accepted with and without a zone: both hold microseconds of UTC. */
const SQL_TYPES: Record<ColumnConfig['type'], readonly string[]> = {
  instant: ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP'],
  double: ['DOUBLE'],
  integer: ['BIGINT'],
  text: ['VARCHAR'],
  day: ['DATE'],
}

/** Columns of a curated file that must not be empty in any row: the dataset's own and the source's name. */
export function requiredColumns(spec: DatasetConfig): ColumnConfig[] {
  if (spec.expected_rows === 'series') return ['vendor', 'feed'].map(text)
  return [...spec.columns.filter((column) => !column.optional), ...PROVENANCE.map(text)]
}

/**
 * Reads the footer of one curated file. Throws when the columns that name a cell (symbol and dt, or date) are not there:
 * then no row of the file can be judged.
 */
export async function curatedColumns(duck: Duck, file: string, spec: DatasetConfig): Promise<CuratedColumns> {
  const found = await duck.all<{ column_name: string; column_type: string }>(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${readParquet(file)})`,
  )
  const types = new Map(found.map((column) => [column.column_name, column.column_type]))
  for (const [name, type] of spec.expected_rows === 'series' ? [['date', 'DATE']] : CELL_NAME) {
    if (types.get(name ?? '') !== type) {
      throw new Error(
        `expected a column ${name} of type ${type} in ${file}, got ${types.get(name ?? '') ?? 'none'}; curate the partition again`,
      )
    }
  }
  const usable = new Set<string>()
  let wrong = 0
  for (const column of judgedColumns(spec)) {
    const type = types.get(column.name)
    if (type !== undefined && SQL_TYPES[column.type].includes(type)) usable.add(column.name)
    else if (type !== undefined || !column.optional) wrong++
  }
  // Files that were curated before actions were merged have none.
  if (spec.expected_rows === 'events' && types.get(CONTRADICTS) === 'BOOLEAN') usable.add(CONTRADICTS)
  return { usable, wrong }
}

/** Ids of the series a dataset's groups hold, each once. */
export const seriesOf = (spec: DatasetConfig): string[] => [
  ...new Set(Object.values(spec.groups ?? {}).flatMap((group) => group.series.map((series) => series.id))),
]

const CELL_NAME = [
  ['symbol', 'VARCHAR'],
  ['dt', 'DATE'],
] as const

function judgedColumns(spec: DatasetConfig): ColumnConfig[] {
  if (spec.expected_rows !== 'series') return [...spec.columns, ...PROVENANCE.map(text)]
  const values = seriesOf(spec).map((id): ColumnConfig => ({ name: id, type: 'double', optional: false }))
  return [...values, text('vendor'), text('feed'), { ...text('adjustment'), optional: true }]
}

const text = (name: string): ColumnConfig => ({ name, type: 'text', optional: false })
