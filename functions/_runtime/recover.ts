/** What a start does before anything else: clears litter, gives dead leases back, and replays manifest lines the memory missed. */
import type { DatasetConfig } from '../../config/schema.ts'
import { distrustClock } from '../../db/budgets/distrust-clock.ts'
import { reapAllLeases } from '../../db/gap-tasks/reap-leases.ts'
import { type AcceptedLine, manifestMarks, markManifest, replayAccepted } from '../../db/manifests/manifests.ts'
import { releaseAllPartitions } from '../../db/partitions/partitions.ts'
import { MAX_ATTEMPTS } from '../_dispatch/verdict.ts'
import { windowAt } from '../_expected/restate.ts'
import { type ManifestLine, readManifests, trimTornTail } from '../_lake/manifest.ts'
import { sweepTemps } from '../_lake/sweep-temps.ts'
import { cellKey, type DatasetName } from '../_market/cell.ts'
import { dayBit, monthOf } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { replayAdopted } from '../adopt/replay.ts'
import type { Node } from './node.ts'

export interface Recovered {
  temps: number
  tornTails: number
  leases: number
  /** Cells whose answer was on disk but not in the database. */
  replayed: number
}

export async function recover(node: Node): Promise<Recovered> {
  const recovered: Recovered = {
    temps: await sweepTemps(node.lake.root),
    tornTails: await trimTornTail(node.lake),
    // Only a process that owns the database alone knows that every earlier holder is dead.
    leases: node.db.exclusive ? await reapAllLeases(node.db, MAX_ATTEMPTS, node.now()) : 0,
    replayed: 0,
  }
  await distrustClock(node.db, node.now())
  if (node.db.exclusive) await releaseAllPartitions(node.db)
  const marks = await manifestMarks(node.db)
  for await (const { path, lines, end } of readManifests(node.lake, (file) => marks.get(file) ?? 0)) {
    recovered.replayed += await replay(node, lines, { path, bytes: end })
  }
  recovered.replayed += await replayAdopted({ db: node.db, config: node.config, root: node.lake.root }, node.now())
  node.log('start.recovered', { ...recovered })
  return recovered
}

async function replay(node: Node, lines: ManifestLine[], mark: { path: string; bytes: number }): Promise<number> {
  const first = lines[0]
  const spec = first && node.config.datasets[first.dataset]
  if (!first || !spec) {
    await markManifest(node.db, mark.path, mark.bytes)
    return 0
  }
  // The last line of a cell wins.
  const newest = new Map(lines.map((line) => [cellKey(line.symbol, line.dt), acceptedLine(line, spec)]))
  return await replayAccepted(
    node.db,
    first.vendor,
    first.dataset satisfies DatasetName,
    [...newest.values()],
    mark,
    node.now(),
  )
}

function acceptedLine(line: ManifestLine, spec: DatasetConfig): AcceptedLine {
  const { symbol, dt, rows, digest, previous, fetched_at, verdict } = line
  const fetchedAt = Date.parse(fetched_at)
  return {
    symbol,
    dt,
    month: monthOf(dt),
    bit: dayBit(dt),
    rows,
    digest,
    fetchedAt,
    partition: partitionOf(spec.partition, dt),
    previous,
    difference: verdict === 'replaced' ? (line.difference ?? null) : null,
    window: verdict === 'replaced' ? windowAt(spec, dt, fetchedAt) : null,
  }
}
