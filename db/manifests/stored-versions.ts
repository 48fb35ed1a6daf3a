/** Which evidence says that a vendor's version of a cell is on the disk, and reading it by day. */
import { type SQL, sql } from 'drizzle-orm'
import type { Attempt } from '../attempts/list-attempts.ts'
import type { Db } from '../client.ts'
import { evidenceOfDays } from '../packed-months/both-forms.ts'
import { holdsDay } from '../packed-months/packed-attempts.ts'

/** A version that was read has a digest; one that was taken over unread says so by its outcome alone. `attempts` is the table or its alias. */
export const isStoredVersion = (attempts: string): SQL =>
  sql.raw(`(${attempts}.digest IS NOT NULL OR ${attempts}.outcome IN ('filled', 'short'))`)

/** The same question about a row that was read. */
export const storedVersions = ({ digest, outcome }: Pick<Attempt, 'digest' | 'outcome'>): boolean =>
  digest !== null || outcome === 'filled' || outcome === 'short'

export interface StoredCellVersion {
  symbol: string
  vendor: string
  /** Epoch ms of the answer. */
  at: number
  /** Of its rows, the first digits; null when nobody has read them. */
  digest: string | null
}

/** The versions of one day's cells that the database knows, by vendor. */
export async function storedVersionsOfDay(db: Db, dataset: string, dt: string): Promise<StoredCellVersion[]> {
  // One row a vendor: thousands of rows cost more to hand over than to find.
  const rows = await db.all<{ vendor: string; cells: string }>(sql`
    SELECT vendor, json_group_array(json_array(symbol, at, digest)) AS cells
    FROM ${evidenceOfDays(dataset, dt, dt, ['at', 'digest', 'outcome'])} e WHERE ${isStoredVersion('e')} GROUP BY vendor ORDER BY vendor`)
  return rows.flatMap(({ vendor, cells }) =>
    (JSON.parse(cells) as [string, number, string | null][]).map(([symbol, at, digest]) => ({
      symbol,
      vendor,
      at,
      digest,
    })),
  )
}

/** The days of a dataset that any vendor was ever asked about, ascending. */
export async function daysOfAttempts(db: Db, dataset: string): Promise<string[]> {
  const days = new Set(await daysOfRows(db, dataset))
  for (const month of await packedMonthsOf(db, dataset)) {
    const packed = await db.all<{ dt: string }>(sql`
      SELECT ${month} || '-' || d.text AS dt FROM (SELECT DISTINCT days FROM packed_months WHERE dataset = ${dataset} AND month = ${month}) p
        CROSS JOIN month_days d ON ${holdsDay} GROUP BY d.day`)
    for (const { dt } of packed) days.add(dt)
  }
  return [...days].sort()
}

/** Those that have rows of their own: found by skipping from one to the next. */
export const daysOfRows = async (db: Db, dataset: string): Promise<string[]> =>
  (
    await db.all<{ dt: string }>(sql`
      WITH RECURSIVE days(dt) AS (
        SELECT min(dt) FROM attempts WHERE dataset = ${dataset}
        UNION ALL SELECT (SELECT min(dt) FROM attempts WHERE dataset = ${dataset} AND dt > days.dt) FROM days WHERE days.dt IS NOT NULL)
      SELECT dt FROM days WHERE dt IS NOT NULL`)
  ).map(({ dt }) => dt)

const packedMonthsOf = async (db: Db, dataset: string): Promise<string[]> =>
  (
    await db.all<{ month: string }>(sql`
      WITH RECURSIVE months(month) AS (
        SELECT min(month) FROM packed_months WHERE dataset = ${dataset}
        UNION ALL SELECT (SELECT min(month) FROM packed_months WHERE dataset = ${dataset} AND month > months.month) FROM months WHERE months.month IS NOT NULL)
      SELECT month FROM months WHERE month IS NOT NULL`)
  ).map(({ month }) => month)
