/** What the minutes of a partition are compared with: the session before and the daily bars. */
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { curatedFile } from '../_lake/paths.ts'
import type { CuratedColumns } from './curated-columns.ts'
import type { MeasureRequest } from './measure-request.ts'
import { COMPARED_COLUMNS, type MinuteSources } from './minute-facts.ts'
import { present } from './present-file.ts'

/** Null where the file lacks a column that is compared, which is another check's to say, and for cells that are no minutes. */
export async function minuteSources(
  lake: Lake,
  { dataset, spec, partition, neighbours, dailyFile }: MeasureRequest,
  file: string,
  { usable }: CuratedColumns,
): Promise<MinuteSources | null> {
  if (spec.expected_rows !== 'session_minutes' || !COMPARED_COLUMNS.every((name) => usable.has(name))) return null
  const before = neighbours.filter((key) => key < partition).reduce((last, key) => (key > last ? key : last), '')
  return {
    bars: readParquet(file),
    before: before === '' ? null : await present(curatedFile(lake.root, dataset, spec.partition, before)),
    daily: dailyFile === undefined ? null : await present(dailyFile),
  }
}
