/** Cells get a reason for their absence without an answer: the one statement that writes it into coverage. */
import { type SQL, sql } from 'drizzle-orm'

/** `cells`: rows of symbol and month with the mask absent; no day stands in two rows. A cell that is present stays present. */
export const markAbsent = (dataset: string, cells: SQL): SQL => sql`
  INSERT INTO coverage (dataset, symbol, month, absent)
  SELECT ${dataset}, symbol, month, sum(absent) FROM ${cells} GROUP BY symbol, month
  ON CONFLICT DO UPDATE SET absent = absent | (excluded.absent & ~present)`
