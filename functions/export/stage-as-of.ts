/** A bundle of an older day has corporate actions and yields as they stood then, and a ledger that says so. */
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { footerTexts } from '../_market/column-meanings.ts'
import type { Dt } from '../_market/dt.ts'
import type { Incomplete } from './manifest.ts'
import type { BundledDataset } from './partitions.ts'
import { LEDGER_PATH, rewrite, rowsOf } from './stage.ts'
import { type BundleFile, described, type Partition } from './stage-vouched.ts'
import { ledgerInBundle, rewriteLedger } from './trim-ledger.ts'

/** Writes a partition as it stood on the day of the bundle to a file; false where it had no rows. */
export type AsOfWriter = (partition: Partition, path: string) => Promise<boolean>

/** Those whose raw files keep what was said before. */
const keepsHistory = ({ spec }: BundledDataset): boolean =>
  spec.expected_rows === 'events' || spec.expected_rows === 'series'

/**
 * Puts each judged partition as it was in place of the staged one where they differ; cells that are held in `ledger` stay out. A partition whose raw files
 * cannot be read stays as it is now, and is returned in `failed`. Without a writer, all stays as it is.
 */
export async function stageAsOf(
  lake: Lake,
  staging: string,
  ledger: string,
  dataset: BundledDataset,
  { files, unjudged }: { files: readonly BundleFile[]; unjudged: readonly Partition[] },
  write: AsOfWriter | null,
): Promise<{ files: BundleFile[]; failed: Incomplete[] }> {
  if (write === null || !keepsHistory(dataset)) return { files: [...files], failed: [] }
  const { name, spec } = dataset
  const staged: BundleFile[] = []
  const failed: Incomplete[] = []
  for (const { partition, ledgerSha256 } of dataset.partitions) {
    const key = { dataset: name, partition }
    const now = files.find((file) => file.partition === partition)
    const isLeftOut = ledgerSha256 === null || unjudged.some((one) => one.partition === partition)
    if (isLeftOut) continue
    const temp = join(staging, `.as-of-${name}-${partition}.parquet`)
    try {
      if (await write(key, temp)) {
        const path = `curated/${name}/${spec.partition}=${partition}/data.parquet`
        const file = await replaceStaged(lake, staging, ledger, dataset, { temp, path, now })
        if (file !== null) staged.push({ ...file, ...key })
        continue
      }
      if (now) await rm(dirname(join(staging, now.path)), { recursive: true })
    } catch (error) {
      if (now) staged.push(now)
      const said = `${error instanceof Error ? error.message : error}`.replaceAll(join(lake.root, '/'), '')
      const reason = `it is as of now, not of its day: ${said}`
      failed.push({ ...key, reason, leftOut: false, cells: 0, first: [] })
    }
  }
  return { files: staged, failed }
}

async function replaceStaged(
  lake: Lake,
  staging: string,
  ledger: string,
  { name, spec }: BundledDataset,
  { temp, path, now }: { temp: string; path: string; now: BundleFile | undefined },
): Promise<BundleFile | null> {
  const isSeries = spec.expected_rows === 'series'
  const held = `(SELECT DISTINCT ${isSeries ? 'dt AS date' : 'symbol, dt'} FROM ${readParquet(ledger)} WHERE dataset = ${sqlText(name)} AND status = 'RED')`
  const cell = isSeries ? 'USING (date)' : 'USING (symbol, dt)'
  const [counted] = await lake.duck.all<{ rows: number }>(
    `SELECT count(*) AS "rows" FROM ${readParquet(temp)} SEMI JOIN ${held} ${cell}`,
  )
  if ((counted?.rows ?? 0) > 0) {
    const order = isSeries ? 'date' : ['symbol', 'dt', ...spec.key.map((column) => `"${column}"`)].join(', ')
    const sql = `SELECT * FROM ${readParquet(temp)} ANTI JOIN ${held} ${cell} ORDER BY ${order}`
    await rewrite(lake, temp, sql, footerTexts(name, spec.groups))
  }
  const rows = await rowsOf(lake, temp)
  const full = join(staging, path)
  if (rows === 0) {
    await rm(temp)
    await rm(dirname(full), { recursive: true, force: true })
    return null
  }
  const asItWas = { ...(await described(staging, temp.slice(staging.length + 1))), path, rows }
  if (now?.sha256 === asItWas.sha256) {
    await rm(temp)
    return now
  }
  await mkdir(dirname(full), { recursive: true })
  await rename(temp, full)
  return asItWas
}

/** Rewrites the staged ledger so that it counts the rows that the files of `data` have of actions and yields. Returns it. */
export async function alignLedger(
  lake: Lake,
  staging: string,
  datasets: readonly BundledDataset[],
  data: readonly BundleFile[],
  asof: Dt,
): Promise<BundleFile> {
  const path = join(staging, LEDGER_PATH)
  for (const dataset of datasets.filter(keepsHistory)) {
    const files = data.filter((file) => file.dataset === dataset.name)
    const paths = files.map((file) => join(staging, file.path))
    const because = `as of ${asof}: ${files.map((file) => file.sha256).join(' ')}`
    await rewriteLedger(lake, staging, { ...alignedSql(path, dataset, paths), because, asof })
  }
  return await ledgerInBundle(lake, staging)
}

function alignedSql(ledger: string, { name, spec }: BundledDataset, files: readonly string[]) {
  const isSeries = spec.expected_rows === 'series'
  const none = `SELECT NULL::VARCHAR AS symbol, NULL::DATE AS dt, 0 AS n WHERE false`
  const there = isSeries
    ? `SELECT DISTINCT NULL::VARCHAR AS symbol, date AS dt, 1 AS n FROM ${files.length > 0 ? readParquet(files) : ''}`
    : `SELECT symbol, dt, count(*) AS n FROM ${files.length > 0 ? readParquet(files) : ''} GROUP BY ALL`
  const isCell = isSeries ? 'c.dt = l.dt' : 'c.symbol = l.symbol AND c.dt = l.dt'
  const isIts = `l.dataset = ${sqlText(name)} AND l.status <> 'RED'`
  const isGone = `${isIts} AND l."rows" > 0 AND c.n IS NULL`
  const reason = isSeries ? 'TOO_RECENT' : 'SOURCE_SAYS_NONE'
  // A wide row does not say how many of its values a group had.
  const isThere = `${isIts} AND c.n > 0 AND ${!isSeries}`
  const from = `${readParquet(ledger)} l LEFT JOIN (${files.length > 0 ? there : none}) c ON ${isCell} AND l.dataset = ${sqlText(name)}`
  return {
    changed: `SELECT l.dataset, l.dt FROM ${from} WHERE ${isGone} OR ${isThere} AND (l."rows" <> c.n OR l.reason IS NOT NULL)`,
    sql: `SELECT l.* REPLACE (
      CASE WHEN ${isGone} THEN 0 WHEN ${isThere} THEN c.n ELSE l."rows" END::INTEGER AS "rows",
      CASE WHEN ${isGone} THEN '${reason}' WHEN ${isThere} THEN NULL ELSE l.reason END AS reason)
    FROM ${from}`,
  }
}
