/** A file of manifest lines is reflected in the database up to a byte; the mark never moves back. */
import { type SQL, sql } from 'drizzle-orm'

export const raiseMark = ({ path, bytes }: { path: string; bytes: number }): SQL => sql`
  INSERT INTO manifests (path, bytes) VALUES (${path}, ${bytes})
  ON CONFLICT DO UPDATE SET bytes = max(bytes, excluded.bytes)`
