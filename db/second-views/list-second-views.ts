/** What second vendors' versions decided: of one cell, and of all since an instant. */
import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { secondViews } from './table.ts'

/** `numbers` as JSON, `decidedAt` epoch ms. */
export type KeptSecondView = typeof secondViews.$inferSelect

export async function findSecondView(
  db: Db,
  dataset: string,
  symbol: string,
  dt: string,
): Promise<KeptSecondView | undefined> {
  const [row] = await db.orm
    .select()
    .from(secondViews)
    .where(and(eq(secondViews.dataset, dataset), eq(secondViews.symbol, symbol), eq(secondViews.dt, dt)))
  return row
}

export interface SecondViews {
  total: number
  /** At most as many as asked for, by dataset, symbol and day. */
  cells: {
    dataset: string
    symbol: string
    dt: string
    vendor: string
    secondVendor: string
    action: string
    numbers: string
  }[]
}

/** Decided after `since`, of days up to `asof`. */
export async function listSecondViews(db: Db, since: number, asof: string, most: number): Promise<SecondViews> {
  const wanted = sql`FROM second_views WHERE decided_at > ${since} AND dt <= ${asof}`
  const [count] = await db.all<{ total: number }>(sql`SELECT count(*) AS total ${wanted}`)
  const cells = await db.all<SecondViews['cells'][number]>(
    sql`SELECT dataset, symbol, dt, vendor, second_vendor AS secondVendor, action, numbers ${wanted} ORDER BY dataset, symbol, dt LIMIT ${most}`,
  )
  return { total: count?.total ?? 0, cells }
}
