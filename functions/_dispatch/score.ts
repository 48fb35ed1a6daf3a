/** Score of a vendor for one cell of a dataset: what it will probably deliver, for what it costs. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { VendorScore } from '../../db/vendor-scores/scores.ts'
import type { SegmentCells } from '../../db/vendor-segments/add-to-segments.ts'
import type { DatasetSource } from '../_catalog/catalog.ts'
import type { Segment } from './segment.ts'

/** The prior counts as much as this many observed cells of a segment, or calls of a vendor. */
export const PRIOR_CELLS = 20
export const PRIOR_CALLS = 5
/** The registry's number counts as much as this many well-known segments: a hole in one segment says little about the others. */
export const PRIOR_SEGMENTS = 4

/** Rows a cell is reckoned with when planning and pricing calls. */
export const ROWS_PER_CELL = { one: 1, session_minutes: 400, series: 11, contracts: 400, events: 0.05 } as const

/** Cells that a full page of a vendor holds, as far as they can be reckoned. */
export const cellsPerPage = ({ shape }: DatasetSource['terms'], spec: DatasetConfig): number =>
  Math.max(1, shape.rows_per_page / ROWS_PER_CELL[spec.expected_rows])

export interface Score {
  vendor: string
  score: number
  /** The inputs, shown by `/why`. */
  fills: number
  preference: number
  /** Share of one minute's budget that one cell costs. */
  cost: number
  latencyMs: number
  /** The segment that the score is for; null for one without any observation. */
  segment: Segment | null
  /** Cells of this segment that the vendor was asked for lately, and those it filled: how much of `fills` is observed. */
  asked: number
  filled: number
  /** The expectation for this segment from the vendor's other segments and the registry. */
  prior: number
}

/** score = P(fills) × preference ÷ (cost × latency), learned from outcomes with the registry's numbers as the prior. */
export function scoreOf(
  { connection, terms }: DatasetSource,
  spec: DatasetConfig,
  learned: VendorScore | undefined,
  segment: Segment | null,
): Score {
  const { calls = 0, latencyMs: spent = 0, segments = [] } = learned ?? {}
  const fill = fillsIn(segment, segments, terms.fill_rate)
  const latencyMs = (spent + PRIOR_CALLS * terms.latency_ms) / (calls + PRIOR_CALLS)
  const cost = 1 / (cellsPerPage(terms, spec) * connection.config.calls_per_minute)
  const score = (fill.fills * terms.preference) / (cost * latencyMs)
  return { vendor: connection.name, score, preference: terms.preference, cost, latencyMs, segment, ...fill }
}

/**
 * Credibility (Bühlmann and Straub, 1970): with n observed cells, a segment's own rate weighs Z = n ÷ (n + PRIOR_CELLS), and the prior weighs
 * 1 − Z. The prior is the mean of the other segments and the registry, each segment weighted by its own Z. So a few cells hardly move a
 * segment, and a hole in one segment counts once against the others, however often it was met. A segment is not part of its own prior.
 */
function fillsIn(segment: Segment | null, segments: readonly SegmentCells[], registry: number) {
  const isThis = (one: SegmentCells): boolean =>
    one.ageBucket === segment?.ageBucket && one.liquidity === segment.liquidity
  const { asked, filled } = segments.find(isThis) ?? { asked: 0, filled: 0 }
  let [weight, sum] = [PRIOR_SEGMENTS, PRIOR_SEGMENTS * registry]
  for (const other of segments) {
    if (isThis(other)) continue
    weight += other.asked / (other.asked + PRIOR_CELLS)
    sum += other.filled / (other.asked + PRIOR_CELLS)
  }
  const prior = sum / weight
  return { fills: (filled + PRIOR_CELLS * prior) / (asked + PRIOR_CELLS), asked, filled, prior }
}
