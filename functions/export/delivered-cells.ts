/** The cells of a partition that the database holds as delivered: what a bundle without the partition goes without. */
import type { Db } from '../../db/client.ts'
import { listCoverage } from '../../db/coverage/list-coverage.ts'
import { type Dt, dtsOfMask, monthOf } from '../_market/dt.ts'
import { partitionDays } from '../_market/partition.ts'
import type { Partition } from './stage-vouched.ts'

/** How many there are up to `asof`, and at most `limit` of them, by symbol and day. Held cells would not have travelled. */
export async function deliveredCells(
  db: Db,
  { dataset, partition }: Partition,
  asof: Dt,
  limit: number,
): Promise<{ cells: number; first: { symbol: string; dt: Dt }[] }> {
  const { fromDt, toDt } = partitionDays(partition)
  const first: { symbol: string; dt: Dt }[] = []
  let cells = 0
  for (const { symbol, month, present, held } of await listCoverage(db, dataset, monthOf(fromDt), monthOf(toDt))) {
    for (const dt of dtsOfMask(month, present & ~held)) {
      if (dt < fromDt || dt > toDt || dt > asof) continue
      cells += 1
      if (first.length < limit) first.push({ symbol, dt })
    }
  }
  return { cells, first }
}
