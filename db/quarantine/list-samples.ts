/** The samples kept, newest first. */
import { desc, eq } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { Sample } from './keep-samples.ts'
import { quarantine } from './table.ts'

export interface KeptSample extends Sample {
  /** Epoch ms of the newest sighting. */
  at: number
  times: number
}

/** At most `limit`, of one vendor or, with null, of all. */
export async function listSamples(db: Db, limit: number, vendor: string | null): Promise<KeptSample[]> {
  const rows = await db.orm
    .select()
    .from(quarantine)
    .where(vendor === null ? undefined : eq(quarantine.vendor, vendor))
    .orderBy(desc(quarantine.at), desc(quarantine.id))
    .limit(limit)
  return rows.map(({ id: _, symbol, dt, ...row }) => ({
    ...row,
    symbol: symbol === '' ? null : symbol,
    dt: dt === '' ? null : dt,
  }))
}
