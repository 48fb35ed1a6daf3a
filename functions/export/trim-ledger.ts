/** Cuts the ledger of a bundle down to what the bundle holds, part by part: a part that needs no cut stays byte for byte. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '../_lake/digest.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { NO_PART } from '../_ledger/ledger.ts'
import { type LedgerParts, listedParts } from '../_ledger/ledger-parts.ts'
import { isInPartSql } from '../_ledger/part-names.ts'
import { type WantedPart, writeParts } from '../_ledger/write-parts.ts'
import type { Dt } from '../_market/dt.ts'
import { isOneOf, LEDGER_PATH, rowsOf } from './stage.ts'
import { type BundleFile, described, type Partition } from './stage-vouched.ts'

/** The flag of a cell that passed, and whose partition is not in the bundle all the same. */
const NOT_IN_BUNDLE = 'NOT_IN_BUNDLE'

/**
 * Cuts the staged ledger down to the as-of day. A cell that passed and whose partition is left out is RED in it, without rows: the ledger of a
 * bundle speaks of that bundle.
 */
export async function trimLedger(
  lake: Lake,
  staging: string,
  leftOut: readonly Partition[],
  asof: Dt,
): Promise<BundleFile> {
  const path = join(staging, LEDGER_PATH)
  const isOut = isOneOf(leftOut)
  const isLost = `"rows" > 0 AND status <> 'RED' AND ${isOut}`
  const trimmed = `SELECT * REPLACE (IF(${isLost}, 'RED', status) AS status, IF(${isLost}, 0, "rows")::INTEGER AS "rows",
         IF(${isLost}, concat_ws(',', nullif(flags, ''), '${NOT_IN_BUNDLE}'), flags) AS flags)
       FROM ${readParquet(path)} WHERE dt <= DATE ${sqlText(asof)}`
  await rewriteLedger(lake, staging, {
    changed: `SELECT dataset, dt FROM ${readParquet(path)} WHERE dt > DATE ${sqlText(asof)} OR ${isOut}`,
    sql: trimmed,
    because: `${asof} ${isOut}`,
    asof,
  })
  return await ledgerInBundle(lake, staging)
}

export interface LedgerChange {
  /** Query of (dataset, dt): where rows become others. */
  changed: string
  /** Query of the whole ledger as it shall be. */
  sql: string
  /** All that the change follows from beside the parts themselves. */
  because: string
  /** Parts after this day go. */
  asof: Dt
}

/** Makes the parts of the staged ledger anew in which something changes. A new file is written beside it: the link must never be written through. */
export async function rewriteLedger(
  lake: Lake,
  staging: string,
  { changed, sql, because, asof }: LedgerChange,
): Promise<void> {
  const path = join(staging, LEDGER_PATH)
  const months = await lake.duck.all<{ month: string }>(
    `SELECT DISTINCT dataset || ' ' || strftime(dt, '%Y-%m') AS month FROM (${changed})`,
  )
  if (months.length === 0) return
  const whole = await ownParts(path)
  const wanted = whole.parts.flatMap(({ name, source }): WantedPart[] => {
    const [, period = ''] = name.split(' ')
    if (period > asof.slice(0, period.length)) return []
    if (!months.some(({ month }) => month.startsWith(name))) return [{ name, source, sql: '' }]
    return [
      {
        name,
        source: sha256(`${source} ${because}`),
        sql: `SELECT * FROM (${sql}) WHERE ${isInPartSql(name)}`,
      },
    ]
  })
  const temp = `${path}.trimmed`
  await writeParts(lake, temp, wanted.length > 0 ? wanted : [NO_PART], whole)
  await rename(temp, path)
}

/** The staged ledger as a file of the bundle, with its parts. */
export async function ledgerInBundle(lake: Lake, staging: string): Promise<BundleFile> {
  const path = join(staging, LEDGER_PATH)
  const { parts } = await ownParts(path)
  return {
    ...(await described(staging, LEDGER_PATH)),
    rows: await rowsOf(lake, path),
    parts: parts.map(({ offset, bytes, sha256: hash }) => ({ offset, bytes, sha256: hash })),
  }
}

async function ownParts(path: string): Promise<LedgerParts> {
  const listed = await listedParts(path)
  if (listed === null) throw new Error(`expected a ledger that lists its parts at ${path}, got another file`)
  return listed
}
