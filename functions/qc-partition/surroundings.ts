/** Measures the daily bars of a partition against those around them, across the files of the partitions beside it. */
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { curatedFile } from '../_lake/paths.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionDays } from '../_market/partition.ts'
import { type CuratedColumns, curatedColumns } from './curated-columns.ts'
import { dailyFactsSql } from './daily-facts.ts'
import type { MeasureRequest } from './measure.ts'

const COLUMNS = { symbol: 'VARCHAR', dt: 'DATE', provisional: 'BOOLEAN', around: 'VARCHAR' }
const NEEDED = ['ts', 'open', 'high', 'low', 'close', 'volume']

/** Runs `fn` with the table of what stands out, null for cells that are not daily bars and for a file whose prices cannot be read. */
export async function withSurroundings<T>(
  lake: Lake,
  request: MeasureRequest,
  { file, columns, days }: { file: string | null; columns: CuratedColumns | null; days: string },
  fn: (table: string | null) => Promise<T>,
): Promise<T> {
  if (request.spec.expected_rows !== 'one' || file === null || columns === null || !hasBars(columns)) return fn(null)
  const beside = await readableBeside(lake, request)
  return withTable(lake.duck, 'qc_surroundings', COLUMNS, [], async (table) => {
    const insert = (bars: readonly string[]): Promise<void> =>
      lake.duck.run(`INSERT INTO ${table} ${dailyFactsSql({ ...windowOf(request), bars, days })}`)
    // A damaged file beside is told by its own judgement, and must not keep this one from being made.
    await insert([file, ...beside]).catch((error: unknown) => {
      if (beside.length === 0) throw error
      return insert([file])
    })
    return fn(table)
  })
}

const hasBars = ({ usable }: CuratedColumns): boolean => NEEDED.every((name) => usable.has(name))

function windowOf({ partition, sessions, actions }: MeasureRequest) {
  const { fromDt, toDt } = partitionDays(partition)
  const known = sessions.map(({ dt }) => dt).sort()
  return {
    from: known[0] ?? (fromDt as Dt),
    to: known.at(-1) ?? (toDt as Dt),
    first: fromDt,
    last: toDt,
    actions: actions?.files ?? [],
    actionSpec: actions?.spec,
  }
}

async function readableBeside(lake: Lake, { dataset, spec, neighbours }: MeasureRequest): Promise<string[]> {
  const files: string[] = []
  for (const partition of neighbours) {
    const path = curatedFile(lake.root, dataset, spec.partition, partition)
    const columns = await curatedColumns(lake.duck, path, spec).catch(() => null)
    if (columns !== null && hasBars(columns)) files.push(path)
  }
  return files
}
