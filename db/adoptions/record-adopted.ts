/** What takes over cells of an older node: what is present, where ingest goes on, what to rebuild, how far the walk came. */
import { sql } from 'drizzle-orm'
import { keptDigest } from '../attempts/kept-digest.ts'
import { advanceBookmark } from '../bookmarks/advance-bookmark.ts'
import type { Db } from '../client.ts'
import { markPresent } from '../coverage/mark-present.ts'
import { expandCells } from '../empty-months/expand-days.ts'
import { splitAround } from '../gap-tasks/split-tasks.ts'
import { raiseMark } from '../manifests/raise-mark.ts'
import { unpackCells } from '../packed-months/unpack-months.ts'
import { touchPartitions } from '../partitions/touch-partitions.ts'
import type { Statement } from '../prepared.ts'
import { stepTo, type Walk } from './walks.ts'

export interface AdoptedCell {
  symbol: string
  dt: string
  month: string
  bit: number
  partition: string
  /** Rows counted; null when nobody looked into the file. */
  rows: number | null
  /** Digest of the rows; null when nobody read them. */
  digest: string | null
  /** Epoch ms at which the vendor's answer was complete, 0 when the file does not say; of a cell that nobody read, when it was taken over. */
  at: number
}

export interface AdoptedBatch {
  vendor: string
  dataset: string
  cells: readonly AdoptedCell[]
  /** How far the walk has come with these cells; null when they come out of a manifest. */
  step: { walk: Walk; place: string } | null
  /** Up to which byte the file of adopted lines is reflected once this is written; null when the lines are elsewhere. */
  mark: { path: string; bytes: number } | null
  now: number
}

/** Cells of one write: days that their symbols share bring tens of thousands, which together would keep every other request waiting. */
const AT_ONCE = 2_500

/**
 * Step and mark come with the last cells: killed before that, the same batch is met again, and what was recorded of it is known. Safe to repeat. The
 * attempt of an adopted cell counts 0: this node never asked, so the vendor may still be. Unread rows are 0 with no digest. A cell whose
 * digest is known keeps its attempt: whoever wrote it had read the rows.
 */
export async function recordAdopted(db: Db, batch: AdoptedBatch): Promise<void> {
  const { cells } = batch
  const last = Math.max(0, Math.ceil(cells.length / AT_ONCE) - 1) * AT_ONCE
  for (let at = 0; at < last; at += AT_ONCE) await db.write(takenOver(batch, cells.slice(at, at + AT_ONCE)))
  const end = [...takenOver(batch, cells.slice(last)), ...reached(batch)]
  if (end.length > 0) await db.write(end)
}

function takenOver({ vendor, dataset, now }: AdoptedBatch, cells: readonly AdoptedCell[]): Statement[] {
  if (cells.length === 0) return []
  const adopted = sql`(SELECT value->>'symbol' AS symbol, value->>'dt' AS dt, value->>'month' AS month, value->>'bit' AS bit,
    value->>'partition' AS partition, value->>'rows' AS rows,
    ${keptDigest(sql`value->>'digest'`)} AS digest, value->>'at' AS at
    FROM json_each(${JSON.stringify(cells)}))`
  return [
    ...unpackCells(dataset, JSON.stringify(cells)),
    ...expandCells(dataset, JSON.stringify(cells), vendor),
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
        SELECT ${dataset}, symbol, dt, ${vendor}, 0, 'filled', coalesce(rows, 0), digest, at, 0
        FROM ${adopted} WHERE true
        ON CONFLICT DO UPDATE SET outcome = 'filled', rows = excluded.rows, digest = excluded.digest, refused_for = NULL,
          at = excluded.at, ask_again_at = 0
        WHERE attempts.digest IS NULL`,
    // A version that was known and is short stays short; the attempts just written tell.
    markPresent(
      dataset,
      sql`(SELECT DISTINCT symbol, month, bit AS present, 0 AS absent, bit * EXISTS (
          SELECT 1 FROM attempts a WHERE a.dataset = ${dataset} AND a.dt = c.dt AND a.symbol = c.symbol AND a.vendor = ${vendor}
            AND a.outcome = 'short') AS short FROM ${adopted} c)`,
    ),
    sql`DELETE FROM absences WHERE dataset = ${dataset} AND (symbol, dt) IN (SELECT symbol, dt FROM ${adopted})`,
    advanceBookmark(vendor, dataset, adopted),
    touchPartitions(dataset, adopted, now),
    ...splitAround(dataset, JSON.stringify(cells)),
    // A task that doubts a present cell, or reads it again, still has its question.
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'filled', updated_at = ${now}
        WHERE dataset = ${dataset} AND done_at IS NULL AND state IN ('queued', 'stalled') AND reason IN ('missing', 'recheck')
          AND (symbol, dt) IN (SELECT symbol, dt FROM ${adopted})`,
  ]
}

const reached = ({ step, mark, now }: AdoptedBatch): Statement[] => [
  ...(step ? [stepTo(step.walk, step.place, now)] : []),
  ...(mark ? [raiseMark(mark)] : []),
]
