/** Writes a query as a table of a bundle. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Lake } from '../_lake/lake.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { FORMAT, rowsOf } from './stage.ts'
import { type BundleFile, described } from './stage-vouched.ts'

export async function stageTable(lake: Lake, staging: string, path: string, sql: string): Promise<BundleFile> {
  const file = join(staging, path)
  await mkdir(dirname(file), { recursive: true })
  await lake.duck.run(`COPY (${sql}) TO ${sqlText(file)} ${FORMAT}`)
  return { ...(await described(staging, path)), rows: await rowsOf(lake, file) }
}
