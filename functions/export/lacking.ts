/** Which cells a finished bundle has and a new one lacks without a reason. Compares ledgers, writes nothing. */
import { join } from 'node:path'
import { sha256OfFile } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { bundleFolder } from '../_lake/paths.ts'
import { partsUnlike } from '../_ledger/ledger-parts.ts'
import { isInPartSql } from '../_ledger/part-names.ts'
import type { Dt } from '../_market/dt.ts'
import { type Lacking, readManifest } from './manifest.ts'
import type { BundledDataset } from './partitions.ts'
import { isOneOf, LEDGER_PATH } from './stage.ts'

/** Lacking cells that are named; the rest is counted. */
const MOST_LACKING_LISTED = 1000
/** Absences that say a cell was withdrawn: by the source itself, or by two vendors. The others only say why nobody can be asked for it again. */
const WITHDRAWN = `('SOURCE_SAYS_NONE', 'VENDORS_AGREE_EMPTY', 'NO_TRADES', 'NOT_LISTED_YET', 'DELISTED')`

/**
 * Null when the new bundle has all that the bundle of `than` has, or when that one cannot be read. A cell that is held by now, that the source
 * withdrew, or that is no longer expected (another universe, another depth, a dataset that is not configured) is not lacking; one that was corrected is there.
 * Cost: one join of what the two ledgers do not share, which DuckDB spills where it is large.
 */
export async function lackingCells(
  lake: Lake,
  ledger: string,
  datasets: readonly BundledDataset[],
  than: Dt,
): Promise<Lacking | null> {
  const manifest = await readManifest(lake.exportRoot, than)
  const old = join(bundleFolder(lake.exportRoot, than), LEDGER_PATH)
  const recorded = manifest?.files.find(({ path }) => path === LEDGER_PATH)?.sha256
  // A bundle whose ledger is not what it was is not the better one.
  if (!manifest || recorded === undefined || (await hashIfThere(old)) !== recorded) return null
  // The rows of a part that both have are the same.
  const unlike = await partsUnlike(old, ledger)
  if (unlike?.length === 0) return null
  const isUnlike = unlike === null ? 'true' : `(${unlike.map(isInPartSql).join(' OR ')})`
  // The ledger of an older version tells of partitions that its bundle left out.
  const had = isOneOf(
    manifest.files.flatMap(({ dataset, partition }) => (dataset && partition ? [{ dataset, partition }] : [])),
  )
  const ranges = datasets.flatMap(({ name, ranges: each }) =>
    each.map(({ symbol, fromDt, toDt }) => [name, symbol, fromDt, toDt]),
  )
  const columns = { dataset: 'VARCHAR', symbol: 'VARCHAR', from_dt: 'DATE', to_dt: 'DATE' }
  return withTable(lake.duck, 'lives', columns, ranges, async (symbolRange) => {
    const sql = (what: string, tail = '') => `
      WITH old AS (SELECT dataset, symbol, dt FROM ${readParquet(old)} WHERE status <> 'RED' AND "rows" > 0 AND ${had} AND ${isUnlike})
      SELECT ${what} FROM old JOIN ${symbolRange} l ON l.dataset = old.dataset AND l.symbol = old.symbol AND old.dt BETWEEN l.from_dt AND l.to_dt
      LEFT JOIN (SELECT dataset, symbol, dt, "rows", reason, status, flags, true AS known FROM ${readParquet(ledger)} WHERE ${isUnlike}) n
        ON n.dataset = old.dataset AND n.symbol = old.symbol AND n.dt = old.dt
      WHERE coalesce(n."rows", 0) = 0 AND coalesce(n.reason, '') NOT IN ${WITHDRAWN} ${tail}`
    const [counted] = await lake.duck.all<{ cells: number }>(sql('count(*) AS cells'))
    const total = counted?.cells ?? 0
    if (total === 0) return null
    const cells = await lake.duck.all<Lacking['cells'][number]>(
      sql(
        `old.dataset, old.symbol, old.dt, IF(n.known, concat_ws(' ', n.status, coalesce(n.reason, nullif(n.flags, ''))), 'not judged') AS now`,
        `ORDER BY ALL LIMIT ${MOST_LACKING_LISTED}`,
      ),
    )
    return { than, total, cells }
  })
}

async function hashIfThere(path: string): Promise<string | null> {
  try {
    return await sha256OfFile(path)
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return null
  }
}
