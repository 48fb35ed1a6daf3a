/** Takes settlements apart into `settling`, where every statement of their batch reads them as columns. */
import type { Statement } from '../compile.ts'
import type { Settlement } from '../gap-tasks/settle-tasks.ts'

type Read = (one: Settlement) => string | number | null

/** Columns of `settling` that a settlement brings, and what goes into them. */
const BROUGHT: Record<string, Read> = {
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

/** Those the task t knows itself, or its day w.dt. */
const KNOWN = {
  task_id: 't.id',
  symbol: 't.symbol',
  dt: 'w.dt',
  month: 'substr(w.dt, 1, 7)',
  bit: '1 << (CAST(substr(w.dt, 9, 2) AS INTEGER) - 1)',
}

const columns = Object.entries(BROUGHT)

/** How a column travels: not at all, once for all settlements, or with each. */
type Way = 'none' | 'once' | 'each'

function wayOf(read: Read, settlements: readonly Settlement[]): Way {
  const first = read(settlements[0]!)
  if (!settlements.every((one) => read(one) === first)) return 'each'
  return first === null ? 'none' : 'once'
}

/** Texts by the ways of all columns. */
const texts = new Map<string, string>()

/** Once for all statements: what still is the token's. What settlements have in common, which is most of it, travels and is read once. */
export function takeApart(token: string, settlements: readonly Settlement[]): Statement {
  const ways = columns.map(([, read]) => wayOf(read, settlements))
  const [first] = settlements as readonly [Settlement, ...Settlement[]]
  const isOne = settlements.length === 1
  const key = `${isOne} ${ways}`
  const text = texts.get(key) ?? textOf(ways, isOne)
  texts.set(key, text)
  const once = columns.flatMap(([, read], at) => (ways[at] === 'once' ? [asBound(read(first))] : []))
  if (isOne) return { text, args: [token, BigInt(first.id), first.dt, ...once] }
  const each = columns.flatMap(([, read], at) => (ways[at] === 'each' ? [read] : []))
  const rows = settlements.map((one) => [one.id, one.dt, ...each.map((read) => read(one))])
  return { text, args: [token, JSON.stringify(rows), ...once] }
}

/** What is settled, w: as JSON, or a single one as it is. A limit keeps the value of a row from being read anew for each of its columns. */
const MANY = '(SELECT value AS s, value->>0 AS id, value->>1 AS dt FROM json_each(?2) LIMIT -1)'
const ONE = '(SELECT ?2 AS id, ?3 AS dt)'

function textOf(ways: readonly Way[], isOne: boolean): string {
  let [once, each] = [isOne ? 4 : 3, 2]
  const brought = columns.flatMap(([name], at) => {
    const way = ways[at]!
    return way === 'none' ? [] : [[name, way === 'once' ? `?${once++}` : `w.s->>${each++}`]]
  })
  const all = [...Object.entries(KNOWN), ...brought]
  return `INSERT INTO settling (${all.map(([name]) => name).join(', ')})
    SELECT ${all.map(([, value]) => value).join(', ')}
    FROM ${isOne ? ONE : MANY} w CROSS JOIN gap_tasks t ON t.id = w.id
    WHERE t.lease IN (SELECT id FROM leases WHERE token = ?1)`
}

/** A number would be bound as a fraction, and one beyond 2^51 kept as one. */
const asBound = (value: string | number | null): string | bigint | null =>
  typeof value === 'number' ? BigInt(value) : value
