/** Cells become present: the one statement that writes it into coverage, whether they were settled, adopted or replayed from a manifest. */
import { type SQL, sql } from 'drizzle-orm'
import type { Param } from '../prepared.ts'

/**
 * `cells`: rows of symbol and month with the masks present, short and absent; no day stands in two rows, because masks are summed. The newest
 * version of a cell decides whether it is short. A cell that is present is never absent.
 */
export const markPresent = (dataset: Param<string>, cells: SQL): SQL => sql`
  INSERT INTO coverage (dataset, symbol, month, present, short, absent)
  SELECT ${dataset}, symbol, month, sum(present), sum(short), sum(absent) FROM ${cells} GROUP BY symbol, month
  ON CONFLICT DO UPDATE SET
    short = (short & ~excluded.present) | excluded.short,
    absent = (absent & ~excluded.present) | (excluded.absent & ~present),
    present = present | excluded.present`
