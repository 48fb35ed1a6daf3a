/** Notes that a raw file was damaged and what came of it where no cell was lost, and has its partitions rebuilt and judged again. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { unpackCells } from '../packed-months/unpack-months.ts'
import { touchPartitions } from '../partitions/touch-partitions.ts'

export interface RepairedFile {
  /** Relative to the root. */
  path: string
  vendor: string
  dataset: string
  dt: string
  partition: string
  why: 'repaired' | 'kept'
  /** Symbols whose rows are damaged and that no vendor can serve again: their versions lose to any good one, and QC holds them. */
  damaged: readonly string[]
}

/** The flag of a version whose rows are not those that were delivered. */
export const DAMAGED = 'DAMAGED'

export async function recordRepaired(db: Db, file: RepairedFile, now: number): Promise<void> {
  const { path, vendor, dataset, dt, partition, why, damaged } = file
  await db.write([
    ...unpackCells(dataset, JSON.stringify(damaged.map((symbol) => ({ symbol, dt })))),
    sql`UPDATE attempts SET refused_for = ${DAMAGED} WHERE dataset = ${dataset} AND dt = ${dt} AND vendor = ${vendor}
          AND symbol IN (SELECT value FROM json_each(${JSON.stringify(damaged)}))`,
    touchPartitions(dataset, sql`(SELECT ${partition} AS partition)`, now),
    sql`INSERT INTO lost_files (path, vendor, dataset, why, cells, at)
        VALUES (${path}, ${vendor}, ${dataset}, ${why}, ${damaged.length}, ${now})
        ON CONFLICT DO UPDATE SET why = excluded.why, cells = excluded.cells, at = excluded.at`,
  ])
}
