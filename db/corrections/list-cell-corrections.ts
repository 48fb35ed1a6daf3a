/** The versions of one cell that replaced an accepted one, oldest first. */
import { and, eq } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { corrections } from './table.ts'

/** `at`, epoch ms, is the night that found it; changes are relative to the value before. */
export type CellCorrection = Omit<typeof corrections.$inferSelect, 'dataset' | 'symbol' | 'dt'>

export const listCellCorrections = async (
  db: Db,
  dataset: string,
  symbol: string,
  dt: string,
): Promise<CellCorrection[]> =>
  (
    await db.orm
      .select()
      .from(corrections)
      .where(and(eq(corrections.dataset, dataset), eq(corrections.symbol, symbol), eq(corrections.dt, dt)))
      .orderBy(corrections.at, corrections.vendor, corrections.digest)
  ).map(({ dataset: _dataset, symbol: _symbol, dt: _dt, ...row }) => row)
