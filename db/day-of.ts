/** The day of the month of a trading date, in SQL. */
import { type SQL, sql } from 'drizzle-orm'

/** 1 to 31; bit `dayOf - 1` stands for it in a mask of days. */
export const dayOf = (dt: SQL): SQL => sql`CAST(substr(${dt}, 9, 2) AS INTEGER)`
