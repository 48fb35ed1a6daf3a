/**
 * A summary that takes long to count: kept for a while, counted anew in the background, by one caller for all. Who reads it never waits; before the
 * first count is through there is none.
 */

export interface KeptSummary<Summary> {
  /** The last one; null before the first. Begins a new count where the last is too old. */
  read(): { at: number; summary: Summary } | null
  /** Until the count under way is through. For tests. */
  settled(): Promise<void>
}

export interface SummaryTerms<Summary> {
  keptMs: number
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
  let counting: Promise<void> | null = null

  return {
    read() {
      if (counting === null && elapsed() - begunAt >= keptMs) {
        begunAt = elapsed()
        const at = now()
        counting = load()
          .then((summary) => {
            last = { at, summary }
          })
          // It is tried again when its time is up, and until then the last one is shown with its age.
          .catch(onError)
          .finally(() => {
            counting = null
          })
      }
      return last
    },
    settled: async () => {
      await counting
    },
  }
}
