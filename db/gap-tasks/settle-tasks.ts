/**
 * The one place where an answer becomes memory: evidence, corrections, coverage, absences, bookmarks, touched partitions and the task's
 * next state, all in one write, all only for tasks whose lease still carries the caller's token. A holder whose lease has
 * passed on changes nothing.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { shelve } from './shelves.ts'

/** What one answer means for one leased task. Epoch ms throughout; booleans as 0 and 1 because they travel as JSON. */
export interface Settlement {
  id: number
  symbol: string
  dt: string
  month: string
  bit: number
  outcome: string
  status: number | null
  rows: number
  digest: string | null
  note: string | null
  askAgainAt: number
  present: 0 | 1
  short: 0 | 1
  /** The reason of an absence, null when there is none to record. */
  absence: string | null
  recheckAt: number | null
  state: 'queued' | 'done' | 'stalled'
  nextAt: number
  /** 0 when the attempt is given back (a snooze). */
  burns: 0 | 1
  /** 1 when a delivered version was asked for again and that is over, whatever came of it. */
  reread: 0 | 1
  /** From this vendor's version before to the answer; null where there was none or it was not measured. */
  difference: object | null
  /** An answer that was not taken, because it has fewer rows than this vendor's version before; null where it was. */
  refused: { digest: string; rows: number } | null
  /** The window of re-reading, as sessions after the day; null for any other task. */
  window: number | null
}

export interface SettleRequest {
  token: string
  vendor: string
  dataset: string
  settlements: readonly Settlement[]
  /** Partitions whose cells changed. */
  partitions: readonly string[]
  /** The instant of the night the answer belongs to, epoch ms: what a correction is dated by. */
  night: number
  now: number
}

/** A settlement travels as a list, because the database reads it once for each statement and names would be most of it. */
const FIELDS = [
  'id',
  'symbol',
  'dt',
  'month',
  'bit',
  'outcome',
  'status',
  'rows',
  'digest',
  'note',
  'askAgainAt',
  'present',
  'short',
  'absence',
  'recheckAt',
  'state',
  'nextAt',
  'burns',
  'reread',
  'difference',
  'refused',
  'window',
] as const satisfies readonly (keyof Settlement)[]

/** How a field is read from a settlement `s`. */
const its = Object.fromEntries(FIELDS.map((field, at) => [field, sql.raw(`s->>${at}`)])) as Record<
  (typeof FIELDS)[number],
  SQL
>

/** Answers how many tasks were settled: fewer than asked when a lease had lapsed and passed on. */
export async function settleTasks(db: Db, request: SettleRequest): Promise<number> {
  const { token, vendor, dataset, night, now } = request
  const rows = JSON.stringify(request.settlements.map((settlement) => FIELDS.map((field) => settlement[field])))
  const settled = sql`(SELECT i.value AS s FROM json_each(${rows}) i
    CROSS JOIN leases l ON l.task_id = i.value->>0 WHERE l.token = ${token})`
  const isAny = (holds: (settlement: Settlement) => boolean): boolean => request.settlements.some(holds)
  const results = await db.write([
    // Read the evidence of the version before, so they come first.
    ...(isAny(({ digest }) => digest !== null) ? [recordCorrections(settled, vendor, dataset, night)] : []),
    ...(isAny(({ refused }) => refused !== null) ? [recordRefusals(settled, vendor, dataset, night)] : []),
    recordEvidence(settled, vendor, dataset, now),
    ...(isAny(({ reread }) => reread === 1) ? [recordRereads(settled, vendor, dataset, now)] : []),
    markCoverage(settled, dataset),
    ...(isAny(({ present }) => present === 1)
      ? [forgetAbsences(settled, dataset), moveBookmarks(settled, vendor, dataset)]
      : []),
    ...(isAny(({ absence }) => absence !== null) ? [recordAbsences(settled, dataset, now)] : []),
    ...(request.partitions.length > 0 ? [touchPartitions(request)] : []),
    endTasks(settled, now),
    ...(isAny(({ state }) => state === 'queued') ? [shelveAgain(token, now)] : []),
    sql`DELETE FROM leases WHERE token = ${token}
      AND task_id IN (SELECT value FROM json_each(${JSON.stringify(request.settlements.map(({ id }) => id))}))`,
    // Every settled task had one lease.
    sql`SELECT changes() AS settled`,
  ])
  return Number(results.at(-1)?.[0]?.settled ?? 0)
}

const touchPartitions = ({ token, dataset, partitions, now }: SettleRequest): SQL => sql`
  INSERT INTO partitions (dataset, partition, version, touched_at, expected)
  SELECT ${dataset}, value, 1, ${now}, '' FROM json_each(${JSON.stringify(partitions)})
  WHERE EXISTS (SELECT 1 FROM leases WHERE token = ${token})
  ON CONFLICT DO UPDATE SET version = version + 1, touched_at = excluded.touched_at`

const endTasks = (settled: SQL, now: number): SQL => sql`
  UPDATE gap_tasks SET state = ${its.state}, next_at = ${its.nextAt}, last_outcome = ${its.outcome},
    attempts = attempts - 1 + (${its.burns}), updated_at = ${now}
  FROM ${settled} v WHERE gap_tasks.id = CAST(${its.id} AS INTEGER)`

/** Reads the evidence just recorded, and which tasks the token holds. */
const shelveAgain = (token: string, now: number): SQL => sql`
  UPDATE gap_tasks SET ${shelve(now)}
  WHERE state = 'queued' AND id IN (SELECT task_id FROM leases WHERE token = ${token})`

/** A digest other than the known one is a correction, whoever noticed it: also a run that was killed after the files were written. */
const recordCorrections = (settled: SQL, vendor: string, dataset: string, night: number): SQL => sql`
  INSERT INTO corrections
    (dataset, symbol, dt, vendor, at, verdict, previous, digest, rows_before, rows, difference, window_sessions)
  SELECT ${dataset}, a.symbol, a.dt, ${vendor}, ${night}, 'replaced', a.digest, ${its.digest}, a.rows, ${its.rows},
         CASE WHEN ${its.refused} IS NULL THEN ${its.difference} END, ${its.window}
  FROM ${settled} CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.symbol = ${its.symbol} AND a.dt = ${its.dt}
    AND a.vendor = ${vendor}
  WHERE ${its.digest} IS NOT NULL AND a.digest <> ${its.digest}
  ON CONFLICT DO NOTHING`

/** A smaller answer that was not taken, once however often the vendor repeats it. */
const recordRefusals = (settled: SQL, vendor: string, dataset: string, night: number): SQL => sql`
  INSERT INTO corrections
    (dataset, symbol, dt, vendor, at, verdict, previous, digest, rows_before, rows, difference, window_sessions)
  SELECT ${dataset}, a.symbol, a.dt, ${vendor}, ${night}, 'kept_more_rows', coalesce(${its.digest}, a.digest), ${its.refused}->>'digest',
         CASE WHEN ${its.digest} IS NULL THEN a.rows ELSE ${its.rows} END, ${its.refused}->>'rows', ${its.difference}, ${its.window}
  FROM ${settled} CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.symbol = ${its.symbol} AND a.dt = ${its.dt}
    AND a.vendor = ${vendor}
  WHERE ${its.refused} IS NOT NULL AND a.digest IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM corrections c WHERE c.dataset = ${dataset} AND c.symbol = a.symbol AND c.dt = a.dt AND c.vendor = ${vendor}
      AND c.verdict = 'kept_more_rows' AND c.previous = coalesce(${its.digest}, a.digest) AND c.digest = ${its.refused}->>'digest')
  ON CONFLICT DO NOTHING`

/** Apart from the evidence, which an empty or failed reading leaves as it is. */
const recordRereads = (settled: SQL, vendor: string, dataset: string, now: number): SQL => sql`
  UPDATE attempts SET reread_at = ${now} WHERE dataset = ${dataset} AND vendor = ${vendor}
    AND (symbol, dt) IN (SELECT ${its.symbol}, ${its.dt} FROM ${settled} WHERE ${its.reread} = 1)`

const recordEvidence = (settled: SQL, vendor: string, dataset: string, now: number): SQL => sql`
  INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, status, rows, digest, note, at, ask_again_at)
  SELECT ${dataset}, ${its.symbol}, ${its.dt}, ${vendor}, ${its.burns}, ${its.outcome}, ${its.status}, ${its.rows}, ${its.digest},
         ${its.note}, ${now}, ${its.askAgainAt}
  FROM ${settled} WHERE true
  ON CONFLICT DO UPDATE SET count = count + excluded.count, outcome = excluded.outcome, status = excluded.status,
    rows = excluded.rows, refused_for = CASE WHEN digest IS excluded.digest THEN refused_for END, digest = excluded.digest,
    note = excluded.note, at = excluded.at, ask_again_at = excluded.ask_again_at
  WHERE attempts.digest IS NULL OR excluded.digest IS NOT NULL`

const markCoverage = (settled: SQL, dataset: string): SQL => sql`
  INSERT INTO coverage (dataset, symbol, month, present, short, absent)
  SELECT ${dataset}, ${its.symbol}, ${its.month}, sum((${its.bit}) * (${its.present})), sum((${its.bit}) * (${its.short})),
         sum(CASE WHEN ${its.absence} IS NULL OR ${its.state} <> 'done' THEN 0 ELSE ${its.bit} END)
  FROM ${settled} GROUP BY ${its.symbol}, ${its.month}
  ON CONFLICT DO UPDATE SET
    short = (short & ~excluded.present) | excluded.short,
    absent = (absent & ~excluded.present) | (excluded.absent & ~present),
    present = present | excluded.present`

const forgetAbsences = (settled: SQL, dataset: string): SQL => sql`
  DELETE FROM absences WHERE dataset = ${dataset}
    AND (symbol, dt) IN (SELECT ${its.symbol}, ${its.dt} FROM ${settled} WHERE ${its.present} = 1)`

const recordAbsences = (settled: SQL, dataset: string, now: number): SQL => sql`
  INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
  SELECT ${dataset}, ${its.symbol}, ${its.dt}, ${its.absence}, ${now}, ${its.recheckAt}
  FROM ${settled} WHERE ${its.absence} IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM coverage c
    WHERE c.dataset = ${dataset} AND c.symbol = ${its.symbol} AND c.month = ${its.month} AND c.present & (${its.bit}) <> 0)
  ON CONFLICT DO UPDATE SET reason = excluded.reason, decided_at = excluded.decided_at, recheck_at = excluded.recheck_at`

const moveBookmarks = (settled: SQL, vendor: string, dataset: string): SQL => sql`
  INSERT INTO bookmarks (vendor, dataset, symbol, last_dt)
  SELECT ${vendor}, ${dataset}, ${its.symbol}, max(${its.dt}) FROM ${settled}
  WHERE ${its.present} = 1 GROUP BY ${its.symbol}
  ON CONFLICT DO UPDATE SET last_dt = max(last_dt, excluded.last_dt)`
