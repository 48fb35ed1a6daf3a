/** Makes partitions again whose files are not what was recorded, or that failed before, ahead of a bundle that would be built without them. */
import type { PartitionKey } from '../../db/partitions/partitions.ts'
import { touchDamaged } from '../../db/partitions/touch-damaged.ts'
import type { Node } from '../_http/node.ts'
import type { Dt } from '../_market/dt.ts'
import type { Damage, Partition } from './stage-vouched.ts'

/** How one partition is curated and judged. Both answer null where it may not be tried now, and record their failures themselves. `vintages` writes those of a partition of yields to a file, `asOf` a partition of yields or actions as it stood on an older day. */
export interface PartitionMakers {
  curate(node: Node, only: PartitionKey): Promise<Record<string, unknown> | null>
  judge(node: Node, at: number, only: PartitionKey): Promise<Record<string, unknown> | null>
  vintages(node: Node, only: PartitionKey, path: string, asof: Dt | null): Promise<boolean>
  asOf(node: Node, only: PartitionKey, asof: Dt, path: string): Promise<boolean>
}

/** An export is bounded in time: what it does not reach in so long is made by the next call. */
const LONGEST_MS = 10 * 60_000

/**
 * All are curated before the first is judged, because a judgement reads the files of its neighbours. Returns how many were not reached. Safe to kill and
 * to repeat: what was touched stays work for whoever curates next.
 */
export async function rebuildDamaged(
  node: Node,
  { curate, judge }: Pick<PartitionMakers, 'curate' | 'judge'>,
  damaged: readonly Damage[],
  failed: readonly Partition[],
  at: number,
): Promise<number> {
  for (const { dataset, partition, what, found } of damaged)
    node.log('export.found_damaged', { dataset, partition, what, found })
  await touchDamaged(node.db, damaged, node.now())
  const keys = new Map([...damaged, ...failed].map((one) => [`${one.dataset} ${one.partition}`, keyOf(one)]))
  const until = node.clock.elapsed() + LONGEST_MS
  const isLate = (): boolean => node.clock.elapsed() > until
  const reached: PartitionKey[] = []
  for (const key of keys.values()) {
    if (isLate()) break
    // A raw file that cannot be read is set aside first, and the call after that goes on without it.
    for (let done = await curate(node, key); done && 'setAside' in done && !isLate(); ) done = await curate(node, key)
    reached.push(key)
  }
  let judged = 0
  for (const key of reached) {
    if (isLate()) break
    await judge(node, at, key)
    judged += 1
  }
  return keys.size - judged
}

const keyOf = ({ dataset, partition }: Partition): PartitionKey => ({ dataset, partition })
