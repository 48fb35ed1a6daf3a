/** The newest acknowledgement. */
import { desc } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { Ack } from './record-ack.ts'
import { acks } from './table.ts'

/** Null before the first. */
export const lastAck = async (db: Db): Promise<Ack | null> =>
  (await db.orm.select().from(acks).orderBy(desc(acks.at), desc(acks.asof)).limit(1))[0] ?? null
