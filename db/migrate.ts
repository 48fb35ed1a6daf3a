/** Brings the database to the newest schema; forward only, safe to repeat. */
import { migrate } from 'drizzle-orm/libsql/migrator'
import type { Db } from './client.ts'

export async function migrateDb(db: Db, migrationsFolder: string): Promise<void> {
  await migrate(db.orm, { migrationsFolder })
}
