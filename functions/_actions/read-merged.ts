/** Curated files of corporate actions as rows, those of before actions were merged too. */
import { readParquet } from '../_lake/parquet-sql.ts'

const ADDED = 'SELECT NULL::BOOLEAN AS contradicts, NULL::VARCHAR AS sources, NULL::DATE AS first_seen WHERE false'

/** The rows of these files; a column of the merged table that a file lacks is null. */
export const readMerged = (files: readonly string[]): string =>
  `(${ADDED} UNION ALL BY NAME SELECT * FROM ${readParquet(files, { unionByName: true })})`
