/** The coverage masks of one symbol in one month; undefined where nothing is known. */
import { and, eq } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { CoverageMonth } from './list-coverage.ts'
import { coverage } from './table.ts'

export async function findMonth(
  db: Db,
  dataset: string,
  symbol: string,
  month: string,
): Promise<CoverageMonth | undefined> {
  const [row] = await db.orm
    .select()
    .from(coverage)
    .where(and(eq(coverage.dataset, dataset), eq(coverage.symbol, symbol), eq(coverage.month, month)))
  return row
}
