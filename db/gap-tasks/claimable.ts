/** Which queued tasks one vendor may take now. */
import { type SQL, sql } from 'drizzle-orm'
import { holdsDay } from '../empty-months/final-none.ts'
import type { Param } from '../prepared.ts'

export interface VendorReach {
  vendor: string
  dataset: string
  /** Days the vendor's plan reaches, both inclusive. */
  fromDt: string
  toDt: string
  /** Only this lane, or any. */
  lane: 'today' | 'backfill' | null
  now: number
}

/** `FROM … WHERE …` over gap_tasks as t; append the order and a limit. */
export function claimableBy(reach: VendorReach): SQL {
  const { dataset, fromDt, toDt, lane } = reach
  const inLane = lane === null ? sql`` : sql`AND t.lane = ${lane}`
  return sql`FROM gap_tasks t
    WHERE t.state = 'queued' AND t.dataset = ${dataset} ${inLane} AND t.dt BETWEEN ${fromDt} AND ${toDt} AND ${isFree(reach)}`
}

/** Of a queued task t: its time has come, and nothing the vendor said forbids asking it. */
export function isFree({ vendor, now }: { vendor: Param<string>; now: Param<number> }): SQL {
  // A task that names its vendor asks again on purpose: what that vendor said earlier does not forbid it.
  const askedLately = sql`SELECT 1 FROM attempts a
    WHERE a.dataset = t.dataset AND a.symbol = t.symbol AND a.dt = t.dt AND a.vendor = ${vendor} AND a.ask_again_at > ${now}`
  const saidNone = sql`SELECT 1 FROM empty_months e WHERE ${holdsDay(sql`t.dataset`, sql`t.symbol`, sql`t.dt`)} AND e.vendor = ${vendor}`
  // Twice, because a list of both would be put together anew for every task.
  const demoted = (symbol: SQL): SQL => sql`SELECT 1 FROM demotions d
    WHERE d.vendor = ${vendor} AND d.dataset = t.dataset AND d.symbol = ${symbol}
      AND t.dt BETWEEN d.from_dt AND d.to_dt AND d.until > ${now}`
  return sql`t.next_at <= ${now}
      AND (t.vendor IS ${vendor} OR t.vendor IS NULL AND NOT EXISTS (${askedLately}) AND NOT EXISTS (${saidNone}))
      AND NOT EXISTS (${demoted(sql`'*'`)}) AND NOT EXISTS (${demoted(sql`t.symbol`)})`
}

export interface QueuedTask {
  id: number
  symbol: string
  /** Its day, or the first of its days. */
  dt: string
  /** Day d of the month of `dt` as bit d-1 where it stands for several; null for `dt` alone. */
  days: number | null
  lane: 'today' | 'backfill'
  priority: number
  expectedRows: number | null
  reason: string
  attempts: number
}

export const taskColumns: SQL = sql`t.id, t.symbol, t.dt, t.days, t.lane, t.priority, t.expected_rows AS expectedRows, t.reason, t.attempts`
