/**
 * Every query's way into Parquet files. A path is a place: DuckDB would take `[`, `*` and `?` in it for a pattern and read a neighbour's files, and
 * `key=value` folders above the root for columns that replace those of the rows. No other file writes these calls (the architecture test looks).
 */
import { sqlList } from './sql-text.ts'

export interface ReadOptions {
  /** Adds `filename`: the path as it was given, where that is absolute. */
  filename?: boolean
  /** Adds `file_row_number`, from 0. */
  rowNumber?: boolean
  /** Columns by name over all files; one that a file lacks is null there. */
  unionByName?: boolean
}

/** `read_parquet(…)` over files that are there. Rejects, when run, with DuckDB's error where one is missing or an empty list is given. */
export function readParquet(
  files: string | readonly string[],
  { filename = false, rowNumber = false, unionByName = false }: ReadOptions = {},
): string {
  const options = [
    'hive_partitioning = false',
    ...(filename ? ['filename = true'] : []),
    ...(rowNumber ? ['file_row_number = true'] : []),
    ...(unionByName ? ['union_by_name = true'] : []),
  ]
  return `read_parquet(${placesSql(files)}, ${options.join(', ')})`
}

/** `parquet_file_metadata(…)`: a row per file, with `file_name` and `num_rows`. */
export const parquetFileMetadata = (files: string | readonly string[]): string =>
  `parquet_file_metadata(${placesSql(files)})`

/** `parquet_schema(…)`: a row per column of each file, with `file_name`. */
export const parquetSchema = (files: string | readonly string[]): string => `parquet_schema(${placesSql(files)})`

/** `parquet_kv_metadata(…)`: a row per text in the footer of each file, with `file_name`, `key` and `value`, both as bytes. */
export const parquetTexts = (files: string | readonly string[]): string => `parquet_kv_metadata(${placesSql(files)})`

/** `parquet_metadata(…)`: a row per column of each row group, with `file_name`. */
export const parquetMetadata = (files: string | readonly string[]): string => `parquet_metadata(${placesSql(files)})`

/**
 * A class of one character stands for that character (DuckDB 1.5 knows no backslash here). A path that holds one is looked up folder by folder and
 * comes back unescaped in `filename`: 3,000 files of a root with brackets take 256 ms where 3,000 others take 210. COPY TO takes every path as it is.
 */
const placesSql = (files: string | readonly string[]): string =>
  sqlList((typeof files === 'string' ? [files] : files).map((path) => path.replace(/[[*?]/g, '[$&]')))
