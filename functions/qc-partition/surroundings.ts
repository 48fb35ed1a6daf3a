/** Measures the daily bars of a partition against those around them, across the files of the partitions beside it. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { Session } from '../_calendar/session.ts'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { curatedFile } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionDays } from '../_market/partition.ts'
import { type CuratedColumns, curatedColumns } from './curated-columns.ts'
import { dailyFactsSql, edgesSql, splitsDigestSql } from './daily-facts.ts'
import { SESSIONS_AFTER, SESSIONS_BEFORE } from './daily-measures.ts'

const COLUMNS = { symbol: 'VARCHAR', dt: 'DATE', provisional: 'BOOLEAN', around: 'VARCHAR' }
const NEEDED = ['ts', 'open', 'high', 'low', 'close', 'volume']

/** What is asked of a partition of bars: see MeasureRequest (measure.ts). */
export interface DailyRequest {
  dataset: DatasetName
  spec: DatasetConfig
  partition: string
  sessions: readonly Session[]
  neighbours: readonly string[]
  actions?: { spec: DatasetConfig; files: readonly string[] } | undefined
}

/** Runs `fn` with the table of what stands out, null for cells that are not daily bars and for a file whose prices cannot be read. */
export async function withSurroundings<T>(
  lake: Lake,
  request: DailyRequest,
  { file, columns, days }: { file: string | null; columns: CuratedColumns | null; days: string },
  fn: (table: string | null) => Promise<T>,
): Promise<T> {
  if (request.spec.expected_rows !== 'one' || file === null || columns === null || !hasBars(columns)) return fn(null)
  const beside = await readableBeside(lake, request)
  return withTable(lake.duck, 'qc_surroundings', COLUMNS, [], async (table) => {
    const insert = (bars: readonly string[]): Promise<void> =>
      lake.duck.run(`INSERT INTO ${table} ${dailyFactsSql({ ...dailyWindow(request), bars, days })}`)
    // A damaged file beside is told by its own judgement, and must not keep this one from being made.
    await insert([file, ...beside]).catch((error: unknown) => {
      if (beside.length === 0) throw error
      return insert([file])
    })
    return fn(table)
  })
}

/** Digests of what a partition of daily bars is judged beside, and of what others see of it; null for partitions that are judged alone. */
export interface Edges {
  before: string
  after: string
  head: string
  tail: string
  splits: string
}

export async function edgesOf(lake: Lake, request: DailyRequest): Promise<Edges | null> {
  const { dataset, spec, partition, sessions } = request
  if (spec.expected_rows !== 'one') return null
  const file = curatedFile(lake.root, dataset, spec.partition, partition)
  if (!hasBars(await curatedColumns(lake.duck, file, spec))) return null
  const own = sessions.map(({ dt }) => dt).filter((dt) => dt.startsWith(partition))
  const window = dailyWindow(request)
  const bars = [file, ...(await readableBeside(lake, request))]
  const ends = { lastHead: own[SESSIONS_AFTER - 1] ?? window.last, firstTail: own.at(-SESSIONS_BEFORE) ?? window.first }
  const [edges] = await lake.duck.all<Edges & Record<string, unknown>>(edgesSql({ ...window, ...ends, bars, days: '' }))
  return edges ?? null
}

/** The digest of the splits in these curated files. */
export async function splitsOf(lake: Lake, actions: NonNullable<DailyRequest['actions']>): Promise<string> {
  const sources = { actions: actions.files, actionSpec: actions.spec }
  const [found] = await lake.duck.all<{ splits: string }>(`SELECT (${splitsDigestSql(sources)}) AS splits`)
  return found?.splits ?? ''
}

export const hasBars = ({ usable }: CuratedColumns): boolean => NEEDED.every((name) => usable.has(name))

export function dailyWindow({ partition, sessions, actions }: DailyRequest) {
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

export async function readableBeside(lake: Lake, { dataset, spec, neighbours }: DailyRequest): Promise<string[]> {
  const files: string[] = []
  for (const partition of neighbours) {
    const path = curatedFile(lake.root, dataset, spec.partition, partition)
    const columns = await curatedColumns(lake.duck, path, spec).catch(() => null)
    if (columns !== null && hasBars(columns)) files.push(path)
  }
  return files
}
