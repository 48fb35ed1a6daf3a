/** Writes a scene as the raw files of an older node: one file a day and dataset, in the columns that this node writes. */
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { SQL_TYPE } from '../../functions/_lake/column-mapping.ts'
import { type CellValue, withTable } from '../../functions/_lake/duck-table.ts'
import { rawColumns } from '../../functions/_lake/encode.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { rawFolder } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'

export type RawFields = Record<string, CellValue> & { dt: Dt; symbol: string }

const ROWS_AT_ONCE = 50_000

/** Rows by the names of the dataset's columns; an instant is epoch milliseconds. `dt` is the day of the file. */
export async function writeRaw(
  lake: Lake,
  dataset: DatasetName,
  spec: DatasetConfig,
  vendor: string,
  rows: Iterable<RawFields>,
): Promise<void> {
  const columns = rawColumns(spec.columns)
  const table = {
    day: 'DATE',
    ...Object.fromEntries(columns.map(({ name, type }) => [name, type === 'instant' ? 'BIGINT' : SQL_TYPE[type]])),
  }
  const folder = rawFolder(lake.root, vendor, dataset)
  await mkdir(folder, { recursive: true })
  const values = columns.map(({ name, type }) =>
    type === 'instant' ? `make_timestamp("${name}" * 1000) AS "${name}"` : `"${name}"`,
  )
  await withTable(lake.duck, 'eval_rows', table, [], async (name) => {
    let part: CellValue[][] = []
    const flush = async (): Promise<void> => {
      await withTable(lake.duck, 'eval_part', table, part, (some) =>
        lake.duck.run(`INSERT INTO ${name} SELECT * FROM ${some}`),
      )
      part = []
    }
    for (const row of rows) {
      part.push([row.dt, ...columns.map((column) => row[column.name] ?? null)])
      if (part.length >= ROWS_AT_ONCE) await flush()
    }
    await flush()
    // One file a day: DuckDB would write one for each of its threads, and begin new ones beyond a hundred open.
    await lake.duck.run('SET threads = 1')
    await lake.duck.run('SET partitioned_write_max_open_files = 10000')
    await lake.duck.run('SET partitioned_write_flush_threshold = 100000000')
    const years = await lake.duck.all<{ year: number }>(
      `SELECT DISTINCT year(day)::INTEGER AS year FROM ${name} ORDER BY 1`,
    )
    // A file under way needs memory: a year's are few enough.
    for (const { year } of years) {
      await lake.duck.run(
        `COPY (SELECT day AS date, ${values.join(', ')} FROM ${name} WHERE year(day) = ${year}) TO ${sqlText(folder)} (FORMAT parquet, PARTITION_BY (date), FILENAME_PATTERN 'data', OVERWRITE_OR_IGNORE)`,
      )
    }
  })
  for (const day of await readdir(folder)) {
    const files = (await readdir(join(folder, day))).filter((file) => file.endsWith('.parquet'))
    if (files.length !== 1 || files[0] === undefined)
      throw new Error(`expected one file in ${join(folder, day)}, got ${files.length}`)
    if (files[0] !== 'data.parquet') await rename(join(folder, day, files[0]), join(folder, day, 'data.parquet'))
  }
}
