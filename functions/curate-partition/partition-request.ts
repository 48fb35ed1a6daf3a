/** What the database knows that a partition is curated of: sessions, preferred vendors, refused and accepted versions, hashes of files. */
import { acceptedVersions } from '../../db/attempts/accepted-versions.ts'
import { listRefused } from '../../db/attempts/list-refused.ts'
import type { PartitionKey } from '../../db/partitions/partitions.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { preferenceOrder, specOf } from '../_catalog/catalog.ts'
import { exceptReleased } from '../_decisions/except-released.ts'
import type { Node } from '../_http/node.ts'
import { DamagedFiles } from '../_lake/file-hashes.ts'
import { DatasetName } from '../_market/cell.ts'
import { partitionDays } from '../_market/partition.ts'
import { checkHashes } from '../_recovery/recorded-hashes.ts'
import type { CurateRequest } from './curate.ts'

export interface Hashed {
  files: number
  bytes: number
  /** Files whose hash nobody has recorded. */
  unverified: number
}

/** `hashed` is told of the files once they are read and none of them is damaged. */
export async function partitionRequest(
  node: Node,
  key: PartitionKey,
  hashed: (read: Hashed) => void = () => undefined,
): Promise<CurateRequest> {
  const dataset = DatasetName.parse(key.dataset)
  const spec = specOf(node.config, dataset)
  const { fromDt, toDt } = partitionDays(key.partition)
  const calendar = calendarOf(spec.calendar)
  const sessions = calendar.sessions(fromDt, toDt).map((dt) => calendar.session(dt)!)
  return {
    dataset,
    spec,
    partition: key.partition,
    sessions,
    vendors: preferenceOrder(node.config, dataset),
    refused: await exceptReleased(node, dataset, { fromDt, toDt }, await listRefused(node.db, dataset, fromDt, toDt)),
    accepted: acceptedVersions(
      node.db,
      dataset,
      sessions.map(({ dt }) => dt),
    ),
    look: async (files) => {
      const { damaged, unverified, ...read } = await checkHashes(node, dataset, files)
      if (damaged.length > 0) throw new DamagedFiles(damaged)
      hashed({ ...read, unverified: unverified.length })
    },
  }
}
