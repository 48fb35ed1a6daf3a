/** What is left to curate or to judge: how much of it now, when the rest may be tried, and what fails. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { TOUCHED, UNCHECKED } from './partitions.ts'

export interface Failing {
  dataset: string
  partition: string
  failures: number
  error: string | null
  /** Epoch ms. */
  retryAt: number
}

export interface WorkLeft {
  partitions: number
  /** Of them, those that may be tried now. */
  due: number
  /** Epoch ms at which the first of the others may be tried; null when there is none. */
  nextAt: number | null
  failing: Failing[]
}

export type WorkKind = 'touched' | 'unchecked'

/** A partition that another call works on may be free long before its lease lapses. */
const LOOK_AGAIN_MS = 5_000
const FAILING_SHOWN = 5

export async function workLeft(db: Db, kind: WorkKind, now: number): Promise<WorkLeft> {
  const mine = kind === 'touched' ? TOUCHED : UNCHECKED
  const [row] = await db.all<Omit<WorkLeft, 'failing'>>(sql`
    SELECT count(*) AS partitions, coalesce(sum(lease_expires_at <= ${now}), 0) AS due,
      min(CASE WHEN lease_expires_at > ${now}
        THEN min(lease_expires_at, CASE WHEN lease_token IS NULL THEN lease_expires_at ELSE ${now} + ${LOOK_AGAIN_MS} END) END) AS nextAt
    FROM partitions WHERE ${mine}`)
  const failing = await db.all<Failing>(sql`
    SELECT dataset, partition, failures, last_error AS error, lease_expires_at AS retryAt
    FROM partitions WHERE ${mine} AND failures > 0 ORDER BY failures DESC, dataset, partition LIMIT ${FAILING_SHOWN}`)
  return { partitions: row?.partitions ?? 0, due: row?.due ?? 0, nextAt: row?.nextAt ?? null, failing }
}
