/** POST /curate-partition: rebuilds one touched partition from the raw files; those that cannot be read are set aside. */
import { relative } from 'node:path'
import { acceptedVersions } from '../../db/attempts/accepted-versions.ts'
import { listRefused } from '../../db/attempts/list-refused.ts'
import { failPartition } from '../../db/partitions/fail-partition.ts'
import {
  leaseTouched,
  markCurated,
  type PartitionKey,
  type PartitionWork,
  releasePartition,
} from '../../db/partitions/partitions.ts'
import { workLeft } from '../../db/partitions/work-left.ts'
import { recordUnaccepted, type UnacceptedDay } from '../../db/unaccepted-files/unaccepted-files.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { preferenceOrder, specOf } from '../_catalog/catalog.ts'
import { servableBy } from '../_catalog/servable.ts'
import { exceptReleased } from '../_decisions/except-released.ts'
import { AsOfBody, type FunctionAnswer, leftOver } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { DamagedFiles } from '../_lake/file-hashes.ts'
import { rawFileParts } from '../_lake/paths.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'
import { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionDays } from '../_market/partition.ts'
import { checkHashes } from '../_recovery/recorded-hashes.ts'
import { repairFiles } from '../_recovery/repair-files.ts'
import { setAsideDamaged } from '../_recovery/set-aside.ts'
import { type Curated, curatePartition } from './curate.ts'

export const CurateBody = AsOfBody

const LEASE_MS = 10 * 60_000

export async function curateOnePartition(node: Node): Promise<FunctionAnswer> {
  const done = await curateNext(node)
  return { ...done, ...leftOver('curated', await workLeft(node.db, 'touched', node.now())) }
}

/** Curates the partition that was touched longest ago, or `only` this one; null when none may be tried now. A failure is recorded, not thrown. */
export async function curateNext(node: Node, only?: PartitionKey): Promise<Record<string, unknown> | null> {
  const token = node.token()
  const now = node.now()
  const work = await leaseTouched(node.db, token, now, now + LEASE_MS, only)
  if (!work) return null
  const { dataset, partition } = work
  try {
    return { dataset, partition, ...(await curate(node, work, token)) }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const retryAt = await failPartition(node.db, work, token, said, node.now())
    node.log('curate-partition.failed', { dataset, partition, error, retryAt })
    return { dataset, partition, failed: said }
  }
}

async function curate(node: Node, work: PartitionWork, token: string): Promise<object> {
  try {
    const { curated, hashed } = await rebuild(node, work)
    const made = { sha256: curated?.sha256 ?? null, rows: curated?.rows ?? 0 }
    const recorded = await markCurated(node.db, work, token, made, node.now())
    const { dataset, partition } = work
    node.log('curate-partition.rebuilt', {
      dataset,
      partition,
      rows: made.rows,
      recorded,
      filesHashed: hashed.files,
      bytesHashed: hashed.bytes,
      unverified: hashed.unverified,
    })
    return { rows: made.rows, cells: curated?.cells ?? 0, recorded }
  } catch (error) {
    const healed = await healedFiles(node, error)
    if (healed === null) throw error
    // What is left of the partition is curated by the next call.
    await releasePartition(node.db, work, token, node.now())
    return healed
  }
}

/** What became of the raw files that stood in the way; null when that is not what failed, or nothing could be done. */
async function healedFiles(node: Node, error: unknown): Promise<Record<string, unknown> | null> {
  if (error instanceof DamagedFiles) {
    const repaired = await repairFiles(node, error.paths, servableBy(node))
    await refuseStillDamaged(node, error.paths)
    return repaired.files > 0 ? { repaired } : null
  }
  if (error instanceof UnreadableFiles) {
    const setAside = await setAsideDamaged(node, error.paths)
    return setAside.files > 0 ? { setAside } : null
  }
  return null
}

/** A repair that repairs nothing must fail, and so wait longer each time: as a success it would be called again at once, for ever. */
async function refuseStillDamaged(node: Node, paths: readonly string[]): Promise<void> {
  const dataset = rawFileParts(node.lake.root, paths[0] ?? '')?.dataset
  const still = (await checkHashes(node, DatasetName.parse(dataset), paths)).damaged
  if (still.length > 0) throw new DamagedFiles(still)
}

interface Hashed {
  files: number
  bytes: number
  /** Files whose hash nobody has recorded. */
  unverified: number
}

async function rebuild(node: Node, work: PartitionWork): Promise<{ curated: Curated | null; hashed: Hashed }> {
  const dataset = DatasetName.parse(work.dataset)
  const spec = specOf(node.config, dataset)
  const { fromDt, toDt } = partitionDays(work.partition)
  const calendar = calendarOf(spec.calendar)
  const sessions = calendar.sessions(fromDt, toDt).map((dt) => calendar.session(dt)!)
  let hashed: Hashed = { files: 0, bytes: 0, unverified: 0 }
  const { curated, unaccepted } = await curatePartition(node.lake, {
    dataset,
    spec,
    partition: work.partition,
    sessions,
    vendors: preferenceOrder(node.config, dataset),
    refused: await exceptReleased(
      node,
      dataset,
      { fromDt, toDt },
      await listRefused(node.db, work.dataset, fromDt, toDt),
    ),
    accepted: acceptedVersions(
      node.db,
      dataset,
      sessions.map(({ dt }) => dt),
    ),
    look: async (files) => {
      const { damaged, unverified, ...read } = await checkHashes(node, dataset, files)
      hashed = { ...read, unverified: unverified.length }
      if (damaged.length > 0) throw new DamagedFiles(damaged)
    },
  })
  await recordUnaccepted(node.db, dataset, { fromDt, toDt }, unacceptedDays(node.lake.root, unaccepted), node.now())
  return { curated, hashed }
}

function unacceptedDays(root: string, files: readonly string[]): UnacceptedDay[] {
  const days = new Map<Dt, string[]>()
  for (const file of files) {
    const dt = rawFileParts(root, file)?.dt
    if (dt !== undefined) days.set(dt, [...(days.get(dt) ?? []), relative(root, file)])
  }
  return [...days].map(([dt, paths]) => ({ dt, paths }))
}
