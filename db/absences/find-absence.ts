/** Why one cell has no data; undefined where no reason is kept. */
import { and, eq } from 'drizzle-orm'
import type { Db } from '../client.ts'
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
  return row
}
