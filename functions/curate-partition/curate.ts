/** Rebuilds one curated partition from raw: one version wins per cell, one sorted file with the same bytes for the same data. */
import { rm, stat } from 'node:fs/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import type { Session } from '../_calendar/session.ts'
import { adoptTemp, makeFolderOf, removeDurable } from '../_lake/atomic.ts'
import { sha256OfFile } from '../_lake/digest.ts'
import type { Lake } from '../_lake/lake.ts'
import { rawFilesOf } from '../_lake/list-raw-files.ts'
import { parquetFormat } from '../_lake/parquet-format.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { curatedFile, rawFileParts } from '../_lake/paths.ts'
import { overRawRows } from '../_lake/query-raw.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import type { DatasetName } from '../_market/cell.ts'
import { footerTexts } from '../_market/column-meanings.ts'
import type { Dt } from '../_market/dt.ts'
import { type AcceptedDay, withAccepted } from './accepted.ts'
import { curatedSql } from './shapes.ts'
import { type Choice, withWinners } from './versions.ts'

export interface CurateRequest {
  dataset: DatasetName
  spec: DatasetConfig
  /** `2024` or `2024-07-03`, as the dataset's `partition` says. */
  partition: string
  /** Of this partition, at or before the as-of day; rows on other days are left out. */
  sessions: Session[]
  /** Preference order, best first. */
  vendors: string[]
  /** Versions that QC refused: they never win. */
  refused: { vendor: string; symbol: string; dt: Dt }[]
  /** Versions that the database knows as delivered or adopted, some days at a time: no other wins. */
  accepted: AsyncIterable<readonly AcceptedDay[]>
  /** Sees the files while they are read. When it rejects, so does the whole, whatever else failed, and no file becomes visible. */
  look?: (files: readonly string[]) => Promise<void>
  /** Another query over the winning rows, and where its rows go. Absent: the curated file. */
  as?: { path: string; sql: (spec: DatasetConfig, winners: string) => string }
}

export interface Curated {
  /** The file, below the lake's root. */
  path: string
  rows: number
  /** Distinct (symbol, dt). */
  cells: number
  bytes: number
  sha256: string
}

export interface Curation {
  curated: Curated | null
  /** Files on days of the partition's sessions that hold something nobody accepted, sorted. */
  unaccepted: string[]
}

/**
 * Builds the partition's file and makes it visible whole. `curated` is null when no row is left for it (no raw files, no session, nothing accepted, all
 * refused): a file from earlier is then removed. The bytes depend on the data only, not on raw layout, fetch times or threads. Rejects with
 * UnreadableFiles, DuckDB's error or DiskError; the earlier file then stays.
 */
export async function curatePartition(lake: Lake, request: CurateRequest): Promise<Curation> {
  const { dataset, spec, partition, sessions } = request
  const { path, sql } = request.as ?? {
    path: curatedFile(lake.root, dataset, spec.partition, partition),
    sql: curatedSql,
  }
  const days = new Set(sessions.map(({ dt }) => dt))
  const there = (await rawFilesOf(lake.root, dataset, partition)).filter((file) => days.has(dtOf(lake, file)))
  const built = await withAccepted(lake, there, request.accepted, async ({ table, files, unaccepted }) => {
    const none = { curated: null, unaccepted }
    if (files.length === 0) return none
    const looking = request.look?.(files) ?? Promise.resolve()
    // It may reject while the files are still being read; that is asked for below.
    looking.catch(() => undefined)
    // A damaged file may be unreadable as well: what the look says of it is the more exact.
    const { curated, shared } = await build(lake, { path, sql }, { ...request, files, accepted: table }, looking).catch(
      async (error: unknown) => {
        await looking
        throw error
      },
    )
    return { curated, unaccepted: [...unaccepted, ...files.filter((file) => shared.has(keyOf(lake, file)))].sort() }
  })
  if (!built.curated) await removeDurable(path)
  return built
}

const dtOf = (lake: Lake, file: string): Dt => rawFileParts(lake.root, file)?.dt ?? ''

/** What a file has in common with cells that it may share with others. */
function keyOf(lake: Lake, file: string): string {
  const parts = rawFileParts(lake.root, file)
  return parts?.symbol === null ? `${parts.vendor} ${parts.dt}` : ''
}

async function build(
  lake: Lake,
  { path, sql }: NonNullable<CurateRequest['as']>,
  choice: Choice & { dataset: DatasetName },
  looking: Promise<void>,
): Promise<{ curated: Curated | null; shared: Set<string> }> {
  const temp = tempBeside(path)
  const texts = footerTexts(choice.dataset, choice.spec.groups)
  await makeFolderOf(path)
  try {
    const shared = await overRawRows(lake, choice.spec, choice.files, (raw) =>
      withWinners(lake, choice, raw, async (winners, unaccepted) => {
        await lake.duck.run(`COPY (${sql(choice.spec, winners)}) TO ${sqlText(temp)} ${parquetFormat(texts)}`)
        return new Set(unaccepted.map(({ vendor, dt }) => `${vendor} ${dt}`))
      }),
    )
    const counts = await count(lake, choice.spec, temp)
    if (counts.rows === 0) {
      await looking
      return { curated: null, shared }
    }
    const sha256 = await sha256OfFile(temp)
    const { size } = await stat(temp)
    await looking
    await adoptTemp(temp, path)
    return { curated: { path, ...counts, bytes: size, sha256 }, shared }
  } finally {
    await rm(temp, { force: true })
  }
}

async function count(lake: Lake, spec: DatasetConfig, file: string): Promise<{ rows: number; cells: number }> {
  const cell = spec.expected_rows === 'series' ? 'date' : '(symbol, dt)'
  const [counts] = await lake.duck.all<{ rows: number; cells: number }>(
    `SELECT count(*) AS rows, count(DISTINCT ${cell}) AS cells FROM ${readParquet(file)}`,
  )
  return counts ?? { rows: 0, cells: 0 }
}
