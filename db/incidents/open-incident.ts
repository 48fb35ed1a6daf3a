/** Opens an incident, or keeps one open: its cells get its reason and leave the queue, all in one write. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { markAbsent } from '../coverage/mark-absent.ts'
import { dayOf } from '../day-of.ts'
import { doubtful, lacks } from './find-lacking.ts'

export interface Sighting {
  kind: 'vendor_outage' | 'calendar_suspect'
  dataset: string
  dt: string
  /** The vendor that lacks the session; `*` where all do. */
  vendor: string
  /** All vendors that lack it, and those that could still have it: a cell is suppressed only after these have answered. */
  lacking: readonly string[]
  others: readonly string[]
  partition: string
  firstLookAt: number
  /** When a suppressed cell is asked for even if the incident stays open: no cell depends on a single row for ever. */
  recheckAt: number
  now: number
}

const REASONS = { vendor_outage: 'VENDOR_OUTAGE', calendar_suspect: 'CALENDAR_SUSPECT' } as const

/** Repeating it changes nothing but the time it was last seen, unless more cells lack the session by then. */
export async function openIncident(db: Db, sighting: Sighting): Promise<void> {
  const { kind, dataset, dt, vendor, partition, firstLookAt, recheckAt, now } = sighting
  const reason = REASONS[kind]
  const cells = suppressedCells(sighting)
  await db.write([
    sql`INSERT INTO incidents (kind, dataset, vendor, dt, cells, opened_at, last_seen_at, looks, next_look_at, probes)
        VALUES (${kind}, ${dataset}, ${vendor}, ${dt}, 0, ${now}, ${now}, 0, ${firstLookAt}, '[]')
        ON CONFLICT (dataset, dt, vendor) DO UPDATE SET last_seen_at = ${now}, cleared_at = NULL,
          opened_at = CASE WHEN cleared_at IS NULL THEN opened_at ELSE ${now} END,
          next_look_at = CASE WHEN cleared_at IS NULL THEN next_look_at ELSE ${firstLookAt} END,
          probes = CASE WHEN cleared_at IS NULL THEN probes ELSE '[]' END`,
    // Where all vendors lack the session, what one of them lacks is part of that.
    ...(vendor === '*'
      ? [
          sql`UPDATE incidents SET cleared_at = ${now} WHERE dataset = ${dataset} AND dt = ${dt} AND vendor <> '*' AND cleared_at IS NULL`,
        ]
      : []),
    // No row of data changes, so nothing is curated anew: the partition is only judged again.
    sql`UPDATE partitions SET checked_version = version - 1
        WHERE dataset = ${dataset} AND partition = ${partition} AND checked_version = version
          AND EXISTS (SELECT 1 FROM ${cells} WHERE reason <> ${reason})`,
    markAbsent(
      dataset,
      sql`(SELECT symbol, substr(${dt}, 1, 7) AS month, 1 << (${dayOf(sql`${dt}`)} - 1) AS absent FROM ${cells})`,
    ),
    // The reasons change before the tasks end: which cells are suppressed depends on their tasks.
    sql`UPDATE absences SET reason = ${reason}, decided_at = ${now}, recheck_at = ${recheckAt}
        WHERE dataset = ${dataset} AND dt = ${dt} AND symbol IN (SELECT symbol FROM ${cells})
          AND (reason <> ${reason} OR recheck_at IS NULL OR recheck_at < ${now})`,
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'incident', updated_at = ${now}
        WHERE state = 'queued' AND reason <> 'probe' AND dataset = ${dataset} AND dt = ${dt}
          AND symbol IN (SELECT symbol FROM ${cells})`,
    sql`UPDATE incidents SET cells = (SELECT count(*) FROM absences WHERE dataset = ${dataset} AND dt = ${dt} AND reason = ${reason})
        WHERE dataset = ${dataset} AND dt = ${dt} AND vendor = ${vendor}`,
  ])
}

/**
 * Missing cells of the day that nobody can be asked for any more: no task is open, or all others have been asked. Whose file was lost may be asked
 * for it again. Those somebody is asking about are left to their ending.
 */
const suppressedCells = ({ dataset, dt, lacking, others }: Sighting): SQL => sql`(
  SELECT x.symbol, x.reason FROM absences x
    LEFT JOIN gap_tasks t ON t.dataset = x.dataset AND t.symbol = x.symbol AND t.dt = x.dt AND t.done_at IS NULL
  WHERE x.dataset = ${dataset} AND x.dt = ${dt} AND x.reason IN ${doubtful}
    AND EXISTS (SELECT 1 FROM attempts a WHERE a.dataset = x.dataset AND a.symbol = x.symbol AND a.dt = x.dt
      AND a.vendor IN (SELECT value FROM json_each(${JSON.stringify(lacking)})) AND ${lacks('a')})
    AND (t.id IS NULL OR t.state = 'queued' AND NOT EXISTS (
      SELECT 1 FROM json_each(${JSON.stringify(others)}) o WHERE NOT EXISTS (
        SELECT 1 FROM attempts b WHERE b.dataset = x.dataset AND b.symbol = x.symbol AND b.dt = x.dt AND b.vendor = o.value
          AND b.outcome NOT IN ('too_recent', 'rate_limited', 'lost', 'forgotten')))))`
