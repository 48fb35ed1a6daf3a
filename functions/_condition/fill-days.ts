/** Counts the days of partitions that an older version of this program judged, out of their fragments of the ledger. */
import { fillDays, partitionsWithoutDays } from '../../db/day-verdicts/day-verdicts.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { sha256OfFile } from '../_lake/digest.ts'
import { ledgerFragment } from '../_lake/paths.ts'
import { daysOfFragment } from '../_ledger/day-verdicts.ts'
import { DatasetName } from '../_market/cell.ts'

/** Some ten seconds of a small machine. */
const MOST = 1000

/** A fragment that is not the recorded one is left alone: its partition is judged again, and counted then. Returns how many partitions it counted. */
export async function fillMissingDays({ db, lake }: Pick<NodeContext, 'db' | 'lake'>): Promise<number> {
  let filled = 0
  for (const { dataset, partition, ledgerSha256 } of await partitionsWithoutDays(db, MOST)) {
    const name = DatasetName.safeParse(dataset)
    if (!name.success) continue
    const path = ledgerFragment(lake.root, name.data, partition)
    if ((await sha256OfFile(path).catch(() => null)) !== ledgerSha256) continue
    await fillDays(db, { dataset, partition, ledgerSha256 }, await daysOfFragment(lake, path))
    filled++
  }
  return filled
}
