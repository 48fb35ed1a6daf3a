/** Firings: taken once by their scheduled instant, resumed at the step they had reached. */
import { and, desc, eq, isNotNull, isNull, lt, max, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { ticks } from './table.ts'

export interface Tick {
  chain: string
  scheduledAt: number
  step: number
  stepBegunAt: number
  endedAt: number | null
}

const shown = {
  chain: ticks.chain,
  scheduledAt: ticks.scheduledAt,
  step: ticks.step,
  stepBegunAt: ticks.stepBegunAt,
  endedAt: ticks.endedAt,
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
  const [tick] = await db.orm.select(shown).from(ticks).where(isTick({ chain, scheduledAt }))
  return tick
}

/** Firings that began and did not end: what a killed process left. */
export const openTicks = async (db: Db): Promise<Tick[]> =>
  db.orm.select(shown).from(ticks).where(isNull(ticks.endedAt)).orderBy(ticks.scheduledAt, ticks.chain)

export async function reachStep(db: Db, tick: Tick, step: number, now: number): Promise<void> {
  await db.write([
    db.orm
      .update(ticks)
      .set({ step, stepBegunAt: now })
      .where(and(isTick(tick), lt(ticks.step, step))),
  ])
}

export async function endTick(db: Db, tick: Tick, result: string, now: number): Promise<void> {
  await db.write([db.orm.update(ticks).set({ endedAt: now, result }).where(isTick(tick))])
}

/** The newest scheduled instant taken of a chain; null before the first. */
export async function lastScheduled(db: Db, chain: string): Promise<number | null> {
  const [row] = await db.orm
    .select({ at: max(ticks.scheduledAt) })
    .from(ticks)
    .where(eq(ticks.chain, chain))
  return row?.at ?? null
}

/** The newest firing of a chain that ended, with the JSON text that `endTick` got; undefined before the first. */
export async function lastEnded(
  db: Db,
  chain: string,
): Promise<{ scheduledAt: number; endedAt: number; result: string } | undefined> {
  const [tick] = await db.orm
    .select({ scheduledAt: ticks.scheduledAt, endedAt: ticks.endedAt, result: ticks.result })
    .from(ticks)
    .where(and(eq(ticks.chain, chain), isNotNull(ticks.endedAt)))
    .orderBy(desc(ticks.scheduledAt))
    .limit(1)
  return tick && { scheduledAt: tick.scheduledAt, endedAt: tick.endedAt ?? 0, result: tick.result ?? '[]' }
}

const isTick = ({ chain, scheduledAt }: { chain: string; scheduledAt: number }) =>
  and(eq(ticks.chain, chain), eq(ticks.scheduledAt, scheduledAt))
