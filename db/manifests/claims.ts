/** Which evidence says that a vendor's version of a cell is on the disk, and reading it by day. */
import { type SQL, sql } from 'drizzle-orm'
import type { Attempt } from '../attempts/list-attempts.ts'
import { attemptsOfDays } from '../attempts/of-days.ts'
import type { Db } from '../client.ts'
import { symbolRanges } from '../coverage/symbol-ranges.ts'

/** A version that was read has a digest; one that was taken over unread says so by its outcome alone. `attempts` is the table or its alias. */
export const isClaim = (attempts: string): SQL =>
  sql.raw(`(${attempts}.digest IS NOT NULL OR ${attempts}.outcome IN ('filled', 'short'))`)

/** The same question about a row that was read. */
export const claims = ({ digest, outcome }: Pick<Attempt, 'digest' | 'outcome'>): boolean =>
  digest !== null || outcome === 'filled' || outcome === 'short'

export interface Claim {
  symbol: string
  vendor: string
  /** Epoch ms of the answer. */
  at: number
}

/** What the vendors have of one day, as far as the memory knows. */
export async function claimsOfDay(db: Db, dataset: string, dt: string): Promise<Claim[]> {
  // One row a vendor: thousands of rows cost more to hand over than to find.
  const rows = await db.all<{ vendor: string; cells: string }>(sql`
    SELECT vendor, json_group_array(json_array(symbol, at)) AS cells FROM ${attemptsOfDays(dataset, dt, dt)} a
    WHERE ${isClaim('a')} GROUP BY vendor ORDER BY vendor`)
  return rows.flatMap(({ vendor, cells }) =>
    (JSON.parse(cells) as [string, number][]).map(([symbol, at]) => ({ symbol, vendor, at })),
  )
}

/** The days of a dataset that any vendor was ever asked about, ascending. Reads all of its evidence, a few symbols at a time. */
export async function daysOfAttempts(db: Db, dataset: string): Promise<string[]> {
  const days = new Set<string>()
  for await (const { from, to } of symbolRanges(db, dataset)) {
    const [found] = await db.all<{ days: string }>(sql`
      SELECT json_group_array(DISTINCT dt) AS days FROM attempts WHERE dataset = ${dataset} AND symbol BETWEEN ${from} AND ${to}`)
    for (const dt of JSON.parse(found?.days ?? '[]') as string[]) days.add(dt)
  }
  return [...days].sort()
}
