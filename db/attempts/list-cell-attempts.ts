/** Every vendor's last answer about one cell, with all that is kept of it: the evidence. */
import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { NEVER } from '../clock-moments.ts'
import { holdsDay } from '../empty-months/final-none.ts'
import { attempts } from './table.ts'

/** Instants are epoch ms; an `askAgainAt` of Number.MAX_SAFE_INTEGER is never. */
export interface CellAttempt extends Omit<typeof attempts.$inferSelect, 'dataset' | 'symbol' | 'dt'> {
  /** Of an answer that is kept by month: it came between this and `at`. Null where `at` is its own instant. */
  since: number | null
}

/** By vendor. */
export async function listCellAttempts(db: Db, dataset: string, symbol: string, dt: string): Promise<CellAttempt[]> {
  const rows = await db.orm
    .select()
    .from(attempts)
    .where(and(eq(attempts.dataset, dataset), eq(attempts.symbol, symbol), eq(attempts.dt, dt)))
  const months = await db.all<{ vendor: string; firstAt: number; lastAt: number }>(sql`
    SELECT e.vendor, e.first_at AS firstAt, e.last_at AS lastAt FROM empty_months e
    WHERE ${holdsDay(dataset, sql`${symbol}`, sql`${dt}`)}`)
  return [
    ...rows.map(({ dataset: _dataset, symbol: _symbol, dt: _dt, ...row }) => ({ ...row, since: null })),
    ...months.map(({ vendor, firstAt, lastAt }) => ({
      ...EMPTY,
      vendor,
      at: lastAt,
      since: firstAt < lastAt ? firstAt : null,
    })),
  ].sort((a, b) => (a.vendor < b.vendor ? -1 : 1))
}

const EMPTY = {
  count: 1,
  outcome: 'empty',
  status: null,
  rows: 0,
  digest: null,
  note: null,
  askAgainAt: NEVER,
  refusedFor: null,
  rereadAt: null,
} as const
