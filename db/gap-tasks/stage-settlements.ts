/** Takes settlements apart into `settlementStaging`, where every statement of their batch reads them as columns. */
import { sql } from 'drizzle-orm'
import { KEPT_DIGITS } from '../attempts/kept-digest.ts'
import type { Statement } from '../prepared.ts'
import { dayBitOf, firstIn, lastIn } from './day-mask.ts'
import type { Settlement } from './settlement.ts'

/** Characters of a digest as it travels and is kept. */
const DIGEST = KEPT_DIGITS

/** `FROM …`: what is settled day by day: the row s that stands for it, and the day d. */
export const settledDays = sql`settlement_staging s CROSS JOIN month_days d
  ON d.day BETWEEN s.first_day AND s.last_day AND s.days >> (d.day - 1) & 1`
/** Of these: the trading date, and the digest of what was kept, null where nothing was. */
export const settledDt = sql`(s.month || '-' || d.text)`
export const settledDigest = sql.raw(
  `rtrim(CAST(substr(s.digests, (d.day - s.first_day) * ${DIGEST} + 1, ${DIGEST}) AS TEXT))`,
)

/** A digest as it travels: at its place among others, which is found at once because bytes need not be counted as characters are. */
const asPlaced = (digest: string): string => digest.slice(0, DIGEST).padEnd(DIGEST)

type Read = (one: Settlement) => string | number | null

/** Columns of `settlementStaging` that settlements of a row have in common, and what goes into them. */
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
  counts_as_attempt: ({ countsAsAttempt }) => countsAsAttempt,
  reread: ({ reread }) => reread,
  difference: ({ difference }) => (difference === null ? null : JSON.stringify(difference)),
  refused_digest: ({ refused }) => refused?.digest.slice(0, DIGEST) ?? null,
  refused_rows: ({ refused }) => refused?.rows ?? null,
  window_sessions: ({ window }) => window,
  partition: ({ partition }) => partition,
}

const columns = Object.entries(SHARED)

/** Days of one task that ended alike, ascending. */
interface Row {
  first: Settlement
  days: number
  /** From the first day to the last, as they travel; null where no day has one. */
  digests: string | null
}

/** Settlements in the order of symbol and day; those that follow each other and differ in nothing but day and digest are one row. */
function rowsOf(settlements: readonly Settlement[]): Row[] {
  const rows: Row[] = []
  for (const one of settlements) {
    const bit = dayBitOf(one.dt)
    const row = rows.at(-1)
    if (row === undefined || !areAlike(row.first, one)) {
      const digests = one.digest && asPlaced(one.digest)
      rows.push({ first: one, days: bit, digests })
      continue
    }
    const between = lastIn(bit) - lastIn(row.days) - 1
    if (one.digest !== null) row.digests += asPlaced('').repeat(between) + asPlaced(one.digest)
    row.days |= bit
  }
  return rows
}

const areAlike = (a: Settlement, b: Settlement): boolean =>
  a.id === b.id && (a.digest === null) === (b.digest === null) && columns.every(([, read]) => read(a) === read(b))

/** Once for all statements: what still is the token's. */
export function stageSettlements(token: string, settlements: readonly Settlement[]): Statement {
  const rows = rowsOf(settlements)
  return rows.length === 1 ? ofOne(token, rows[0]!) : ofMany(token, rows)
}

/** What a row brings of its own, in this order; its first and last day as one number, because each is read by itself out of a list. */
const ownOf = ({ first, days }: Row): number[] => [first.id, days, (firstIn(days) << 5) | lastIn(days)]
const OWN = ['id', 'days', 'span']
const FIRST_DAY = 'w.span >> 5'
const LAST_DAY = 'w.span & 31'

/** Columns and their values that need not be brought: the task t knows them, or they follow from the span of the days w. */
const KNOWN = [
  ['task_id', 't.id'],
  ['symbol', 't.symbol'],
  ['month', 'substr(t.dt, 1, 7)'],
  ['days', 'w.days'],
  ['first_day', FIRST_DAY],
  ['last_day', LAST_DAY],
]

/** A single row travels as it is. */
const ofOne = (token: string, row: Row): Statement => ({
  text: ONE,
  args: [token, row.digests, ...ownOf(row).map(asBound), ...columns.map(([, read]) => asBound(read(row.first)))],
})

const ONE = intoStaging(
  `(SELECT ${OWN.map((name, at) => `?${at + 3} AS ${name}`).join(', ')})`,
  'CAST(?2 AS BLOB)',
  columns.map(([name], at) => [name, `?${at + 3 + OWN.length}`]),
)

/** How a column of many rows travels: not at all, once for all, or with each. */
type Way = 'none' | 'once' | 'each'

function wayOf(read: Read, rows: readonly Row[]): Way {
  const first = read(rows[0]!.first)
  if (!rows.every((row) => read(row.first) === first)) return 'each'
  return first === null ? 'none' : 'once'
}

/** Many rows travel as JSON, beside their digests; what all have in common, which is most of it, once. */
function ofMany(token: string, rows: readonly Row[]): Statement {
  const ways = columns.map(([, read]) => wayOf(read, rows))
  const once = columns.flatMap(([, read], at) => (ways[at] === 'once' ? [asBound(read(rows[0]!.first))] : []))
  const each = columns.flatMap(([, read], at) => (ways[at] === 'each' ? [read] : []))
  let bytes = 0
  const placeOf = ({ digests }: Row): number | null => {
    if (digests === null) return null
    bytes += digests.length
    return bytes - digests.length
  }
  const all = rows.map((row) => [...ownOf(row), placeOf(row), ...each.map((read) => read(row.first))])
  const digests = Buffer.from(rows.map((row) => row.digests ?? '').join(''))
  return { text: textOf(ways), args: [token, digests, JSON.stringify(all), ...once] }
}

/** Texts by the ways of all columns. */
const texts = new Map<string, string>()

function textOf(ways: readonly Way[]): string {
  const key = ways.join()
  const known = texts.get(key)
  if (known !== undefined) return known
  // A limit keeps the value of a row from being read anew for each of its columns.
  const own = [...OWN, 'place'].map((name, at) => `value->>${at} AS ${name}`).join(', ')
  let [once, each] = [4, OWN.length + 1]
  const text = intoStaging(
    `(SELECT value AS s, ${own} FROM json_each(?3) LIMIT -1)`,
    `substr(?2, w.place + 1, ((${LAST_DAY}) - (${FIRST_DAY}) + 1) * ${DIGEST})`,
    columns.flatMap(([name], at): [string, string][] => {
      const way = ways[at]!
      return way === 'none' ? [] : [[name, way === 'once' ? `?${once++}` : `w.s->>${each++}`]]
    }),
  )
  texts.set(key, text)
  return text
}

/** `rows`: what is settled, w. `brought`: the other columns and their values. */
function intoStaging(rows: string, digests: string, brought: readonly (readonly [string, string])[]): string {
  const all = [...KNOWN, ['digests', digests], ...brought]
  return `INSERT INTO settlement_staging (${all.map(([name]) => name).join(', ')})
    SELECT ${all.map(([, value]) => value).join(', ')}
    FROM ${rows} w CROSS JOIN gap_tasks t ON t.id = w.id
    WHERE t.lease IN (SELECT id FROM leases WHERE token = ?1)`
}

/** A number would be bound as a fraction, and one beyond 2^51 kept as one. */
function asBound(value: string | number | null): string | bigint | null {
  return typeof value === 'number' ? BigInt(value) : value
}
