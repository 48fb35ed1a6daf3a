/** Present cells whose vendor may have corrected them since it was last asked: which, and whom to ask. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { ExpectedRange } from '../coverage/mask-grid.ts'
import { dayOf } from '../day-of.ts'
import { evidenceOfCells } from '../packed-months/both-forms.ts'
import { packedAttempts } from '../packed-months/packed-attempts.ts'

/** A trading day that is to be read again unless that has happened since `dueAt`, epoch ms. */
export interface RereadWindow {
  dt: string
  dueAt: number
}

export interface RereadTerms {
  dataset: string
  windows: readonly RereadWindow[]
  ranges: readonly ExpectedRange[]
  /** All vendors of the dataset, the preferred one first. */
  preferred: readonly string[]
  /** Those of them that may be asked. */
  askable: readonly string[]
  now: number
  limit: number
}

/**
 * Oldest day first. The vendor is the one whose version wins the cell by curation's order: good versions before refused ones, then
 * preference. Left out are cells with an open task and cells that vendor refuses at the moment. Looks at the given days only.
 */
export async function dueRereads(
  db: Db,
  terms: RereadTerms,
): Promise<{ symbol: string; dt: string; vendor: string }[]> {
  const { dataset, windows, ranges, preferred, askable, now, limit } = terms
  if (windows.length === 0 || askable.length === 0 || limit <= 0) return []
  const rank = (version: 'a' | 'b') => {
    const column = sql.identifier(version)
    return sql`(${column}.refused_for IS NOT NULL, coalesce((SELECT rank FROM ranks WHERE vendor = ${column}.vendor), 999), ${column}.vendor)`
  }
  const better = sql`SELECT 1 FROM ${evidenceOfCells(dataset, sql`(SELECT a.symbol, a.dt)`, ['digest', 'refused_for'])} b
    WHERE b.vendor <> a.vendor AND b.digest IS NOT NULL AND ${rank('b')} < ${rank('a')}`
  const open = sql`SELECT 1 FROM gap_tasks t
    WHERE t.dataset = ${dataset} AND t.symbol = a.symbol AND t.dt = a.dt AND t.done_at IS NULL`
  const demoted = sql`SELECT 1 FROM demotions d
    WHERE d.vendor = a.vendor AND d.dataset = ${dataset} AND d.symbol IN ('*', a.symbol)
      AND a.dt BETWEEN d.from_dt AND d.to_dt AND d.until > ${now}`
  // A packed month has had its last window. One that was packed by a clock that ran ahead has not.
  const packed = sql`FROM windows w CROSS JOIN packed_months p CROSS JOIN month_days d
    WHERE p.dataset = ${dataset} AND p.month = substr(w.dt, 1, 7) AND d.day = ${dayOf(sql`w.dt`)}`
  const columns = ['digest', 'refused_for', 'at', 'reread_at'] as const
  const ofWindows = sql`(SELECT w.due_at, a.symbol, a.dt, a.vendor, a.digest, a.refused_for, a.at, a.reread_at
    FROM windows w CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.dt = w.dt
    UNION ALL SELECT * FROM ${packedAttempts(packed, columns, ['w.due_at'])})`
  return await db.all(sql`
    WITH windows AS MATERIALIZED (SELECT value->>'dt' AS dt, value->>'dueAt' AS due_at FROM json_each(${JSON.stringify(windows)})),
    lives AS MATERIALIZED (SELECT value->>'symbol' AS symbol, value->>'fromDt' AS from_dt, value->>'toDt' AS to_dt
      FROM json_each(${JSON.stringify(ranges)})),
    ranks AS MATERIALIZED (SELECT value AS vendor, key AS rank FROM json_each(${JSON.stringify(preferred)}))
    SELECT a.symbol, a.dt, a.vendor
    FROM ${ofWindows} a JOIN lives l ON l.symbol = a.symbol AND a.dt BETWEEN l.from_dt AND l.to_dt
    WHERE a.digest IS NOT NULL AND max(a.at, coalesce(a.reread_at, 0)) < a.due_at
      AND a.vendor IN (SELECT value FROM json_each(${JSON.stringify(askable)}))
      AND NOT EXISTS (${better}) AND NOT EXISTS (${open}) AND NOT EXISTS (${demoted})
    ORDER BY a.dt, a.symbol LIMIT ${limit}`)
}
