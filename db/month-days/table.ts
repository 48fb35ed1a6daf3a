/** month_days: the days of a month, 1 to 31, and their two digits: to walk a mask, in which day d is bit d-1. Filled by its migration. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const monthDays = sqliteTable('month_days', {
  day: integer('day').primaryKey(),
  text: text('text').notNull(),
})
