/** POST /curate-partition: rebuilds one touched partition from the raw files; those that cannot be read are set aside. */
import { listRefused } from '../../db/attempts/list-refused.ts'
import {
  countWork,
  leaseTouched,
  markCurated,
  type PartitionWork,
  releasePartition,
} from '../../db/partitions/partitions.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { preferenceOrder, specOf } from '../_dispatch/desk.ts'
import { UnreadableFiles } from '../_lake/raw-read.ts'
import { DatasetName } from '../_market/cell.ts'
import { partitionDays } from '../_market/partition.ts'
import { setAsideDamaged } from '../_recovery/set-aside.ts'
import { type Answered, Night } from '../_runtime/door.ts'
import type { Node } from '../_runtime/node.ts'
import { type Curated, curatePartition } from './curate.ts'

export const CurateBody = Night

const LEASE_MS = 10 * 60_000
const RETRY_MS = 60_000

export async function curateOnePartition(node: Node): Promise<Answered> {
  const token = node.token()
  const work = await leaseTouched(node.db, token, node.now(), node.now() + LEASE_MS)
  if (!work) return { more: false, nextAt: null }
  try {
    const curated = await rebuild(node, work)
    const made = { sha256: curated?.sha256 ?? null, rows: curated?.rows ?? 0 }
    const recorded = await markCurated(node.db, work, token, made, node.now())
    const { touched } = await countWork(node.db)
    const { dataset, partition } = work
    node.log('curate-partition.rebuilt', { dataset, partition, rows: made.rows, recorded })
    return {
      dataset,
      partition,
      rows: made.rows,
      cells: curated?.cells ?? 0,
      recorded,
      more: touched > 0,
      nextAt: null,
    }
  } catch (error) {
    if (error instanceof UnreadableFiles) {
      const setAside = await setAsideDamaged(node, error.paths)
      if (setAside.files > 0) {
        // What is left of the partition is curated by the next call.
        await releasePartition(node.db, work, token, node.now())
        return { dataset: work.dataset, partition: work.partition, setAside, more: true, nextAt: null }
      }
    }
    await releasePartition(node.db, work, token, node.now() + RETRY_MS)
    throw error
  }
}

async function rebuild(node: Node, work: PartitionWork): Promise<Curated | null> {
  const dataset = DatasetName.parse(work.dataset)
  const spec = specOf(node.config, dataset)
  const { fromDt, toDt } = partitionDays(work.partition)
  const calendar = calendarOf(spec.calendar)
  return await curatePartition(node.lake, {
    dataset,
    spec,
    partition: work.partition,
    sessions: calendar.sessions(fromDt, toDt).map((dt) => calendar.session(dt)!),
    vendors: preferenceOrder(node.config, dataset),
    refused: await listRefused(node.db, work.dataset, fromDt, toDt),
  })
}
