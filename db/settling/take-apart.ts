/** Takes settlements apart into `settling`, where every statement of their batch reads them as columns. */
import type { Statement } from '../compile.ts'
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

const NAMES = Object.keys(COLUMNS)
const READS = Object.values(COLUMNS)

/** Texts by which columns all settlements have in common, as one digit each. */
const texts = new Map<string, string>()

/** Once for all statements: what still is the token's. What all have in common, which is most of it, travels and is read once. */
export function takeApart(token: string, settlements: readonly Settlement[]): Statement {
  const lists = READS.map((read) => settlements.map(read))
  const isCommon = lists.map((list) => list.every((value) => value === list[0]))
  const key = isCommon.map(Number).join('')
  const text = texts.get(key) ?? textOf(isCommon)
  texts.set(key, text)
  const common = lists.flatMap((list, at) => (isCommon[at] ? [asBound(list[0] ?? null)] : []))
  const own = lists.filter((_, at) => !isCommon[at])
  const rows = own.length === 0 ? [] : [JSON.stringify(settlements.map((_, row) => own.map((list) => list[row])))]
  return { text, args: [...common, ...rows, token] }
}

/** Takes the values in common by number, then the rows, then the token. */
function textOf(isCommon: readonly boolean[]): string {
  const commons = isCommon.filter(Boolean).length
  const isAlike = commons === isCommon.length
  let [common, own] = [0, 0]
  const read = isCommon.map((one) => (one ? `?${++common}` : `w.s->>${own++}`))
  // A limit keeps the value of a row from being read anew for each of its columns.
  const from = isAlike ? '' : `(SELECT value AS s FROM json_each(?${commons + 1}) LIMIT -1) w CROSS JOIN`
  return `INSERT INTO settling (${NAMES.join(', ')})
    SELECT ${read.join(', ')} FROM ${from} gap_tasks t
    WHERE t.id = ${read[0]} AND t.lease IN (SELECT id FROM leases WHERE token = ?${commons + (isAlike ? 1 : 2)})`
}

/** A number would be bound as a fraction, and one beyond 2^51 kept as one. */
const asBound = (value: string | number | null): string | bigint | null =>
  typeof value === 'number' ? BigInt(value) : value
