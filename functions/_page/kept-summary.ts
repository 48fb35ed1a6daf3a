/**
 * A summary that takes long to count: kept for a while, counted anew in the background, by one caller for all. Before the first count is through there is none.
 */
import { setTimeout as delay } from 'node:timers/promises'

const TIMES_TOOK = 20
/** So long a page waits for its count: most are through by then. */
const SOON_MS = 150

export interface KeptSummary<Summary> {
  /** The last one; null before the first. Begins a new count where the last is too old. */
  read(): { at: number; summary: Summary } | null
  /** The same, but a count that is through within so many real milliseconds is waited for. */
  readSoon(waitMs?: number): Promise<{ at: number; summary: Summary } | null>
  /** Until the count under way is through. For tests. */
  settled(): Promise<void>
}

export interface SummaryTerms<Summary> {
  /** How long one is kept. Absent: twenty times as long as it took to count, so that counting takes a twentieth of the time at the most. */
  keptMs?: number
  elapsed(): number
  now(): number
  load(): Promise<Summary>
  onError(error: unknown): void
}

export function keptSummary<Summary>({
  keptMs,
  elapsed,
  now,
  load,
  onError,
}: SummaryTerms<Summary>): KeptSummary<Summary> {
  let last: { at: number; summary: Summary } | null = null
  let begunAt = Number.NEGATIVE_INFINITY
  let tookMs = 0
  let counting: Promise<void> | null = null

  const begin = (): void => {
    if (counting !== null || elapsed() - begunAt < (keptMs ?? TIMES_TOOK * tookMs)) return
    begunAt = elapsed()
    const at = now()
    counting = load()
      .then((summary) => {
        last = { at, summary }
      })
      // It is tried again when its time is up, and until then the last one is shown with its age.
      .catch(onError)
      .finally(() => {
        tookMs = elapsed() - begunAt
        counting = null
      })
  }
  return {
    read() {
      begin()
      return last
    },
    async readSoon(waitMs = SOON_MS) {
      begin()
      if (counting !== null) {
        const wait = new AbortController()
        await Promise.race([counting, delay(waitMs, undefined, { signal: wait.signal }).catch(() => undefined)])
        wait.abort()
      }
      return last
    },
    settled: async () => {
      await counting
    },
  }
}
