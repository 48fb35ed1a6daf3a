/** What vendors refuse to serve of one cell at the moment, each with how long that is believed. */
import { and, eq, gt, gte, inArray, lte } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { Demotion } from './demotions.ts'
import { demotions } from './table.ts'

export const listCellDemotions = async (
  db: Db,
  dataset: string,
  symbol: string,
  dt: string,
  now: number,
): Promise<Demotion[]> =>
  db.orm
    .select()
    .from(demotions)
    .where(
      and(
        eq(demotions.dataset, dataset),
        inArray(demotions.symbol, ['*', symbol]),
        lte(demotions.fromDt, dt),
        gte(demotions.toDt, dt),
        gt(demotions.until, now),
      ),
    )
    .orderBy(demotions.vendor, demotions.symbol, demotions.outcome)
