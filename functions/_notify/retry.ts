/** How often a message or a ping is tried, and how long the node waits in between: the first hour often, then once an hour for a day and a half. */

export const MOST_TRIES = 42

const FIRST_MS = 60_000
const LONGEST_MS = 3_600_000

/** Milliseconds until the next try, after so many; longer where the receiver asks for it. */
export const pauseAfter = (tries: number, waitMs: number): number =>
  Math.max(waitMs, Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 20)))
