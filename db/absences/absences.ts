/** Reasons of absence: reading them, and looking again when it is time. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface Absence {
  symbol: string
  dt: string
  reason: string
  recheckAt: number | null
}

export const listAbsences = (db: Db, dataset: string, fromDt: string, toDt: string): Promise<Absence[]> =>
  db.all<Absence>(sql`
    SELECT symbol, dt, reason, recheck_at AS recheckAt FROM absences
    WHERE dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt}`)

/** Absences whose time to look again has come, oldest day first. */
export const dueAbsences = (db: Db, dataset: string, now: number, limit: number): Promise<Absence[]> =>
  db.all<Absence>(sql`
    SELECT symbol, dt, reason, recheck_at AS recheckAt FROM absences
    WHERE dataset = ${dataset} AND recheck_at <= ${now} ORDER BY dt, symbol LIMIT ${limit}`)

/** Says why cells without a task are missing (too recent, before every history); coverage is not touched. */
export async function explainAbsences(
  db: Db,
  dataset: string,
  absences: readonly Absence[],
  now: number,
): Promise<void> {
  if (absences.length === 0) return
  await db.write([
    sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
        SELECT ${dataset}, value->>'symbol', value->>'dt', value->>'reason', ${now}, value->>'recheckAt'
        FROM json_each(${JSON.stringify(absences)}) WHERE true
        ON CONFLICT DO UPDATE SET reason = excluded.reason, recheck_at = excluded.recheck_at
          WHERE reason <> excluded.reason OR recheck_at IS NOT excluded.recheck_at`,
  ])
}
