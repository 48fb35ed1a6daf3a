/** Success, empty and error rates and throughput out of what was counted. */
import type { CallStats } from '../../db/vendor-call-stats/call-stats.ts'

const MINUTE_MS = 60_000

/** Null for a vendor and dataset that were not asked since. Shares are of all cells asked for; per minute of the whole time. */
export function ratesOf(callStats: CallStats | undefined, since: number, now: number) {
  if (callStats === undefined) return null
  const { calls, rows, tookMs, filled, short, empty, refused, postponed, malformed, unavailable } = callStats
  const cells = filled + short + empty + refused + postponed + malformed + unavailable
  const minutes = Math.max(1, (now - since) / MINUTE_MS)
  const share = (part: number): number | null => (cells === 0 ? null : part / cells)
  return {
    since: new Date(since).toISOString(),
    calls,
    cells,
    rows,
    outcomes: { filled, short, empty, refused, postponed, malformed, unavailable },
    successRate: share(filled + short),
    emptyRate: share(empty),
    errorRate: share(malformed + unavailable),
    cellsPerCall: calls === 0 ? null : cells / calls,
    latencyMs: calls === 0 ? null : tookMs / calls,
    perMinute: { calls: calls / minutes, cells: cells / minutes, rows: rows / minutes },
  }
}
