/** How much a vendor is worth for one cell of a dataset: what it will probably deliver, for what it costs. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { VendorScore } from '../../db/vendor-scores/scores.ts'
import type { SegmentCells } from '../../db/vendor-segments/add-to-segments.ts'
import type { DatasetSource } from '../_catalog/catalog.ts'
import type { Segment } from './segment.ts'

/** What is believed before a band, or a vendor's calls, are known counts as much as this many observed cells or calls. */
export const PRIOR_CELLS = 20
export const PRIOR_CALLS = 5
/** The registry's number counts as much as this many well-known bands: a hole in one says little of the others. */
export const PRIOR_SEGMENTS = 4

/** Rows a cell is reckoned with when planning and pricing calls. */
export const ROWS_PER_CELL = { one: 1, session_minutes: 400, series: 11, contracts: 400, events: 0.05 } as const

/** Cells that a full page of a vendor holds, as far as they can be reckoned. */
export const cellsPerPage = ({ shape }: DatasetSource['terms'], spec: DatasetConfig): number =>
  Math.max(1, shape.rows_per_page / ROWS_PER_CELL[spec.expected_rows])

export interface Score {
  vendor: string
  score: number
  /** The inputs, for whoever asks why. */
  fills: number
  preference: number
  /** Share of one minute's budget that one cell costs. */
  cost: number
  latencyMs: number
  /** The band the score is of; null for one that nothing is known of. */
  segment: Segment | null
  /** Cells of this band the vendor was asked for lately, and those that came filled: how much of `fills` is observed. */
  asked: number
  filled: number
  /** What its other bands, and the registry, let expect of this one. */
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
 * Credibility as actuaries reckon it (Bühlmann and Straub, 1970): with n cells seen, a band is believed to Z = n ÷ (n + PRIOR_CELLS), and to
 * 1 − Z what the others suggest, which is their mean, each weighted by its own Z, with the registry among them. So a few cells do not swing
 * a band, and a hole of one band, however often it was met, speaks as one witness against the others. A band is no witness of itself.
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
