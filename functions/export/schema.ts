/** schema.json of a bundle: every column of every table with its type, unit and meaning. Types are read off the files, so they cannot be wrong. */
import { join } from 'node:path'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { footerTexts, meaningOf, SCHEMA_VERSION, TABLE_COLUMNS } from '../_market/column-meanings.ts'
import { LEDGER_PATH } from './stage.ts'
import type { BundleFile } from './stage-vouched.ts'

export const SCHEMA = 'schema.json'

/** What the file of a table says of itself in its footer. */
export const metadataOf = (path: string): Record<string, string> => footerTexts(tableOf({ path }) ?? '')

/** The text of the file, for the data files of a bundle. A column that only this configuration has stands without a meaning. */
export async function schemaText(lake: Lake, staging: string, data: readonly BundleFile[]): Promise<string> {
  const tables: Record<string, unknown> = {}
  for (const [name, meanings] of Object.entries(TABLE_COLUMNS)) {
    const files = filesOf(name, data)
    const newest = files.at(-1)
    if (!newest) continue
    const columns = await lake.duck.all<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * FROM ${readParquet(join(staging, newest.path))}`,
    )
    tables[name] = {
      files: patternOf(files),
      columns: columns.map(({ column_name, column_type }) => {
        const { nullable = false, ...meaning } = meaningOf(meanings, column_name) ?? { about: null, nullable: true }
        return { name: column_name, type: column_type, nullable, ...meaning }
      }),
    }
  }
  return `${JSON.stringify({ version: SCHEMA_VERSION, tables }, null, 1)}\n`
}

/** The tables that a bundle has, each with the path of its file or a pattern for its files. */
export const tablePatterns = (data: readonly BundleFile[]): { table: string; files: string }[] =>
  Object.keys(TABLE_COLUMNS).flatMap((table) => {
    const files = filesOf(table, data)
    return files.length === 0 ? [] : [{ table, files: patternOf(files) }]
  })

const filesOf = (table: string, data: readonly BundleFile[]): BundleFile[] =>
  data.filter((file) => tableOf(file) === table)

const patternOf = (files: readonly BundleFile[]): string =>
  files.length === 1 ? files[0]!.path : files[0]!.path.replace(/\/[a-z]+=[^/]+\//, '/*/')

function tableOf({ path, dataset }: Pick<BundleFile, 'path' | 'dataset'>): string | undefined {
  if (path === LEDGER_PATH) return 'ledger'
  return dataset ?? /^tables\/(.+)\.parquet$/.exec(path)?.[1]
}
