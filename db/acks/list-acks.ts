/** The newest acknowledgements, each puller's word on each bundle. */
import { desc } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { Ack } from './record-ack.ts'
import { acks } from './table.ts'

export const listAcks = async (db: Db, limit: number): Promise<Ack[]> =>
  db.orm.select().from(acks).orderBy(desc(acks.asof), acks.puller).limit(limit)
