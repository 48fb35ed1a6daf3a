/** Moves a vendor's bookmarks forward to the newest of the days it delivered, never back: the one statement that writes them. */
import { type SQL, sql } from 'drizzle-orm'
import type { Param } from '../prepared.ts'

/** `delivered`: rows of symbol and dt, also several of one symbol. */
export const advanceBookmark = (vendor: Param<string>, dataset: Param<string>, delivered: SQL): SQL => sql`
  INSERT INTO bookmarks (vendor, dataset, symbol, last_dt)
  SELECT ${vendor}, ${dataset}, symbol, max(dt) FROM ${delivered} GROUP BY symbol
  ON CONFLICT DO UPDATE SET last_dt = excluded.last_dt WHERE excluded.last_dt > last_dt`
