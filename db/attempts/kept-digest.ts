/** How much of a digest the database keeps: 16 of its 32 bytes. Manifests keep all, and rows of older versions do; so digests are compared by their beginning. */
import { type SQL, sql } from 'drizzle-orm'

/** Hex digits. */
export const KEPT_DIGITS = 32

/** The digits that count, of a column or of a digest that comes from outside. */
export const keptDigest = (digest: SQL): SQL => sql`substr(${digest}, 1, ${sql.raw(String(KEPT_DIGITS))})`
