/**
 * instruments: what bundles said of each instrument, a row for each night whose bundle first said it. A bundle of an older day says what
 * was said then: reference lists are asked again, and their newest answers replace what was known before.
 */
import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const instruments = sqliteTable(
  'instruments',
  {
    symbol: text('symbol').notNull(),
    /** As-of day of the bundle. */
    asof: text('asof').notNull(),
    /** JSON, made and read by the export; null where the universe has lost the symbol. */
    statement: text('statement'),
  },
  (table) => [primaryKey({ columns: [table.symbol, table.asof] })],
)
