/** A vendor's score for a dataset with everything that goes into it, so that a person can reckon it again. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { VendorScore } from '../../db/vendor-scores/scores.ts'
import { MOST_CELLS } from '../../db/vendor-segments/half-life.ts'
import type { DatasetSource } from '../_catalog/catalog.ts'
import { PRIOR_CALLS, PRIOR_CELLS, PRIOR_SEGMENTS, ROWS_PER_CELL, scoreOf } from '../_dispatch/score.ts'
import { AGE_BUCKETS, LIQUIDITIES, type Segment } from '../_dispatch/segment.ts'

/** `score` and `fills` are for a segment without any observation; `segments` lists every segment that the vendor was asked for. */
export function scoreExplanation(source: DatasetSource, spec: DatasetConfig, learned: VendorScore | undefined) {
  const { score, fills, preference, cost, latencyMs } = scoreOf(source, spec, learned, null)
  const { terms, connection } = source
  return {
    score,
    fills,
    preference,
    cost,
    latencyMs,
    segments: [...(learned?.segments ?? [])].sort(byAge).map((cells) => {
      const { asked, filled, ...segment } = cells
      const of = scoreOf(source, spec, learned, segment as Segment)
      return { ...segment, asked, filled, prior: of.prior, fills: of.fills, score: of.score }
    }),
    prior: {
      fillRate: terms.fill_rate,
      countsAsSegments: PRIOR_SEGMENTS,
      countsAsCells: PRIOR_CELLS,
      latencyMs: terms.latency_ms,
      countsAsCalls: PRIOR_CALLS,
      rowsPerPage: terms.shape.rows_per_page,
      rowsPerCell: ROWS_PER_CELL[spec.expected_rows],
      callsPerMinute: connection.config.calls_per_minute,
    },
    learned: {
      asked: learned?.asked ?? 0,
      filled: learned?.filled ?? 0,
      calls: learned?.calls ?? 0,
      latencyMs: learned?.latencyMs ?? 0,
    },
    formula: FORMULA,
  }
}

const placeIn = (names: readonly string[], name: string): number => names.indexOf(name)

const byAge = (a: { ageBucket: string; liquidity: string }, b: { ageBucket: string; liquidity: string }): number =>
  placeIn(AGE_BUCKETS, a.ageBucket) - placeIn(AGE_BUCKETS, b.ageBucket) ||
  placeIn(LIQUIDITIES, a.liquidity) - placeIn(LIQUIDITIES, b.liquidity)

const FORMULA = {
  score: 'fills × preference ÷ (cost × latencyMs)',
  fills: '(segment.filled + prior.countsAsCells × segment.prior) ÷ (segment.asked + prior.countsAsCells)',
  segmentPrior:
    '(prior.countsAsSegments × prior.fillRate + Σ other.filled ÷ (other.asked + prior.countsAsCells)) ÷ (prior.countsAsSegments + Σ other.asked ÷ (other.asked + prior.countsAsCells)), over the other segments',
  cells: `of a segment count half as much each week, and ${MOST_CELLS} at the most`,
  latencyMs: '(learned.latencyMs + prior.countsAsCalls × prior.latencyMs) ÷ (learned.calls + prior.countsAsCalls)',
  cost: '1 ÷ (max(1, prior.rowsPerPage ÷ prior.rowsPerCell) × prior.callsPerMinute)',
} as const
