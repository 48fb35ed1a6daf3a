/** What the database has recorded of the partitions a bundle shows, and what is expected of them. */
import { join } from 'node:path'
import { listRecords, type PartitionState } from '../../db/partitions/list-records.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import { expectedPartitions, symbolRanges } from '../_expected/expected.ts'
import type { Node } from '../_http/node.ts'
import type { Dt } from '../_market/dt.ts'
import type { BundledDataset, PartitionRecord } from './partitions.ts'

/** The configured datasets with the partitions, up to `asof`, that the audit still expects something of, or should. */
export async function bundledDatasets({ config, db, lake }: Node, asof: Dt): Promise<BundledDataset[]> {
  const bundled: BundledDataset[] = []
  for (const { dataset, spec } of datasetsOf(config)) {
    const records = (await listRecords(db, dataset)).map((state) => recordOf(state, lake.root))
    const known = new Set(records.map(({ partition }) => partition))
    let expectedCells = 0
    for (const { partition, cells } of expectedPartitions(config, spec, asof)) {
      expectedCells += cells
      if (!known.has(partition)) records.push(unknownRecord(partition))
    }
    const partitions = records
      .filter(({ partition }) => partition <= asof.slice(0, partition.length))
      .sort((a, b) => (a.partition < b.partition ? -1 : 1))
    bundled.push({ name: dataset, spec, partitions, expectedCells, ranges: symbolRanges(config, spec, asof) })
  }
  return bundled
}

const unknownRecord = (partition: string): PartitionRecord => ({
  partition,
  curatedSha256: null,
  ledgerSha256: null,
  behind: 'it is expected, and no audit has looked at it yet',
})

const recordOf = (state: PartitionState, root: string): PartitionRecord => {
  const { partition, curatedSha256, ledgerSha256, lastError } = state
  // A bundle travels: where this machine keeps its files is nobody's business there.
  const behind = behindText({ ...state, lastError: lastError?.replaceAll(join(root, '/'), '') ?? null })
  const edition = state.version === state.curatedVersion ? `${state.version} ${state.curatedAt} ${curatedSha256}` : null
  return { partition, curatedSha256, ledgerSha256, behind, hasFailed: lastError !== null, edition }
}

function behindText({
  version,
  curatedVersion,
  checkedVersion,
  ledgerSha256,
  lastError,
}: PartitionState): string | null {
  const error = lastError === null ? '' : `; the last try failed: ${lastError}`
  if (checkedVersion === 0) return `it is not ${curatedVersion === version ? 'judged' : 'curated'} yet${error}`
  if (curatedVersion < version) return `it has changed since it was curated${error}`
  if (checkedVersion < version || ledgerSha256 === null) return `it is not judged since it was curated${error}`
  return null
}
