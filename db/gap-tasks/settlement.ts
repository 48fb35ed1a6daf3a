/** What an answer means for one leased task. */

/** What one answer means for one leased task. Epoch ms throughout; booleans as 0 and 1 because they travel as JSON. */
export interface Settlement {
  id: number
  symbol: string
  dt: string
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
  countsAsAttempt: 0 | 1
  /** 1 when a delivered version was asked for again and that is over, whatever came of it. */
  reread: 0 | 1
  /** From this vendor's version before to the answer; null where there was none or it was not measured. */
  difference: object | null
  /** An answer that was not taken, because it has fewer rows than this vendor's version before; null where it was. */
  refused: { digest: string; rows: number } | null
  /** The window of re-reading, as sessions after the day; null for any other task. */
  window: number | null
  /** The partition this changes; null when it changes none. */
  partition: string | null
}
