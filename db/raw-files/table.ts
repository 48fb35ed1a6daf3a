/**
 * raw_files: what each raw file hashes to, so that whoever reads it next can check it. Kept in the order of its key and nowhere else (WITHOUT ROWID
 * in the migration, which the schema cannot say). Days whose symbols share a file have one row a vendor, others one for each cell.
 */
import { blob, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const rawFiles = sqliteTable(
  'raw_files',
  {
    dataset: text('dataset').notNull(),
    dt: text('dt').notNull(),
    vendor: text('vendor').notNull(),
    /** The cell's symbol; empty for the file that a day's symbols share. */
    symbol: text('symbol').notNull(),
    /** The first 16 bytes of its sha256. */
    hash: blob('hash', { mode: 'buffer' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.dt, table.vendor, table.symbol] })],
)
