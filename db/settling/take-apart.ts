/** Takes settlements apart into `settling`, where every statement of their batch reads them as columns. */
import { sql } from 'drizzle-orm'
import type { Statement } from '../compile.ts'
import { dayBitOf } from '../gap-tasks/days.ts'
import type { Settlement } from '../gap-tasks/settle-tasks.ts'

/** `FROM …`: what is settled day by day: the row s that stands for it, and the day d. */
export const settledDays = sql`settling s CROSS JOIN month_days d
  ON d.day BETWEEN s.first_day AND s.last_day AND s.days >> (d.day - 1) & 1`
/** Of these: the trading date, and the digest of what was kept, null where nothing was. */
export const settledDt = sql`(s.month || '-' || d.text)`
export const settledDigest = sql`rtrim(CAST(substr(s.digests, (d.day - s.first_day) * 64 + 1, 64) AS TEXT))`

/** A digest as it travels: at its place among others, which is found at once because bytes need not be counted as characters are. */
const asPlaced = (digest: string): string => digest.padEnd(64)

type Read = (one: Settlement) => string | number | null

/** Columns of `settling` that settlements of a row have in common, and what goes into them. */
const SHARED: Record<string, Read> = {
  outcome: ({ outcome }) => outcome,
  status: ({ status }) => status,
  rows: ({ rows }) => rows,
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

const columns = Object.entries(SHARED)

/** Days of one task that ended alike, ascending. */
interface Row {
  first: Settlement
  days: number
  firstDay: number
  lastDay: number
  /** From the first day to the last, as they travel; null where no day has one. */
  digests: string | null
}

/** Settlements in the order of symbol and day; those that follow each other and differ in nothing but day and digest are one row. */
function rowsOf(settlements: readonly Settlement[]): Row[] {
  const rows: Row[] = []
  for (const one of settlements) {
    const day = Number(one.dt.slice(8, 10))
    const row = rows.at(-1)
    if (row === undefined || !areAlike(row.first, one)) {
      const digests = one.digest && asPlaced(one.digest)
      rows.push({ first: one, days: dayBitOf(one.dt), firstDay: day, lastDay: day, digests })
      continue
    }
    row.days |= dayBitOf(one.dt)
    if (one.digest !== null) row.digests += asPlaced('').repeat(day - row.lastDay - 1) + asPlaced(one.digest)
    row.lastDay = day
  }
  return rows
}

const areAlike = (a: Settlement, b: Settlement): boolean =>
  a.id === b.id && (a.digest === null) === (b.digest === null) && columns.every(([, read]) => read(a) === read(b))

/** How a column travels: not at all, once for all rows, or with each. */
type Way = 'none' | 'once' | 'each'

function wayOf(read: Read, rows: readonly Row[]): Way {
  const first = read(rows[0]!.first)
  if (!rows.every((row) => read(row.first) === first)) return 'each'
  return first === null ? 'none' : 'once'
}

/** Texts by the ways of all columns. */
const texts = new Map<string, string>()

/** Once for all statements: what still is the token's. What all have in common, which is most of it, travels and is read once. */
export function takeApart(token: string, settlements: readonly Settlement[]): Statement {
  const rows = rowsOf(settlements)
  const ways = columns.map(([, read]) => wayOf(read, rows))
  const row = rows[0]!
  const isOne = rows.length === 1
  const key = `${isOne} ${ways}`
  const text = texts.get(key) ?? textOf(ways, isOne)
  texts.set(key, text)
  const once = columns.flatMap(([, read], at) => (ways[at] === 'once' ? [asBound(read(row.first))] : []))
  if (isOne) {
    const { first, days, firstDay, lastDay, digests } = row
    return { text, args: [token, digests, ...[first.id, days, firstDay, lastDay].map(asBound), ...once] }
  }
  const each = columns.flatMap(([, read], at) => (ways[at] === 'each' ? [read] : []))
  let bytes = 0
  const placeOf = ({ digests }: Row): number | null => {
    if (digests === null) return null
    bytes += digests.length
    return bytes - digests.length
  }
  const all = rows.map((one) => [
    one.first.id,
    one.days,
    one.firstDay,
    one.lastDay,
    placeOf(one),
    ...each.map((read) => read(one.first)),
  ])
  const digests = Buffer.from(rows.map((one) => one.digests ?? '').join(''))
  return { text, args: [token, digests, JSON.stringify(all), ...once] }
}

/** What a row brings of its own, in this order. */
const OWN = ['id', 'days', 'first_day', 'last_day']
/** What is settled, w: as JSON, or a single row as it is. A limit keeps the value of a row from being read anew for each of its columns. */
const MANY = `(SELECT value AS s, ${OWN.map((name, at) => `value->>${at} AS ${name}`).join(', ')}, value->>${OWN.length} AS place FROM json_each(?3) LIMIT -1)`
const ONE = `(SELECT ${OWN.map((name, at) => `?${at + 3} AS ${name}`).join(', ')})`

function textOf(ways: readonly Way[], isOne: boolean): string {
  let [once, each] = [isOne ? OWN.length + 3 : 4, OWN.length + 1]
  const brought = columns.flatMap(([name], at) => {
    const way = ways[at]!
    return way === 'none' ? [] : [[name, way === 'once' ? `?${once++}` : `w.s->>${each++}`]]
  })
  const digests = isOne ? 'CAST(?2 AS BLOB)' : 'substr(?2, w.place + 1, (w.last_day - w.first_day + 1) * 64)'
  const all = [...Object.entries(KNOWN), ['digests', digests], ...brought]
  return `INSERT INTO settling (${all.map(([name]) => name).join(', ')})
    SELECT ${all.map(([, value]) => value).join(', ')}
    FROM ${isOne ? ONE : MANY} w CROSS JOIN gap_tasks t ON t.id = w.id
    WHERE t.lease IN (SELECT id FROM leases WHERE token = ?1)`
}

/** Columns the task t knows, and those of its days w. */
const KNOWN = {
  task_id: 't.id',
  symbol: 't.symbol',
  month: 'substr(t.dt, 1, 7)',
  days: 'w.days',
  first_day: 'w.first_day',
  last_day: 'w.last_day',
}

/** A number would be bound as a fraction, and one beyond 2^51 kept as one. */
const asBound = (value: string | number | null): string | bigint | null =>
  typeof value === 'number' ? BigInt(value) : value
