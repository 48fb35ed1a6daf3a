/** What the footers of many Parquet files say: their columns and their number of rows. A file that cannot be read is named, not fatal. */
import type { Duck } from '../_lake/duck.ts'
import { sqlList } from '../_lake/duck.ts'
import type { FileColumn } from './spelling.ts'

export interface Footer {
  rows: number
  columns: FileColumn[]
  /** Equal for files with the same columns of the same types in the same order: those can be read by one query. */
  shape: string
}

/**
 * Runs a query over files; when it fails, over halves of them, until the files that cannot be read are alone: for each of those `refuse` gets the
 * file and the reason. Throws what is a fault of the machine and not of a file.
 */
export async function perReadable(
  files: readonly string[],
  query: (files: readonly string[]) => Promise<void>,
  refuse: (file: string, reason: string) => void,
): Promise<void> {
  if (files.length === 0) return
  try {
    await query(files)
  } catch (error) {
    if (!isOfAFile(error)) throw error
    if (files.length === 1) {
      refuse(files[0] as string, reasonOf(error))
      return
    }
    const half = files.length >> 1
    await perReadable(files.slice(0, half), query, refuse)
    await perReadable(files.slice(half), query, refuse)
  }
}

/** The footers of files by path; `refuse` hears of those that have none. */
export async function readFooters(
  duck: Duck,
  files: readonly string[],
  refuse: (file: string, reason: string) => void,
): Promise<Map<string, Footer>> {
  const footers = new Map<string, Footer>()
  await perReadable(files, (part) => readInto(footers, duck, part), refuse)
  return footers
}

async function readInto(footers: Map<string, Footer>, duck: Duck, files: readonly string[]): Promise<void> {
  const found = await duck.all<{ file: string; rows: number; shape: string }>(`
    SELECT f.file_name AS file, f.num_rows AS rows, coalesce(s.shape, '[]') AS shape
    FROM parquet_file_metadata(${sqlList(files)}) f LEFT JOIN (
      SELECT file_name, to_json(list([name, coalesce(duckdb_type, 'UNKNOWN'), coalesce(num_children, 0)::VARCHAR] ORDER BY column_id)) AS shape
      FROM parquet_schema(${sqlList(files)}) WHERE column_id > 0 GROUP BY file_name) s ON s.file_name = f.file_name`)
  const known = new Map<string, FileColumn[]>()
  for (const { file, rows, shape } of found) {
    const columns = known.get(shape) ?? columnsOf(shape)
    known.set(shape, columns)
    footers.set(file, { rows: Number(rows), shape, columns })
  }
}

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

/** Memory, handles, a closed lake and a query of ours that is none say nothing about a file; whatever else a reader stumbles over does. */
const isOfAFile = (error: unknown): boolean =>
  error instanceof Error &&
  !/Out of Memory|Too many open files|No space left|this DuckDB was closed|^Parser Error/i.test(error.message)

/** The first line, without the path that the report has anyway. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .split('\n')[0]
    ?.replace(/["']?\/\S+["']?/g, 'the file')
    .slice(0, 200) ?? ''
