/**
 * Exponential decay of old answers: their weight halves each week, and one segment never weighs more than `MOST_CELLS` cells. So a vendor
 * that repaired a hole regains its score after about as many new cells, and after some weeks even without any.
 */
import { type SQL, sql } from 'drizzle-orm'

export const HALF_LIFE_MS = 7 * 86_400_000
export const MOST_CELLS = 1_000

/** After so many half-lives nothing more is taken off. */
const HALVINGS = 60
/** Bends the line from 1 to 1/2 through the root of 1/2: within 0.4 % of 2^-x, of which the SQLite in use knows no better. */
const BEND = 3 - 2 * Math.SQRT2

/** What is left of a cell that was answered so long ago: all of one in the future, where a clock was set back. */
export function leftAfter(ageMs: number): number {
  const age = Math.min(HALVINGS * HALF_LIFE_MS, Math.max(0, ageMs))
  const part = (age % HALF_LIFE_MS) / HALF_LIFE_MS
  return (1 - part / 2 - BEND * part * (1 - part)) / 2 ** Math.floor(age / HALF_LIFE_MS)
}

/** The same in SQL, for cells seen at `seenAt`. */
export function leftOf(seenAt: SQL, now: number): SQL {
  const age = sql`min(${HALVINGS * HALF_LIFE_MS}, max(0, ${now} - ${seenAt}))`
  const part = sql`((CAST(${age} AS INTEGER) % ${HALF_LIFE_MS}) * 1.0 / ${HALF_LIFE_MS})`
  return sql`((1 - ${part} / 2 - ${BEND} * ${part} * (1 - ${part})) / (1 << CAST(${age} / ${HALF_LIFE_MS} AS INTEGER)))`
}
