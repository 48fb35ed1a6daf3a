/**
 * gap_tasks: the queue. Each cell has at most one open task.
 *
 *   enqueue → queued ──claim──▶ leased ──settle────────▶ done      (present, or absent for good)
 *              ▲ ▲                │ └──settle, reap──▶ stalled   (attempts used up; the audit tries again at long intervals)
 *              │ └ settle, reap, ─┘                       │
 *              │   release                                │
 *              └──────────────────redrive─────────────────┘
 *
 * A queued or stalled task that nobody needs any more is ended where that is noticed: not expected, replayed from a manifest, adopted.
 * A present cell is queued too when its vendor may have changed it since (`re_read`); whatever comes of that, it stays present.
 * Attempts are counted at the claim, before anything is sent: a task that kills the process still runs out of them.
 * Gaps that nobody was ever asked about are one task for many days of a month (`days`), as long as nothing tells its days apart: a claim cuts
 * off what it does not take, a day that is not simply settled becomes a task of its own, and who has something to say about single days
 * splits it first (split-tasks.ts).
 */
import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const gapTasks = sqliteTable(
  'gap_tasks',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    /** Its day, or the first of its days. */
    dt: text('dt').notNull(),
    lane: text('lane', { enum: ['today', 'backfill'] }).notNull(),
    priority: integer('priority').notNull(),
    expectedRows: integer('expected_rows'),
    /** Why the cell was queued: missing, recheck, second_opinion, manual, re_read or probe (of an incident). */
    reason: text('reason').notNull(),
    state: text('state', { enum: ['queued', 'leased', 'done', 'stalled'] }).notNull(),
    attempts: integer('attempts').notNull(),
    /** Epoch ms before which no claim takes the task. */
    nextAt: integer('next_at').notNull(),
    lastOutcome: text('last_outcome'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** The only vendor that may take the task; null for any. */
    vendor: text('vendor'),
    /** Place among tasks of one lane and priority: the day as a number, 20240705, or its negative where the newest days come first. */
    sortKey: integer('sort_key').notNull().default(0),
    /** Its eligibility bucket: '' open to all vendors, 'a,b' blocked for these, '!a' blocked for all others, '*' blocked for all. */
    blockedFor: text('blocked_for').notNull().default(''),
    /** Epoch ms until which that holds; null for no end. */
    blockedUntil: integer('blocked_until'),
    /** Epoch ms of its ending; null while it is open. Beside `state`, because an index that knows open from done is then left alone by a claim. */
    doneAt: integer('done_at'),
    /** Of the lease it is held under; null while it is not `leased`. */
    lease: integer('lease'),
    /** The days of the month of `dt` it stands for, day d as bit d-1, where those are several; null for `dt` alone. */
    days: integer('days'),
    /** How many these are. */
    cells: integer('cells').notNull().default(1),
  },
  (table) => [
    uniqueIndex('gap_tasks_open_cell').on(table.dataset, table.symbol, table.dt).where(sql`done_at IS NULL`),
    index('gap_tasks_queue')
      .on(table.dataset, table.blockedFor, table.lane, table.priority, table.sortKey, table.id)
      .where(sql`state = 'queued'`),
    index('gap_tasks_unblock')
      .on(table.lane, table.blockedUntil)
      .where(sql`state = 'queued' AND blocked_until IS NOT NULL`),
    index('gap_tasks_stalled').on(table.dataset, table.symbol, table.dt).where(sql`state = 'stalled'`),
    index('gap_tasks_rereads').on(table.dataset).where(sql`reason = 're_read' AND done_at IS NULL`),
    index('gap_tasks_months')
      .on(table.dataset, table.symbol, table.dt)
      .where(sql`days IS NOT NULL AND done_at IS NULL`),
    check('gap_tasks_lane', sql`${table.lane} IN ('today', 'backfill')`),
    check('gap_tasks_state', sql`${table.state} IN ('queued', 'leased', 'done', 'stalled')`),
    check('gap_tasks_done', sql`(${table.state} = 'done') = (${table.doneAt} IS NOT NULL)`),
    check('gap_tasks_leased', sql`(${table.state} = 'leased') = (${table.lease} IS NOT NULL)`),
    check('gap_tasks_attempts', sql`${table.attempts} >= 0`),
    check(
      'gap_tasks_days',
      sql`CASE WHEN ${table.days} IS NULL THEN ${table.cells} = 1 ELSE ${table.cells} > 1 AND ${table.days} >> (CAST(substr(${table.dt}, 9, 2) AS INTEGER) - 1) & 1 END`,
    ),
  ],
)
