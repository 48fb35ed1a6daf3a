/** Every vendor's last answer about one cell, with all that is kept of it: the evidence. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { NEVER } from '../clock-moments.ts'
import { holdsDay } from '../empty-months/final-none.ts'
import { evidenceOfCells } from '../packed-months/both-forms.ts'
import { EVERY_COLUMN } from '../packed-months/packed-attempts.ts'
import type { attempts } from './table.ts'

/** Instants are epoch ms; an `askAgainAt` of Number.MAX_SAFE_INTEGER is never. */
export interface CellAttempt extends Omit<typeof attempts.$inferSelect, 'dataset' | 'symbol' | 'dt'> {
  /** Of an answer that is kept by month: it came between this and `at`. Null where `at` is its own instant. */
  since: number | null
}

/** By vendor. */
export async function listCellAttempts(db: Db, dataset: string, symbol: string, dt: string): Promise<CellAttempt[]> {
  const rows = await db.all<Omit<CellAttempt, 'since'>>(sql`
    SELECT vendor, count, outcome, status, rows, digest, note, at, ask_again_at AS askAgainAt, refused_for AS refusedFor, reread_at AS rereadAt
    FROM ${evidenceOfCells(dataset, sql`(SELECT ${symbol} AS symbol, ${dt} AS dt)`, EVERY_COLUMN)}`)
  const months = await db.all<{ vendor: string; firstAt: number; lastAt: number }>(sql`
    SELECT e.vendor, e.first_at AS firstAt, e.last_at AS lastAt FROM empty_months e
    WHERE ${holdsDay(dataset, sql`${symbol}`, sql`${dt}`)}`)
  return [
    ...rows.map((row) => ({ ...row, since: null })),
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
