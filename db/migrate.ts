/** Brings the database to the newest schema; forward only, safe to repeat. */
import { sql } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Db } from './client.ts'

/** The database was brought to a schema that this program does not know. */
export class NewerSchemaError extends Error {
  constructor() {
    super(
      'the database was written by a newer version of this program: start that one, or give this one a DATA_ROOT of its own',
    )
    this.name = 'NewerSchemaError'
  }
}

/** The instants (`when`) of this program's migrations. */
export const instantsOfMigrations = (migrationsFolder: string): { when: number }[] =>
  readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => ({ when: folderMillis }))

export async function migrateDb(db: Db, migrationsFolder: string): Promise<void> {
  const bring = (): Promise<void> => migrate(db.orm as LibSQLDatabase, { migrationsFolder })
  // It hides the table a migration means.
  if (db.exclusive) await db.orm.run(sql`DROP TABLE IF EXISTS temp.settlement_staging`)
  // Another node of the same server may have been at it: all of a migration or nothing is done, so looking again is enough.
  await bring().catch(bring)
  if (db.exclusive) await settleInMemory(db)
}

/** Throws NewerSchemaError where a migration was applied that came after `newest`, the last one this program has (its `when`). */
export async function refuseNewer(db: Db, newest: number): Promise<void> {
  const [journal] = await db.all(sql`SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'`)
  if (!journal) return
  const [done] = await db.all<{ newest: number | null }>(
    sql`SELECT max(created_at) AS newest FROM __drizzle_migrations`,
  )
  if ((done?.newest ?? 0) > newest) throw new NewerSchemaError()
}

/** Those to come, by their instant (`when`), for a database that was migrated before; none for a new one. */
export async function migrationsToCome<Migration extends { when: number }>(
  db: Db,
  all: readonly Migration[],
): Promise<Migration[]> {
  const [journal] = await db.all(sql`SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'`)
  if (!journal) return []
  const [done] = await db.all<{ newest: number | null }>(
    sql`SELECT max(created_at) AS newest FROM __drizzle_migrations`,
  )
  const newest = done?.newest ?? null
  return newest === null ? [] : all.filter(({ when }) => when > newest).sort((a, b) => a.when - b.when)
}

/** False for a database that has tables and was never migrated: it is another program's, or the log beside the file was. */
export async function isOurs(db: Db): Promise<boolean> {
  const [tables] = await db.all<{ all: number; ours: number }>(
    sql`SELECT count(*) AS "all", coalesce(sum(name = '__drizzle_migrations'), 0) AS ours FROM sqlite_master`,
  )
  return tables === undefined || tables.all === 0 || tables.ours > 0
}

/** What a batch fills and empties again would go through the log page by page, for nothing: where one process writes, it is in memory. */
async function settleInMemory(db: Db): Promise<void> {
  const [table] = await db.all<{ text: string }>(
    sql`SELECT sql AS text FROM main.sqlite_master WHERE name = 'settlement_staging'`,
  )
  // Absent from the schemas of before it had this name, which only tests stop at.
  if (!table) return
  await db.orm.run(sql`PRAGMA temp_store = MEMORY`)
  await db.orm.run(sql.raw(table.text.replace('CREATE TABLE', 'CREATE TEMP TABLE')))
}
