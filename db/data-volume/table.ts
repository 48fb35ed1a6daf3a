/** data_volume: the identity of the volume whose files this database is about. One row; none before the first start. */
import { sql } from 'drizzle-orm'
import { check, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const dataVolume = sqliteTable(
  'data_volume',
  {
    /** Always 1. */
    row: integer('row').primaryKey(),
    id: text('id').notNull(),
  },
  (table) => [check('data_volume_row', sql`${table.row} = 1`)],
)
