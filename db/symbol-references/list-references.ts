/** What every vendor said of every symbol, by symbol and vendor. */
import type { Db } from '../client.ts'
import { symbolReferences } from './table.ts'

export type ReferenceRow = typeof symbolReferences.$inferSelect

export const listReferences = (db: Db): Promise<ReferenceRow[]> =>
  db.orm.select().from(symbolReferences).orderBy(symbolReferences.symbol, symbolReferences.vendor)
