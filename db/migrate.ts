/** Brings the database to the newest schema; forward only, safe to repeat. */
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import type { Db } from './client.ts'

export async function migrateDb(db: Db, migrationsFolder: string): Promise<void> {
  const bring = (): Promise<void> => migrate(db.orm as LibSQLDatabase, { migrationsFolder })
  // Another node of the same server may have been at it: all of a migration or nothing is done, so looking again is enough.
  await bring().catch(bring)
}
