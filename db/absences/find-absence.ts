/** Why one cell has no data; undefined where no reason is kept. */
import { and, eq } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { SAYS_NONE } from '../empty-months/final-none.ts'
import { findNone } from '../empty-months/none-months.ts'
import { absences } from './table.ts'

/** Epoch ms of the decision and of the next look; a null `recheckAt` means that the reason is final. */
export interface KeptAbsence {
  reason: string
  decidedAt: number
  recheckAt: number | null
}

export async function findAbsence(
  db: Db,
  dataset: string,
  symbol: string,
  dt: string,
): Promise<KeptAbsence | undefined> {
  const [row] = await db.orm
    .select({ reason: absences.reason, decidedAt: absences.decidedAt, recheckAt: absences.recheckAt })
    .from(absences)
    .where(and(eq(absences.dataset, dataset), eq(absences.symbol, symbol), eq(absences.dt, dt)))
  if (row) return row
  const decidedAt = await findNone(db, dataset, symbol, dt)
  return decidedAt === undefined ? undefined : { reason: SAYS_NONE, decidedAt, recheckAt: null }
}
