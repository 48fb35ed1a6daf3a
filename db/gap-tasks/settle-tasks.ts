/**
 * The one place where an answer enters the database: evidence, corrections, coverage, absences, bookmarks, touched partitions and the task's
 * next state, all of a task in one write, all only for tasks whose lease still carries the caller's token. A holder whose lease has
 * passed on changes nothing.
 */
import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import { keptDigest } from '../attempts/kept-digest.ts'
import { advanceBookmark } from '../bookmarks/advance-bookmark.ts'
import type { Db } from '../client.ts'
import { markPresent } from '../coverage/mark-present.ts'
import { dayOf } from '../day-of.ts'
import { compactSettled } from '../empty-months/compact-settled.ts'
import { expandSettled } from '../empty-months/expand-days.ts'
import { finalNones, isFinalNone } from '../empty-months/final-none.ts'
import { unpackSettled } from '../packed-months/unpack-months.ts'
import { touchPartitions } from '../partitions/touch-partitions.ts'
import { preparedSql, type Statement } from '../prepared.ts'
import { asTask, dayBitOf } from './day-mask.ts'
import { rebucket } from './eligibility.ts'
import type { Settlement } from './settlement.ts'
import { fromWhole, inherited, sortKeyLike } from './split-tasks.ts'
import { settledDays, settledDigest, settledDt, stageSettlements } from './stage-settlements.ts'

export interface SettleRequest {
  token: string
  vendor: string
  dataset: string
  settlements: readonly Settlement[]
  /** The instant of the night the answer belongs to, epoch ms: what a correction is dated by. */
  asOf: number
  now: number
}

/** Tasks of one write: many would keep every other request waiting. A run that is killed between two writes still holds the rest. */
export const SETTLED_AT_ONCE = 5_000

/** Returns how many tasks were settled, of one day or of several: fewer than asked when a lease had lapsed and passed on. */
export async function settleTasks(db: Db, request: SettleRequest): Promise<number> {
  // Neighbours in the indexes are written together.
  const inOrder = request.settlements.toSorted(bySymbolAndDay)
  let settled = 0
  for (const part of settledTogether(inOrder, (settlement) => settlement))
    settled += await settlePart(db, request, part)
  return settled
}

/** Slices of what is in the order of the indexes, of about `SETTLED_AT_ONCE`: the days of a symbol's month may be one task and stay together. */
export function* settledTogether<T>(inOrder: readonly T[], cellOf: (one: T) => Cell): Generator<T[]> {
  const isOneMonth = (a: Cell, b: Cell): boolean => a.symbol === b.symbol && a.dt.slice(0, 7) === b.dt.slice(0, 7)
  for (let from = 0; from < inOrder.length; ) {
    let to = Math.min(from + SETTLED_AT_ONCE, inOrder.length)
    while (to < inOrder.length && isOneMonth(cellOf(inOrder[to - 1]!), cellOf(inOrder[to]!))) to++
    yield inOrder.slice(from, to)
    from = to
  }
}

type Cell = Pick<Settlement, 'symbol' | 'dt'>

/** The order of the indexes. */
export function bySymbolAndDay(a: Cell, b: Cell): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1
  if (a.dt !== b.dt) return a.dt < b.dt ? -1 : 1
  return 0
}

async function settlePart(db: Db, request: SettleRequest, settlements: readonly Settlement[]): Promise<number> {
  const { token, vendor, dataset, asOf, now } = request
  const isAny = (holds: (settlement: Settlement) => boolean): boolean => settlements.some(holds)
  const isAnyFinal = isAny(isFinalNone)
  const isAnyOther = isAny((settlement) => !isFinalNone(settlement))
  const told = [
    stageSettlements(token, settlements),
    ...unpackSettled({ dataset }),
    ...(isAnyOther ? expandSettled({ vendor, dataset }) : []),
    // Read the evidence of the version before, so they come first.
    ...(isAny(({ digest }) => digest !== null) ? [recordCorrections({ vendor, dataset, asOf })] : []),
    ...(isAny(({ refused }) => refused !== null) ? [recordRefusals({ vendor, dataset, asOf })] : []),
    ...(isAnyOther ? [recordEvidence({ vendor, dataset, now })] : []),
    ...(isAny(({ reread }) => reread === 1) ? [recordRereads({ vendor, dataset, now })] : []),
    ...(isAny(({ present, absence }) => present === 1 || absence !== null) ? [recordCoverage({ dataset })] : []),
    ...(isAny(({ present }) => present === 1) ? [forgetAbsences({ dataset }), moveBookmarks({ vendor, dataset })] : []),
    ...(isAnyOther && isAny(({ absence }) => absence !== null) ? [recordAbsences({ dataset, now })] : []),
    ...(isAnyFinal ? compactSettled({ vendor, dataset, now }) : []),
    ...(isAny(({ partition }) => partition !== null) ? [touchChanged({ dataset, now })] : []),
    ...splitByOutcome(settlements, { token, now }),
  ]
  const counts = await db.change([
    ...told,
    endTasks({ now }),
    ...(isAny(({ state }) => state === 'queued') ? [rebucketSettled({ dataset, now })] : []),
    endLeases({ token }),
    sql`DELETE FROM settlement_staging`,
  ])
  return counts[told.length]!
}

const touchChanged = preparedSql<'dataset' | 'now'>(({ dataset, now }) =>
  touchPartitions(dataset, sql`settlement_staging`, now),
)

const endTasks = preparedSql<'now'>(
  ({ now }) => sql`
  UPDATE gap_tasks SET state = s.state, done_at = CASE s.state WHEN 'done' THEN ${now} END, lease = NULL, next_at = s.next_at, last_outcome = s.outcome, attempts = attempts - 1 + s.counts_as_attempt, updated_at = ${now}
  FROM settlement_staging s WHERE gap_tasks.id = s.task_id AND s.days >> (${dayOf(sql`gap_tasks.dt`)} - 1) & 1`,
)

/**
 * A task of several days keeps those that are done and had the outcome most of them had, or its first where none is done; each other day becomes
 * a task of its own. Days that all ended alike need none of this.
 */
function splitByOutcome(
  settlements: readonly Settlement[],
  { token, now }: { token: string; now: number },
): Statement[] {
  const kept = [...groupedBy(settlements, ({ id }) => id)].flatMap(([id, days]) => {
    const stay = majority(days)
    if (stay.length === days.length) return []
    const task = asTask(
      days[0]!.dt,
      stay.reduce((mask, { dt }) => mask | dayBitOf(dt), 0),
    )
    return [[id, task.dt, task.days, task.cells]]
  })
  return kept.length === 0 ? [] : [keepDays({ token, kept: JSON.stringify(kept) }), queueDays({ now })]
}

function majority(days: readonly Settlement[]): readonly Settlement[] {
  if (days.length === 1) return days
  const done = days.filter(({ state }) => state === 'done')
  const alike = [...groupedBy(done, ({ outcome }) => outcome).values()]
  return alike.reduce((most, these) => (these.length > most.length ? these : most), alike[0] ?? days.slice(0, 1))
}

function groupedBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

const keepDays = preparedSql<'token' | 'kept'>(
  ({ token, kept }) => sql`
  UPDATE gap_tasks AS t SET dt = k.dt, days = k.days, cells = k.cells, sort_key = ${sortKeyLike(sql`k.dt`)}
  FROM (SELECT value->>0 AS id, value->>1 AS dt, value->>2 AS days, value->>3 AS cells FROM json_each(${kept}) LIMIT -1) k
  WHERE t.id = k.id AND t.lease IN (SELECT id FROM leases WHERE token = ${token})`,
)

const queueDays = preparedSql<'now'>(
  ({ now }) => sql`
  INSERT INTO gap_tasks (${inherited}, dt, sort_key, state, done_at, attempts, next_at, last_outcome, updated_at)
  SELECT ${fromWhole}, ${settledDt}, ${sortKeyLike(settledDt)}, s.state, CASE s.state WHEN 'done' THEN ${now} END, t.attempts - 1 + s.counts_as_attempt,
    s.next_at, s.outcome, ${now}
  FROM ${settledDays} CROSS JOIN gap_tasks t ON t.id = s.task_id
  WHERE coalesce(t.days >> (d.day - 1) & 1, d.day = ${dayOf(sql`t.dt`)}) = 0`,
)

/** Of the token, those that hold nothing any more. */
const endLeases = preparedSql<'token'>(
  ({ token }) => sql`
  DELETE FROM leases WHERE token = ${token} AND NOT EXISTS (
    SELECT 1 FROM json_each(leases.tasks) w CROSS JOIN gap_tasks t ON t.id = w.value WHERE t.lease = leases.id)`,
)

/** Reads the evidence just recorded. */
const rebucketSettled = preparedSql<'dataset' | 'now'>(
  ({ dataset, now }) => sql`
  UPDATE gap_tasks SET ${rebucket(now)} WHERE id IN (
    SELECT t.id FROM ${settledDays} CROSS JOIN gap_tasks t
      ON t.dataset = ${dataset} AND t.symbol = s.symbol AND t.dt = ${settledDt} AND t.done_at IS NULL
    WHERE s.state = 'queued')`,
)

/** Of what this vendor said before. */
const knownDigest = keptDigest(sql`a.digest`)

/** A digest other than the known one is a correction, whoever noticed it: also a run that was killed after the files were written. */
const recordCorrections = preparedSql<'vendor' | 'dataset' | 'asOf'>(
  ({ vendor, dataset, asOf }) => sql`
  INSERT INTO corrections
    (dataset, symbol, dt, vendor, at, verdict, previous, digest, rows_before, rows, difference, window_sessions)
  SELECT ${dataset}, a.symbol, a.dt, ${vendor}, ${asOf}, 'replaced', ${knownDigest}, ${settledDigest}, a.rows, s.rows,
         CASE WHEN s.refused_digest IS NULL THEN s.difference END, s.window_sessions
  FROM ${knownOf(vendor, dataset)}
  WHERE ${knownDigest} <> ${settledDigest}
  ON CONFLICT DO NOTHING`,
)

/** A smaller answer that was not taken, once however often the vendor repeats it. */
const recordRefusals = preparedSql<'vendor' | 'dataset' | 'asOf'>(
  ({ vendor, dataset, asOf }) => sql`
  INSERT INTO corrections
    (dataset, symbol, dt, vendor, at, verdict, previous, digest, rows_before, rows, difference, window_sessions)
  SELECT ${dataset}, a.symbol, a.dt, ${vendor}, ${asOf}, 'kept_more_rows', coalesce(${settledDigest}, ${knownDigest}), s.refused_digest,
         CASE WHEN ${settledDigest} IS NULL THEN a.rows ELSE s.rows END, s.refused_rows, s.difference, s.window_sessions
  FROM ${knownOf(vendor, dataset)}
  WHERE s.refused_digest IS NOT NULL AND a.digest IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM corrections c WHERE c.dataset = ${dataset} AND c.symbol = a.symbol AND c.dt = a.dt AND c.vendor = ${vendor}
      AND c.verdict = 'kept_more_rows' AND ${keptDigest(sql`c.previous`)} = coalesce(${settledDigest}, ${knownDigest}) AND ${keptDigest(sql`c.digest`)} = s.refused_digest)
  ON CONFLICT DO NOTHING`,
)

/** What is settled beside what this vendor said before, a. */
function knownOf(vendor: Placeholder, dataset: Placeholder): SQL {
  return sql`${settledDays} CROSS JOIN attempts a
    ON a.dataset = ${dataset} AND a.symbol = s.symbol AND a.dt = ${settledDt} AND a.vendor = ${vendor}`
}

/** Apart from the evidence, which an empty or failed reading leaves as it is. */
const recordRereads = preparedSql<'vendor' | 'dataset' | 'now'>(
  ({ vendor, dataset, now }) => sql`
  UPDATE attempts SET reread_at = ${now}
  WHERE dataset = ${dataset} AND vendor = ${vendor} AND (symbol, dt) IN (SELECT s.symbol, ${settledDt} FROM ${settledDays} WHERE s.reread = 1)`,
)

const recordEvidence = preparedSql<'vendor' | 'dataset' | 'now'>(
  ({ vendor, dataset, now }) => sql`
  INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, status, rows, digest, note, at, ask_again_at)
  SELECT ${dataset}, s.symbol, ${settledDt}, ${vendor}, s.counts_as_attempt, s.outcome, s.status, s.rows, ${settledDigest}, s.note, ${now}, s.ask_again_at
  FROM ${settledDays} WHERE NOT ${finalNones}
  ON CONFLICT DO UPDATE SET count = count + excluded.count, outcome = excluded.outcome, status = excluded.status,
    rows = excluded.rows, refused_for = CASE WHEN ${keptDigest(sql`digest`)} IS excluded.digest THEN refused_for END, digest = excluded.digest,
    note = excluded.note, at = excluded.at, ask_again_at = excluded.ask_again_at
  WHERE attempts.digest IS NULL OR excluded.digest IS NOT NULL`,
)

const recordCoverage = preparedSql<'dataset'>(({ dataset }) =>
  markPresent(
    dataset,
    sql`(SELECT symbol, month, days * present AS present, days * short AS short,
      CASE WHEN absence IS NULL OR state <> 'done' THEN 0 ELSE days END AS absent FROM settlement_staging)`,
  ),
)

const forgetAbsences = preparedSql<'dataset'>(
  ({ dataset }) => sql`
  DELETE FROM absences WHERE rowid IN (
    SELECT a.rowid FROM settlement_staging s CROSS JOIN absences a
      ON a.dataset = ${dataset} AND a.symbol = s.symbol AND a.dt BETWEEN s.month || '-01' AND s.month || '-31'
    WHERE s.present = 1 AND s.days >> (${dayOf(sql`a.dt`)} - 1) & 1)`,
)

const recordAbsences = preparedSql<'dataset' | 'now'>(
  ({ dataset, now }) => sql`
  INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
  SELECT ${dataset}, s.symbol, ${settledDt}, s.absence, ${now}, s.recheck_at
  FROM ${settledDays} WHERE s.absence IS NOT NULL AND NOT ${finalNones} AND NOT EXISTS (
    SELECT 1 FROM coverage c
    WHERE c.dataset = ${dataset} AND c.symbol = s.symbol AND c.month = s.month AND c.present >> (d.day - 1) & 1)
  ON CONFLICT DO UPDATE SET reason = excluded.reason, decided_at = excluded.decided_at, recheck_at = excluded.recheck_at`,
)

const moveBookmarks = preparedSql<'vendor' | 'dataset'>(({ vendor, dataset }) =>
  advanceBookmark(
    vendor,
    dataset,
    sql`(SELECT s.symbol, ${settledDt} AS dt FROM settlement_staging s CROSS JOIN month_days d ON d.day = s.last_day
      WHERE s.present = 1)`,
  ),
)
