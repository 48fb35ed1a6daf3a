/** Every vendor's last answer about one cell, with all that is kept of it: the evidence. */
import { and, eq } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { attempts } from './table.ts'

/** Instants are epoch ms; an `askAgainAt` of Number.MAX_SAFE_INTEGER is never. */
export type CellAttempt = Omit<typeof attempts.$inferSelect, 'dataset' | 'symbol' | 'dt'>

export const listCellAttempts = async (db: Db, dataset: string, symbol: string, dt: string): Promise<CellAttempt[]> =>
  (
    await db.orm
      .select()
      .from(attempts)
      .where(and(eq(attempts.dataset, dataset), eq(attempts.symbol, symbol), eq(attempts.dt, dt)))
      .orderBy(attempts.vendor)
  ).map(({ dataset: _dataset, symbol: _symbol, dt: _dt, ...row }) => row)
