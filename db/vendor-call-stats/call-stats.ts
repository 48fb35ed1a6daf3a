/** Counting what came of asking, reading the counts of some time, and forgetting the old ones. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface CallStats {
  vendor: string
  dataset: string
  calls: number
  rows: number
  /** Sum over all calls, ms. */
  tookMs: number
  /** From the claims to the last settled task, the answers among it but no wait for a budget: sum over all plans, ms. */
  dispatchMs: number
  filled: number
  short: number
  empty: number
  refused: number
  postponed: number
  malformed: number
  unavailable: number
}

const SLOT_MS = 10 * 60_000
const KEEP_MS = 8 * 86_400_000

/** Adds the result of one plan. */
export async function addCallStats(db: Db, seen: CallStats, now: number): Promise<void> {
  const {
    vendor,
    dataset,
    calls,
    rows,
    tookMs,
    dispatchMs,
    filled,
    short,
    empty,
    refused,
    postponed,
    malformed,
    unavailable,
  } = seen
  await db.write([
    sql`INSERT INTO vendor_call_stats (vendor, dataset, starts_at, calls, rows, took_ms, dispatch_ms, filled, short, empty,
          refused, postponed, malformed, unavailable)
        VALUES (${vendor}, ${dataset}, ${Math.floor(now / SLOT_MS) * SLOT_MS}, ${calls}, ${rows}, ${tookMs}, ${dispatchMs}, ${filled}, ${short},
          ${empty}, ${refused}, ${postponed}, ${malformed}, ${unavailable})
        ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, rows = rows + excluded.rows, took_ms = took_ms + excluded.took_ms,
          dispatch_ms = dispatch_ms + excluded.dispatch_ms,
          filled = filled + excluded.filled, short = short + excluded.short, empty = empty + excluded.empty,
          refused = refused + excluded.refused, postponed = postponed + excluded.postponed,
          malformed = malformed + excluded.malformed, unavailable = unavailable + excluded.unavailable`,
  ])
}

/** Counts since an instant, to the ten minutes it lies in; a vendor and dataset that were not asked are left out. */
export async function sumCallStats(db: Db, since: number): Promise<{ since: number; callStats: CallStats[] }> {
  const from = Math.floor(since / SLOT_MS) * SLOT_MS
  const callStats = await db.all<CallStats>(sql`
    SELECT vendor, dataset, sum(calls) AS calls, sum(rows) AS rows, sum(took_ms) AS tookMs, sum(dispatch_ms) AS dispatchMs, sum(filled) AS filled,
           sum(short) AS short, sum(empty) AS empty, sum(refused) AS refused, sum(postponed) AS postponed,
           sum(malformed) AS malformed, sum(unavailable) AS unavailable
    FROM vendor_call_stats WHERE starts_at >= ${from} GROUP BY vendor, dataset ORDER BY vendor, dataset`)
  return { since: from, callStats }
}

/** By vendor and UTC day, of the days that are kept. */
export const callsByDay = (db: Db): Promise<{ vendor: string; day: string; calls: number; rows: number }[]> =>
  db.all(sql`
    SELECT vendor, date(starts_at / 1000, 'unixepoch') AS day, sum(calls) AS calls, sum(rows) AS rows
    FROM vendor_call_stats GROUP BY 1, 2 ORDER BY 1, 2`)

/** Returns how many rows were removed. */
export async function dropCallStats(db: Db, now: number): Promise<number> {
  const [rows] = await db.write([
    sql`DELETE FROM vendor_call_stats WHERE starts_at < ${now - KEEP_MS} RETURNING starts_at`,
  ])
  return rows?.length ?? 0
}
