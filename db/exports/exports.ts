/** The bundles made: one row per as-of day, the newest content. */
import { desc, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { bundles } from './table.ts'

const SHOWN = 30

export interface ExportRow {
  asof: string
  madeAt: number
  digest: string
  files: number
  bytes: number
}

export async function recordExport(db: Db, made: ExportRow): Promise<void> {
  await db.write([
    sql`INSERT INTO exports (asof, made_at, digest, files, bytes)
        VALUES (${made.asof}, ${made.madeAt}, ${made.digest}, ${made.files}, ${made.bytes})
        ON CONFLICT DO UPDATE SET made_at = excluded.made_at, digest = excluded.digest, files = excluded.files,
          bytes = excluded.bytes WHERE digest <> excluded.digest`,
  ])
}

/** The bundle of the newest day; null before the first. */
export const newestExport = async (db: Db): Promise<ExportRow | null> =>
  (await db.orm.select().from(bundles).orderBy(desc(bundles.asof)).limit(1))[0] ?? null

/** The newest first. */
export const listExports = async (db: Db): Promise<ExportRow[]> =>
  db.orm.select().from(bundles).orderBy(desc(bundles.asof)).limit(SHOWN)
