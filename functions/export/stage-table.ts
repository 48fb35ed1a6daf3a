/** Writes a query as a table of a bundle. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Lake } from '../_lake/lake.ts'
import { parquetFormat } from '../_lake/parquet-format.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { metadataOf } from './schema.ts'
import { rowsOf } from './stage.ts'
import { type BundleFile, described } from './stage-vouched.ts'

/** The file says of itself in which version of the schema it is, and the units of its columns. */
export async function stageTable(lake: Lake, staging: string, path: string, sql: string): Promise<BundleFile> {
  const file = join(staging, path)
  await mkdir(dirname(file), { recursive: true })
  await lake.duck.run(`COPY (${sql}) TO ${sqlText(file)} ${parquetFormat(metadataOf(path))}`)
  return { ...(await described(staging, path)), rows: await rowsOf(lake, file) }
}
