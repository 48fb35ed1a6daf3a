/** Takes settlements apart into `settling`, where every statement of their batch reads them as columns. */
import { type SQL, sql } from 'drizzle-orm'
import type { Settlement } from '../gap-tasks/settle-tasks.ts'

/** Columns of `settling`, and what goes into them. */
const COLUMNS: Record<string, (one: Settlement) => string | number | null> = {
  task_id: ({ id }) => id,
  symbol: ({ symbol }) => symbol,
  dt: ({ dt }) => dt,
  month: ({ month }) => month,
  bit: ({ bit }) => bit,
  outcome: ({ outcome }) => outcome,
  status: ({ status }) => status,
  rows: ({ rows }) => rows,
  digest: ({ digest }) => digest,
  note: ({ note }) => note,
  ask_again_at: ({ askAgainAt }) => askAgainAt,
  present: ({ present }) => present,
  short: ({ short }) => short,
  absence: ({ absence }) => absence,
  recheck_at: ({ recheckAt }) => recheckAt,
  state: ({ state }) => state,
  next_at: ({ nextAt }) => nextAt,
  burns: ({ burns }) => burns,
  reread: ({ reread }) => reread,
  difference: ({ difference }) => (difference === null ? null : JSON.stringify(difference)),
  refused_digest: ({ refused }) => refused?.digest ?? null,
  refused_rows: ({ refused }) => refused?.rows ?? null,
  window_sessions: ({ window }) => window,
  partition: ({ partition }) => partition,
}

/** Once for all statements: what still is the token's. What all have in common, which is most of it, travels and is read once. */
export function takeApart(token: string, settlements: readonly Settlement[]): SQL {
  const columns = Object.entries(COLUMNS)
  const lists = columns.map(([, read]) => settlements.map(read))
  const isCommon = lists.map((list) => list.every((value) => value === list[0]))
  const own = lists.filter((_, at) => !isCommon[at])
  const rows = settlements.map((_, row) => own.map((list) => list[row]))
  let place = 0
  const read = lists.map((list, at) => (isCommon[at] ? sql`${asBound(list[0])}` : sql.raw(`w.s->>${place++}`)))
  // A limit keeps the value of a row from being read anew for each of its columns.
  const from =
    own.length === 0 ? sql`` : sql`(SELECT value AS s FROM json_each(${JSON.stringify(rows)}) LIMIT -1) w CROSS JOIN`
  return sql`INSERT INTO settling (${sql.raw(columns.map(([name]) => name).join(', '))})
    SELECT ${sql.join(read, sql`, `)} FROM ${from} leases l WHERE l.task_id = ${read[0]} AND l.token = ${token}`
}

/** A number would be bound as a fraction, and one beyond 2^51 kept as one. */
const asBound = <T>(value: T): T | bigint => (typeof value === 'number' ? BigInt(value) : value)
