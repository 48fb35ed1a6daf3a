/** The bundles made: one row per as-of day, the newest content. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

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

export const listExports = (db: Db): Promise<ExportRow[]> =>
  db.all<ExportRow>(sql`SELECT asof, made_at AS madeAt, digest, files, bytes FROM exports ORDER BY asof DESC LIMIT 30`)
