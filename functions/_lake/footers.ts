/** What the footers of many Parquet files say: their columns and their number of rows. */
import type { Duck } from './duck.ts'
import { parquetFileMetadata, parquetSchema } from './parquet-sql.ts'
import { UnreadableNotes } from './zone-notes.ts'

/** A column as DuckDB sees it in a file. */
export interface FileColumn {
  name: string
  /** DuckDB's type: `DOUBLE`, `TIMESTAMP WITH TIME ZONE`; `NESTED` for what holds columns of its own. */
  type: string
}

export interface Footer {
  rows: number
  columns: FileColumn[]
  /** Equal for files with the same columns of the same types in the same order: those can be read by one query. */
  shape: string
}

/** The footers of files, by path. Rejects with DuckDB's error when one of them has none. */
export async function readFooters(duck: Duck, files: readonly string[]): Promise<Map<string, Footer>> {
  const footers = new Map<string, Footer>()
  if (files.length === 0) return footers
  const found = await duck.all<{ file: string; rows: number; shape: string }>(`
    SELECT f.file_name AS file, f.num_rows AS rows, coalesce(s.shape, '[]') AS shape
    FROM ${parquetFileMetadata(files)} f LEFT JOIN ${shapesSql(files)} s ON s.file_name = f.file_name`)
  const known = new Map<string, FileColumn[]>()
  for (const { file, rows, shape } of found) {
    const columns = known.get(shape) ?? columnsOf(shape)
    known.set(shape, columns)
    footers.set(file, { rows: Number(rows), shape, columns })
  }
  return footers
}

/** Files by shape, the shapes in the order of their first file. Costs a tenth of a millisecond a file. */
export async function groupByShape(
  duck: Duck,
  files: readonly string[],
): Promise<{ shape: string; columns: FileColumn[]; files: string[] }[]> {
  if (files.length === 0) return []
  const found = await duck.all<{ shape: string; files: string }>(
    `SELECT shape, to_json(list(file_name ORDER BY file_name)) AS files FROM ${shapesSql(files)} GROUP BY shape ORDER BY min(file_name)`,
  )
  return found.map(({ shape, files: json }) => ({
    shape,
    columns: columnsOf(shape),
    files: JSON.parse(json) as string[],
  }))
}

/** The shape that `readFooters` gives for a file with these columns, none of them nested. */
export const shapeOf = (columns: readonly FileColumn[]): string =>
  JSON.stringify(columns.map(({ name, type }) => [name, type, '0']))

const shapesSql = (files: readonly string[]): string => `(
  SELECT file_name, to_json(list([name, coalesce(duckdb_type, 'UNKNOWN'), coalesce(num_children, 0)::VARCHAR] ORDER BY column_id)) AS shape
  FROM ${parquetSchema(files)} WHERE column_id > 0 GROUP BY file_name)`

/** The columns of the file itself, each followed in the footer by those inside it: a field of a struct must not pass for a column. */
function columnsOf(shape: string): FileColumn[] {
  const columns: FileColumn[] = []
  let inside = 0
  for (const [name, type, children] of JSON.parse(shape) as [string, string, string][]) {
    if (inside === 0) columns.push({ name, type: children === '0' ? type : 'NESTED' })
    else inside--
    inside += Number(children)
  }
  return columns
}

/** True when a reader stumbled over the file. Memory, handles, a full disk, a closed lake and a query of ours that is none say nothing about it. */
export const isOfAFile = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof UnreadableNotes) &&
  !/Out of Memory|Too many open files|No space left|Permission denied|this DuckDB was closed|^Parser Error/i.test(
    error.message,
  )
