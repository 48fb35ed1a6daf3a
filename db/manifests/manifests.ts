/** Replays manifest lines into the database: after a crash between a file and its commit, or after the database was lost. */
import { sql } from 'drizzle-orm'
import { keptDigest } from '../attempts/kept-digest.ts'
import { advanceBookmark } from '../bookmarks/advance-bookmark.ts'
import type { Db } from '../client.ts'
import { markPresent } from '../coverage/mark-present.ts'
import { expandCells } from '../empty-months/expand-days.ts'
import { splitAround } from '../gap-tasks/split-tasks.ts'
import { evidenceOfCells } from '../packed-months/both-forms.ts'
import { unpackCells } from '../packed-months/unpack-months.ts'
import { touchPartitions } from '../partitions/touch-partitions.ts'
import { raiseMark } from './raise-mark.ts'
import { manifests } from './table.ts'

export interface AcceptedLine {
  symbol: string
  dt: string
  month: string
  bit: number
  rows: number
  digest: string
  /** Epoch ms at which the vendor's answer was complete. */
  fetchedAt: number
  /** Epoch ms at which the line was written: of two lines of a cell the later one counts. */
  writtenAt: number
  partition: string
  /** Digest of the rows on disk before, and how these differ from them; null where there were none, or it was not measured. */
  previous: string | null
  difference: object | null
  /** The window of re-reading in which it was fetched, as sessions after the day; null before the first. */
  window: number | null
}

export async function manifestMarks(db: Db): Promise<Map<string, number>> {
  const rows = await db.orm.select().from(manifests)
  return new Map(rows.map((row) => [row.path, row.bytes]))
}

/** Up to here the manifest is reflected in the database. */
export async function markManifest(db: Db, path: string, bytes: number): Promise<void> {
  await db.write([raiseMark({ path, bytes })])
}

/** The file is not the one the mark was made of: it is read from its beginning again. */
export async function dropMark(db: Db, path: string): Promise<void> {
  await db.write([sql`DELETE FROM manifests WHERE path = ${path}`])
}

/**
 * Replays accepted answers; safe to repeat. Cells already known with the same digest change nothing, and neither do lines that are older than what is
 * known of their cell: another answer, that it was taken over unread, that its file was lost, or that it was forgotten.
 */
export async function replayAccepted(
  db: Db,
  vendor: string,
  dataset: string,
  lines: readonly AcceptedLine[],
  mark: { path: string; bytes: number },
  now: number,
): Promise<number> {
  const fresh = await db.all<{ line: string }>(sql`
    WITH lines AS MATERIALIZED (SELECT value AS line, value->>'symbol' AS symbol, value->>'dt' AS dt FROM json_each(${JSON.stringify(lines)})),
      known AS MATERIALIZED (SELECT * FROM ${evidenceOfCells(dataset, sql`(SELECT DISTINCT symbol, dt FROM lines)`, ['digest', 'outcome', 'at'], { vendor })})
    SELECT line FROM lines i LEFT JOIN known a ON a.symbol = i.symbol AND a.dt = i.dt
    WHERE a.digest IS NOT ${keptDigest(sql`line->>'digest'`)}
      AND (a.outcome IS NULL OR (a.digest IS NULL AND a.outcome NOT IN ('filled', 'short', 'lost', 'forgotten')) OR a.at <= line->>'writtenAt')`)
  const cells = `[${fresh.map((row) => row.line).join(',')}]`
  const replayed = sql`(SELECT value->>'symbol' AS symbol, value->>'dt' AS dt, value->>'month' AS month, value->>'bit' AS bit,
    value->>'partition' AS partition, value->>'rows' AS rows, ${keptDigest(sql`value->>'digest'`)} AS digest, value->>'fetchedAt' AS fetched_at,
    ${keptDigest(sql`value->>'previous'`)} AS previous, value->>'difference' AS difference, value->>'window' AS window_sessions
    FROM json_each(${cells}))`
  // A chain that was left half-way will go on for the night it speaks for: what it had found belongs to that night.
  const asOf = sql`coalesce((SELECT max(scheduled_at) FROM ticks WHERE ended_at IS NULL AND scheduled_at <= ${now}), ${now})`
  await db.write([
    ...unpackCells(dataset, cells),
    sql`INSERT INTO corrections
          (dataset, symbol, dt, vendor, at, verdict, previous, digest, rows_before, rows, difference, window_sessions)
        SELECT ${dataset}, a.symbol, a.dt, ${vendor}, min(r.fetched_at, ${asOf}), 'replaced', ${keptDigest(sql`a.digest`)}, r.digest, a.rows, r.rows,
               CASE WHEN ${keptDigest(sql`a.digest`)} = r.previous THEN r.difference END,
               CASE WHEN EXISTS (SELECT 1 FROM gap_tasks t WHERE t.dataset = ${dataset} AND t.symbol = a.symbol AND t.dt = a.dt
                 AND t.done_at IS NULL AND t.reason = 're_read') THEN r.window_sessions END
        FROM ${replayed} r CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.symbol = r.symbol AND a.dt = r.dt
          AND a.vendor = ${vendor}
        WHERE a.digest IS NOT NULL
        ON CONFLICT DO NOTHING`,
    ...expandCells(dataset, cells, vendor),
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
        SELECT ${dataset}, symbol, dt, ${vendor}, 1, 'filled', rows, digest, fetched_at, 9007199254740991
        FROM ${replayed} WHERE true
        ON CONFLICT DO UPDATE SET outcome = 'filled', rows = excluded.rows, digest = excluded.digest, refused_for = NULL,
          at = excluded.at, ask_again_at = excluded.ask_again_at`,
    markPresent(
      dataset,
      sql`(SELECT DISTINCT symbol, month, bit AS present, 0 AS short, 0 AS absent FROM ${replayed})`,
    ),
    sql`DELETE FROM absences WHERE dataset = ${dataset} AND (symbol, dt) IN (SELECT symbol, dt FROM ${replayed})`,
    advanceBookmark(vendor, dataset, replayed),
    touchPartitions(dataset, replayed, now),
    ...splitAround(dataset, cells),
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'filled', updated_at = ${now}
        WHERE dataset = ${dataset} AND done_at IS NULL AND state IN ('queued', 'stalled')
          AND (symbol, dt) IN (SELECT symbol, dt FROM ${replayed})`,
    raiseMark(mark),
  ])
  return fresh.length
}
