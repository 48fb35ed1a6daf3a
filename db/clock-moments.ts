/**
 * Every column that holds an instant: when something was written, and until when something waits. What a clock that ran ahead wrote there lies
 * in the future of the right one; this table says how far ahead each may lie. Tables with rules of their own are in repair-clock.ts.
 */

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** An instant that something waits for. */
export interface Wait {
  column: string
  /** How far ahead of now it may lie, ms. NEVER is no instant and stays. */
  most: number
  /** The same where the clock is known to have run ahead and the row does not say when it was written; absent: no less. */
  mostWhenAhead?: number
}

export interface Moments {
  table: string
  /** Instants that have passed when they are written. The first is that of the newest change of the row: its waits began then. */
  stamps: readonly string[]
  waits?: readonly Wait[]
  /** Only these rows, as SQL. */
  only?: string
}

export const NEVER = Number.MAX_SAFE_INTEGER

/** A cell of an incident is asked for after a hundred days, an empty one after ninety; a recency wall of thirty sessions is nearer. */
const LONGEST_PAUSE = 101 * DAY

export const MOMENTS: readonly Moments[] = [
  {
    table: 'gap_tasks',
    stamps: ['updated_at', 'created_at', 'done_at'],
    waits: [{ column: 'next_at', most: LONGEST_PAUSE }],
  },
  { table: 'attempts', stamps: ['at', 'reread_at'], waits: [{ column: 'ask_again_at', most: LONGEST_PAUSE }] },
  { table: 'empty_months', stamps: ['last_at', 'first_at'] },
  { table: 'absences', stamps: ['decided_at'], waits: [{ column: 'recheck_at', most: LONGEST_PAUSE }] },
  {
    table: 'incidents',
    stamps: ['last_seen_at', 'opened_at', 'cleared_at'],
    waits: [{ column: 'next_look_at', most: LONGEST_PAUSE }],
  },
  // A refused plan is doubted within the hour, a refused symbol within thirty days.
  {
    table: 'demotions',
    stamps: [],
    waits: [{ column: 'until', most: HOUR }],
    only: `symbol = '*' AND outcome = 'not_entitled'`,
  },
  { table: 'demotions', stamps: [], waits: [{ column: 'until', most: 30 * DAY }] },
  // A vendor may ask for a day; where that cannot be told from a clock's mistake it is asked once more, and says it again.
  { table: 'circuits', stamps: [], waits: [{ column: 'blocked_until', most: 25 * HOUR, mostWhenAhead: 0 }] },
  { table: 'partitions', stamps: ['touched_at', 'curated_at', 'checked_at', 'retired_at'] },
  { table: 'leases', stamps: ['leased_at'] },
  { table: 'ticks', stamps: ['begun_at', 'step_begun_at', 'ended_at'] },
  { table: 'backlog_overflow', stamps: ['as_of'] },
  { table: 'exports', stamps: ['made_at'] },
  { table: 'acks', stamps: ['at'] },
  { table: 'corrections', stamps: ['at'] },
  { table: 'findings', stamps: ['checked_at'] },
  { table: 'day_verdicts', stamps: ['changed_at'] },
  { table: 'second_views', stamps: ['decided_at'] },
  { table: 'lost_files', stamps: ['at'] },
  { table: 'unaccepted_files', stamps: ['seen_at'] },
  { table: 'quarantine', stamps: ['at'] },
  { table: 'closed_day_bars', stamps: ['seen_at'] },
  { table: 'calendar_checks', stamps: ['checked_at'] },
  {
    table: 'symbol_references',
    stamps: [
      'listed_asked_at',
      'delisted_asked_at',
      'details_asked_at',
      'names_asked_at',
      'filed_at',
      'delisted_stated_at',
      'delisted_first_stated_at',
    ],
  },
  { table: 'reference_checks', stamps: ['asked_at'] },
  { table: 'adoptions', stamps: ['updated_at', 'ended_at'] },
  { table: 'vendor_segments', stamps: ['seen_at'] },
  { table: 'vendor_keys', stamps: ['refused_at', 'trading_refused_at'] },
]

/** Where the newest stamp is found without reading the evidence: whoever works on the queue, a partition or a chain leaves one here. */
export const NEWEST_STAMPS: readonly { table: string; column: string; only?: string }[] = [
  { table: 'gap_tasks', column: 'updated_at' },
  { table: 'partitions', column: 'touched_at' },
  { table: 'partitions', column: 'curated_at' },
  { table: 'partitions', column: 'checked_at' },
  { table: 'ticks', column: 'begun_at' },
  { table: 'ticks', column: 'step_begun_at' },
  { table: 'ticks', column: 'ended_at' },
  { table: 'leases', column: 'leased_at' },
  { table: 'incidents', column: 'last_seen_at' },
  { table: 'exports', column: 'made_at' },
  { table: 'corrections', column: 'at' },
  { table: 'quarantine', column: 'at' },
  { table: 'lost_files', column: 'at' },
  { table: 'adoptions', column: 'updated_at' },
  { table: 'vendor_segments', column: 'seen_at' },
  { table: 'vendor_call_stats', column: 'starts_at' },
  { table: 'budgets', column: 'starts_at', only: `kind = 'slot'` },
]
