/** Brings the database to the newest schema; forward only, safe to repeat. */
import { sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import type { Db } from './client.ts'

export async function migrateDb(db: Db, migrationsFolder: string): Promise<void> {
  const bring = (): Promise<void> => migrate(db.orm as LibSQLDatabase, { migrationsFolder })
  // It hides the table a migration means.
  if (db.exclusive) await db.orm.run(sql`DROP TABLE IF EXISTS temp.settling`)
  // Another node of the same server may have been at it: all of a migration or nothing is done, so looking again is enough.
  await bring().catch(bring)
  if (db.exclusive) await settleInMemory(db)
}

/** What a batch fills and empties again would go through the log page by page, for nothing: where one process writes, it is in memory. */
async function settleInMemory(db: Db): Promise<void> {
  const [table] = await db.all<{ text: string }>(
    sql`SELECT sql AS text FROM main.sqlite_master WHERE name = 'settling'`,
  )
  await db.orm.run(sql`PRAGMA temp_store = MEMORY`)
  await db.orm.run(sql.raw(table!.text.replace('CREATE TABLE', 'CREATE TEMP TABLE')))
}
