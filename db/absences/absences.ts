/** Reasons of absence: reading them, and looking again when it is time. */
import { and, between, eq, gte, lte, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { SAYS_NONE } from '../empty-months/final-none.ts'
import { listNones } from '../empty-months/none-months.ts'
import { absences } from './table.ts'

export interface Absence {
  symbol: string
  dt: string
  reason: string
  recheckAt: number | null
}

const shown = { symbol: absences.symbol, dt: absences.dt, reason: absences.reason, recheckAt: absences.recheckAt }

export async function listAbsences(db: Db, dataset: string, fromDt: string, toDt: string): Promise<Absence[]> {
  const rows = await db.orm
    .select(shown)
    .from(absences)
    .where(and(eq(absences.dataset, dataset), between(absences.dt, fromDt, toDt)))
  for (const cell of await listNones(db, dataset, fromDt, toDt)) {
    rows.push({ ...cell, reason: SAYS_NONE, recheckAt: null })
  }
  return rows
}

/** Absences from a day on whose time to look again has come, oldest day first. */
export const dueAbsences = async (
  db: Db,
  dataset: string,
  now: number,
  limit: number,
  fromDt = '',
): Promise<Absence[]> =>
  db.orm
    .select(shown)
    .from(absences)
    .where(and(eq(absences.dataset, dataset), lte(absences.recheckAt, now), gte(absences.dt, fromDt)))
    .orderBy(absences.dt, absences.symbol)
    .limit(limit)

/** Says why cells without a task are missing (too recent, before every history); coverage is not touched. */
export async function explainAbsences(
  db: Db,
  dataset: string,
  explained: readonly Absence[],
  now: number,
): Promise<void> {
  if (explained.length === 0) return
  await db.write([
    sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
        SELECT ${dataset}, value->>'symbol', value->>'dt', value->>'reason', ${now}, value->>'recheckAt'
        FROM json_each(${JSON.stringify(explained)}) WHERE true
        ON CONFLICT DO UPDATE SET reason = excluded.reason, recheck_at = excluded.recheck_at
          WHERE reason <> excluded.reason OR recheck_at IS NOT excluded.recheck_at`,
  ])
}
