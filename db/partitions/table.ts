/**
 * partitions: the units of curated files. `version` grows with a change of a partition's cells, unless it is touched already and nobody
 * works on it; curation and QC record the version they saw, so many changes cost one rebuild and a change during a rebuild is not lost.
 *
 *   touched: version > curated_version
 *   unchecked: curated_version = version, and checked_version < version, checked_context < context_version or no ledger_sha256
 *
 * A partition that the configuration no longer expects is retired, not deleted: an audit with a wrong clock or an emptied universe then costs
 * a rebuild at most. No work is handed out for it and no bundle shows it until an audit expects it again.
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
    /** Of a partition without a lease: the instant before which it is not tried again. */
    leaseExpiresAt: integer('lease_expires_at').notNull().default(0),
    /** sha256 of the ledger fragment that the last judgement wrote. Null: not judged, or the fragment was found damaged. */
    ledgerSha256: text('ledger_sha256'),
    /** Tries that failed, or found a damaged file, since the last judgement; and the last error. */
    failures: integer('failures').notNull().default(0),
    lastError: text('last_error'),
    /** Epoch ms. */
    retiredAt: integer('retired_at'),
    /** Grows when what the partition is judged beside changed: bars of the partitions around it, splits, the rules. A judgement records which it saw. */
    contextVersion: integer('context_version').notNull().default(0),
    checkedContext: integer('checked_context').notNull().default(0),
    /** What the last judgement saw: digests of the bars before and after the partition and of the splits; and its ruleset. */
    seenBefore: text('seen_before'),
    seenAfter: text('seen_after'),
    seenSplits: text('seen_splits'),
    ruleset: text('ruleset'),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.partition] }),
    index('partitions_work').on(table.version, table.curatedVersion, table.checkedVersion),
  ],
)
