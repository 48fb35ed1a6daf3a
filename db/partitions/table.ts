/**
 * partitions: the units of curated files. `version` grows with a change of a partition's cells, unless it is touched already and nobody
 * works on it; curation and QC record the version they saw, so many changes cost one rebuild and a change during a rebuild is not lost.
 *
 *   touched: version > curated_version        unchecked: curated_version = version > checked_version
 */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const partitions = sqliteTable(
  'partitions',
  {
    dataset: text('dataset').notNull(),
    partition: text('partition').notNull(),
    version: integer('version').notNull(),
    touchedAt: integer('touched_at').notNull(),
    /** Fingerprint of the cells the calendar and the universe expect in it. */
    expected: text('expected').notNull(),
    curatedVersion: integer('curated_version').notNull().default(0),
    curatedSha256: text('curated_sha256'),
    curatedRows: integer('curated_rows'),
    curatedAt: integer('curated_at'),
    checkedVersion: integer('checked_version').notNull().default(0),
    checkedAt: integer('checked_at'),
    red: integer('red'),
    leaseToken: text('lease_token'),
    leaseExpiresAt: integer('lease_expires_at').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.partition] }),
    index('partitions_work').on(table.version, table.curatedVersion, table.checkedVersion),
  ],
)
