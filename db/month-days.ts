/** The days of a month as rows `day`, a number from 1 to 31, and `text`, its two digits: to walk a mask, in which day d is bit d-1. */
import { sql } from 'drizzle-orm'

export const MONTH_DAYS = sql.raw(
  `(SELECT value AS day, printf('%02d', value) AS text FROM json_each('${JSON.stringify(Array.from({ length: 31 }, (_, at) => at + 1))}'))`,
)
