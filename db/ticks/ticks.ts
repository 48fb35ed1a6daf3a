/** Firings: taken once by their scheduled instant, resumed at the step they had reached. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface Tick {
  chain: string
  scheduledAt: number
  step: number
  stepBegunAt: number
  endedAt: number | null
}

const columns = sql`chain, scheduled_at AS scheduledAt, step, step_begun_at AS stepBegunAt, ended_at AS endedAt`

/** Takes a firing; undefined when it was taken before. */
export async function beginTick(db: Db, chain: string, scheduledAt: number, now: number): Promise<Tick | undefined> {
  const [rows] = await db.write([
    sql`INSERT INTO ticks (chain, scheduled_at, begun_at, step, step_begun_at)
        VALUES (${chain}, ${scheduledAt}, ${now}, 0, ${now}) ON CONFLICT DO NOTHING RETURNING ${columns}`,
  ])
  return rows?.[0] as Tick | undefined
}

/** Plays a firing again from its first step, if it had ended; one that is under way is left where it is. */
export async function restartTick(db: Db, chain: string, scheduledAt: number, now: number): Promise<void> {
  await db.write([
    sql`UPDATE ticks SET begun_at = ${now}, step = 0, step_begun_at = ${now}, ended_at = NULL, result = NULL
        WHERE chain = ${chain} AND scheduled_at = ${scheduledAt} AND ended_at IS NOT NULL`,
  ])
}

export async function findTick(db: Db, chain: string, scheduledAt: number): Promise<Tick | undefined> {
  const [tick] = await db.all<Tick>(
    sql`SELECT ${columns} FROM ticks WHERE chain = ${chain} AND scheduled_at = ${scheduledAt}`,
  )
  return tick
}

/** Firings that began and did not end: what a killed process left. */
export const openTicks = (db: Db): Promise<Tick[]> =>
  db.all<Tick>(sql`SELECT ${columns} FROM ticks WHERE ended_at IS NULL ORDER BY scheduled_at, chain`)

export async function reachStep(db: Db, tick: Tick, step: number, now: number): Promise<void> {
  await db.write([
    sql`UPDATE ticks SET step = ${step}, step_begun_at = ${now}
        WHERE chain = ${tick.chain} AND scheduled_at = ${tick.scheduledAt} AND step < ${step}`,
  ])
}

export async function endTick(db: Db, tick: Tick, result: string, now: number): Promise<void> {
  await db.write([
    sql`UPDATE ticks SET ended_at = ${now}, result = ${result}
        WHERE chain = ${tick.chain} AND scheduled_at = ${tick.scheduledAt}`,
  ])
}

/** The newest scheduled instant taken of a chain; null before the first. */
export async function lastScheduled(db: Db, chain: string): Promise<number | null> {
  const [row] = await db.all<{ at: number | null }>(
    sql`SELECT max(scheduled_at) AS at FROM ticks WHERE chain = ${chain}`,
  )
  return row?.at ?? null
}
