/** lost_files: raw files that could not be read or were gone, so that a person hears of a disk that goes bad. The manifests keep them for good. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const lostFiles = sqliteTable(
  'lost_files',
  {
    /** Relative to the root; a damaged file lies beside it under another name. */
    path: text('path').primaryKey(),
    vendor: text('vendor').notNull(),
    dataset: text('dataset').notNull(),
    /** `repaired`: its rows were whole and it was written anew; `kept`: some are damaged, no vendor can serve them again, and they are held. */
    why: text('why', { enum: ['damaged', 'gone', 'repaired', 'kept'] }).notNull(),
    /** Cells that became gaps by it, or that are held. */
    cells: integer('cells').notNull(),
    /** Epoch ms. */
    at: integer('at').notNull(),
  },
  (table) => [index('lost_files_at').on(table.at)],
)
