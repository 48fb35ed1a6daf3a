/** Coverage masks of a dataset in a range of months. */
import { and, between, eq, getTableColumns } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { coverage } from './table.ts'

export interface CoverageMonth {
  symbol: string
  month: string
  present: number
  short: number
  absent: number
  held: number
}

export const listCoverage = async (
  db: Db,
  dataset: string,
  fromMonth: string,
  toMonth: string,
): Promise<CoverageMonth[]> => {
  const { dataset: _, ...shown } = getTableColumns(coverage)
  return await db.orm
    .select(shown)
    .from(coverage)
    .where(and(eq(coverage.dataset, dataset), between(coverage.month, fromMonth, toMonth)))
    .orderBy(coverage.symbol, coverage.month)
}
