/** Expected minus known: the audit as one join over month masks, a slice of it at a time. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface ExpectedLife {
  symbol: string
  /** First and last day expected, both inclusive, already clipped to the dataset's depth and the as-of day. */
  fromDt: string
  toDt: string
}

export interface MonthMask {
  month: string
  /** Sessions of the month: day d is bit d-1. */
  mask: number
}

export interface MonthOfGaps {
  symbol: string
  month: string
  /** The missing days of the month. */
  gaps: number
}

/** (symbol, month) pairs one statement looks at: a statement holds the event loop, and this many take some 50 ms. */
const PAIRS_PER_SLICE = 60_000

/**
 * Months with expected cells that are neither present, nor explained, nor queued already; oldest month first, in slices of some months
 * each. What is found before the caller stops is all that is looked for, and between two slices the event loop turns.
 */
export async function* gapSlices(
  db: Db,
  dataset: string,
  lives: readonly ExpectedLife[],
  months: readonly MonthMask[],
): AsyncGenerator<MonthOfGaps[]> {
  const ascending = [...months].sort((a, b) => (a.month < b.month ? -1 : 1))
  const width = Math.max(1, Math.floor(PAIRS_PER_SLICE / Math.max(1, lives.length)))
  for (let at = 0; at < ascending.length; at += width) {
    const slice = ascending.slice(at, at + width)
    const found = await sliceOf(db, dataset, lives, slice)
    if (found.length > 0) yield found
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** The first `limit` months of gaps, in the order of the slices and by symbol within a month. */
export async function findGaps(
  db: Db,
  dataset: string,
  lives: readonly ExpectedLife[],
  months: readonly MonthMask[],
  limit: number,
): Promise<MonthOfGaps[]> {
  const found: MonthOfGaps[] = []
  for await (const slice of gapSlices(db, dataset, lives, months)) {
    found.push(...slice.slice(0, limit - found.length))
    if (found.length >= limit) break
  }
  return found
}

async function sliceOf(
  db: Db,
  dataset: string,
  lives: readonly ExpectedLife[],
  months: readonly MonthMask[],
): Promise<MonthOfGaps[]> {
  const [first, last] = [`${months[0]?.month}-01`, `${months.at(-1)?.month}-31`]
  const alive = lives.filter(({ fromDt, toDt }) => fromDt <= last && toDt >= first)
  // Most symbols live through all of a slice; the days of the others must be cut month by month, which costs as much again.
  const whole = alive.filter(({ fromDt, toDt }) => fromDt <= first && toDt >= last)
  const partial = alive.filter(({ fromDt, toDt }) => fromDt > first || toDt < last)
  const found = [
    ...(await missingOf(db, dataset, expectedWhole(whole), months)),
    ...(await missingOf(db, dataset, expectedPartial(partial), months)),
  ]
  return found.sort(inOrder)
}

const inOrder = (a: MonthOfGaps, b: MonthOfGaps): number =>
  a.month === b.month ? (a.symbol < b.symbol ? -1 : 1) : a.month < b.month ? -1 : 1

/** The expected days of symbols that live through all months: a query over the table `months`. */
const expectedWhole = (lives: readonly ExpectedLife[]): SQL => sql`
  SELECT l.value AS symbol, m.month, m.mask FROM json_each(${JSON.stringify(lives.map(({ symbol }) => symbol))}) l CROSS JOIN months m`

/** The same for symbols that begin or end in one of them. */
const expectedPartial = (lives: readonly ExpectedLife[]): SQL => sql`
  SELECT l.value->>'symbol' AS symbol, m.month, m.mask
    & CASE WHEN m.month = substr(l.value->>'fromDt', 1, 7)
        THEN ~((1 << (CAST(substr(l.value->>'fromDt', 9, 2) AS INTEGER) - 1)) - 1) ELSE -1 END
    & CASE WHEN m.month = substr(l.value->>'toDt', 1, 7)
        THEN (1 << CAST(substr(l.value->>'toDt', 9, 2) AS INTEGER)) - 1 ELSE -1 END AS mask
  FROM json_each(${JSON.stringify(lives)}) l CROSS JOIN months m
  WHERE m.month BETWEEN substr(l.value->>'fromDt', 1, 7) AND substr(l.value->>'toDt', 1, 7)`

/**
 * Symbols outside, months inside: that is the order of the table, so the join walks it once. Open tasks are looked up only for months that
 * have gaps, which are few. The answer comes as one text a month: a hundred thousand rows would take as long as the join.
 */
async function missingOf(db: Db, dataset: string, expected: SQL, months: readonly MonthMask[]): Promise<MonthOfGaps[]> {
  const rows = await db.all<{ month: string; found: string }>(sql`
    WITH months AS MATERIALIZED (SELECT value->>0 AS month, value->>1 AS mask
      FROM json_each(${JSON.stringify(months.map(({ month, mask }) => [month, mask]))})),
    expected AS (${expected}),
    missing AS MATERIALIZED (
      SELECT e.symbol, e.month, e.mask & ~coalesce(c.present | c.absent, 0) AS mask
      FROM expected e LEFT JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = e.symbol AND c.month = e.month
      WHERE e.mask & ~coalesce(c.present | c.absent, 0) <> 0),
    open AS (
      SELECT symbol, month, mask & ~coalesce((
        SELECT sum(1 << (CAST(substr(t.dt, 9, 2) AS INTEGER) - 1)) FROM gap_tasks t
        WHERE t.dataset = ${dataset} AND t.symbol = missing.symbol AND t.dt >= missing.month || '-01'
          AND t.dt <= missing.month || '-31' AND t.state <> 'done'), 0) AS gaps
      FROM missing)
    SELECT month, json_group_array(json_array(symbol, gaps)) AS found FROM open WHERE gaps <> 0 GROUP BY month`)
  return rows.flatMap(({ month, found }) =>
    (JSON.parse(found) as [string, number][]).map(([symbol, gaps]) => ({ symbol, month, gaps })),
  )
}
