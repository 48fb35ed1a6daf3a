/** Compares the cells of a partition that a second vendor has delivered as well. Of a partition without such cells nothing is read. */
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import type { CuratedColumns } from './curated-columns.ts'
import { dailyPairsSql } from './daily-pairs.ts'
import type { MeasureRequest } from './measure-request.ts'
import { minutePairsSql } from './minute-pairs.ts'
import { minuteSources } from './minute-sources.ts'
import { withSecondRows } from './second-rows.ts'
import { dailyWindow, hasBars, readableBeside } from './surroundings.ts'

const COLUMNS = { symbol: 'VARCHAR', dt: 'DATE', second_vendor: 'VARCHAR', second: 'VARCHAR' }

/** Runs `fn` with the table of the pairs, null where there are none. */
export async function withPairs<T>(
  lake: Lake,
  request: MeasureRequest,
  { file, columns, days }: { file: string | null; columns: CuratedColumns | null; days: string },
  fn: (pairs: string | null) => Promise<T>,
): Promise<T> {
  const { spec, seconds = [] } = request
  const isOfBars = spec.expected_rows === 'one' || spec.expected_rows === 'session_minutes'
  if (seconds.length === 0 || !isOfBars || file === null || columns === null || !hasBars(columns)) return fn(null)
  return withSecondRows(lake, request, seconds, (second) =>
    withTable(lake.duck, 'qc_pairs', COLUMNS, [], async (pairs) => {
      const insert = (sql: string): Promise<unknown> => lake.duck.run(`INSERT INTO ${pairs} ${sql}`)
      if (spec.expected_rows === 'one') {
        const beside = await readableBeside(lake, request)
        const sql = (bars: readonly string[]): string =>
          dailyPairsSql(file, second, { ...dailyWindow(request), bars, days })
        // As for the surroundings: a damaged file beside must not keep this partition from being judged.
        await insert(sql([file, ...beside])).catch((error: unknown) => {
          if (beside.length === 0) throw error
          return insert(sql([file]))
        })
      } else {
        const sources = await minuteSources(lake, request, file, columns)
        if (sources !== null) await insert(minutePairsSql(second, sources, days))
      }
      return await fn(pairs)
    }),
  )
}
