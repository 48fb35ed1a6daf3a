/**
 * The one place where an answer becomes memory: evidence, corrections, coverage, absences, bookmarks, touched partitions and the task's
 * next state, all in one write, all only for tasks whose lease still carries the caller's token. A holder whose lease has
 * passed on changes nothing.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

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

/** Answers how many tasks were settled: fewer than asked when a lease had lapsed and passed on. */
export async function settleTasks(db: Db, request: SettleRequest): Promise<number> {
  const { token, vendor, dataset, night, now } = request
  const settled = sql`(SELECT i.value AS s FROM json_each(${JSON.stringify(request.settlements)}) i
    CROSS JOIN leases l ON l.task_id = i.value->>'id' WHERE l.token = ${token})`
  const results = await db.write([
    // Reads the evidence of the version before, so it comes first.
    recordCorrections(settled, vendor, dataset, night),
    recordRefusals(settled, vendor, dataset, night),
    recordEvidence(settled, vendor, dataset, now),
    recordRereads(settled, vendor, dataset, now),
    markCoverage(settled, dataset),
    forgetAbsences(settled, dataset),
    recordAbsences(settled, dataset, now),
    moveBookmarks(settled, vendor, dataset),
    sql`INSERT INTO partitions (dataset, partition, version, touched_at, expected)
        SELECT ${dataset}, value, 1, ${now}, '' FROM json_each(${JSON.stringify(request.partitions)})
        WHERE EXISTS (SELECT 1 FROM leases WHERE token = ${token})
        ON CONFLICT DO UPDATE SET version = version + 1, touched_at = excluded.touched_at`,
    sql`UPDATE gap_tasks SET state = v.s->>'state', next_at = v.s->>'nextAt', last_outcome = v.s->>'outcome',
          attempts = attempts - 1 + (v.s->>'burns'), updated_at = ${now}
        FROM ${settled} v WHERE gap_tasks.id = CAST(v.s->>'id' AS INTEGER) RETURNING id`,
    sql`DELETE FROM leases WHERE token = ${token}
        AND task_id IN (SELECT value->>'id' FROM json_each(${JSON.stringify(request.settlements)}))`,
  ])
  return results.at(-2)?.length ?? 0
}

/** A digest other than the known one is a correction, whoever noticed it: also a run that was killed after the files were written. */
const recordCorrections = (settled: SQL, vendor: string, dataset: string, night: number): SQL => sql`
  INSERT INTO corrections
    (dataset, symbol, dt, vendor, at, verdict, previous, digest, rows_before, rows, difference, window_sessions)
  SELECT ${dataset}, a.symbol, a.dt, ${vendor}, ${night}, 'replaced', a.digest, s->>'digest', a.rows, s->>'rows',
         CASE WHEN s->>'refused' IS NULL THEN s->>'difference' END, s->>'window'
  FROM ${settled} CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.symbol = s->>'symbol' AND a.dt = s->>'dt'
    AND a.vendor = ${vendor}
  WHERE s->>'digest' IS NOT NULL AND a.digest <> s->>'digest'
  ON CONFLICT DO NOTHING`

/** A smaller answer that was not taken, once however often the vendor repeats it. */
const recordRefusals = (settled: SQL, vendor: string, dataset: string, night: number): SQL => sql`
  INSERT INTO corrections
    (dataset, symbol, dt, vendor, at, verdict, previous, digest, rows_before, rows, difference, window_sessions)
  SELECT ${dataset}, a.symbol, a.dt, ${vendor}, ${night}, 'kept_more_rows', coalesce(s->>'digest', a.digest), s->'refused'->>'digest',
         CASE WHEN s->>'digest' IS NULL THEN a.rows ELSE s->>'rows' END, s->'refused'->>'rows', s->>'difference', s->>'window'
  FROM ${settled} CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.symbol = s->>'symbol' AND a.dt = s->>'dt'
    AND a.vendor = ${vendor}
  WHERE s->>'refused' IS NOT NULL AND a.digest IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM corrections c WHERE c.dataset = ${dataset} AND c.symbol = a.symbol AND c.dt = a.dt AND c.vendor = ${vendor}
      AND c.verdict = 'kept_more_rows' AND c.previous = coalesce(s->>'digest', a.digest) AND c.digest = s->'refused'->>'digest')
  ON CONFLICT DO NOTHING`

/** Apart from the evidence, which an empty or failed reading leaves as it is. */
const recordRereads = (settled: SQL, vendor: string, dataset: string, now: number): SQL => sql`
  UPDATE attempts SET reread_at = ${now} WHERE dataset = ${dataset} AND vendor = ${vendor}
    AND (symbol, dt) IN (SELECT s->>'symbol', s->>'dt' FROM ${settled} WHERE s->>'reread' = 1)`

const recordEvidence = (settled: SQL, vendor: string, dataset: string, now: number): SQL => sql`
  INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, status, rows, digest, note, at, ask_again_at)
  SELECT ${dataset}, s->>'symbol', s->>'dt', ${vendor}, s->>'burns', s->>'outcome', s->>'status', s->>'rows', s->>'digest',
         s->>'note', ${now}, s->>'askAgainAt'
  FROM ${settled} WHERE true
  ON CONFLICT DO UPDATE SET count = count + excluded.count, outcome = excluded.outcome, status = excluded.status,
    rows = excluded.rows, refused_for = CASE WHEN digest IS excluded.digest THEN refused_for END, digest = excluded.digest,
    note = excluded.note, at = excluded.at, ask_again_at = excluded.ask_again_at
  WHERE attempts.digest IS NULL OR excluded.digest IS NOT NULL`

const markCoverage = (settled: SQL, dataset: string): SQL => sql`
  INSERT INTO coverage (dataset, symbol, month, present, short, absent)
  SELECT ${dataset}, s->>'symbol', s->>'month', sum((s->>'bit') * (s->>'present')), sum((s->>'bit') * (s->>'short')),
         sum(CASE WHEN s->>'absence' IS NULL OR s->>'state' <> 'done' THEN 0 ELSE s->>'bit' END)
  FROM ${settled} GROUP BY s->>'symbol', s->>'month'
  ON CONFLICT DO UPDATE SET
    short = (short & ~excluded.present) | excluded.short,
    absent = (absent & ~excluded.present) | (excluded.absent & ~present),
    present = present | excluded.present`

const forgetAbsences = (settled: SQL, dataset: string): SQL => sql`
  DELETE FROM absences WHERE dataset = ${dataset}
    AND (symbol, dt) IN (SELECT s->>'symbol', s->>'dt' FROM ${settled} WHERE s->>'present' = 1)`

const recordAbsences = (settled: SQL, dataset: string, now: number): SQL => sql`
  INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
  SELECT ${dataset}, s->>'symbol', s->>'dt', s->>'absence', ${now}, s->>'recheckAt'
  FROM ${settled} WHERE s->>'absence' IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM coverage c
    WHERE c.dataset = ${dataset} AND c.symbol = s->>'symbol' AND c.month = s->>'month' AND c.present & (s->>'bit') <> 0)
  ON CONFLICT DO UPDATE SET reason = excluded.reason, decided_at = excluded.decided_at, recheck_at = excluded.recheck_at`

const moveBookmarks = (settled: SQL, vendor: string, dataset: string): SQL => sql`
  INSERT INTO bookmarks (vendor, dataset, symbol, last_dt)
  SELECT ${vendor}, ${dataset}, s->>'symbol', max(s->>'dt') FROM ${settled}
  WHERE s->>'present' = 1 GROUP BY s->>'symbol'
  ON CONFLICT DO UPDATE SET last_dt = max(last_dt, excluded.last_dt)`
