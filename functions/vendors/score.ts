/** A vendor's score for a dataset with everything that goes into it, so that a person can reckon it again. */
import type { DatasetConfig } from '../../config/schema.ts'
import { MOST_CELLS } from '../../db/vendor-bands/fade.ts'
import type { VendorScore } from '../../db/vendor-scores/scores.ts'
import { type Band, ERAS, LIQUIDITIES } from '../_dispatch/band.ts'
import type { Server } from '../_dispatch/desk.ts'
import { PRIOR_BANDS, PRIOR_CALLS, PRIOR_CELLS, ROWS_PER_CELL, scoreOf } from '../_dispatch/score.ts'

/** `score` and `fills` are those of a band nothing is known of, `bands` those of the ones that were asked for. */
export function scoreStory(server: Server, spec: DatasetConfig, learned: VendorScore | undefined) {
  const { score, fills, preference, cost, latencyMs } = scoreOf(server, spec, learned, null)
  const { terms, seat } = server
  return {
    score,
    fills,
    preference,
    cost,
    latencyMs,
    bands: [...(learned?.bands ?? [])].sort(byAge).map((cells) => {
      const { asked, filled, ...band } = cells
      const of = scoreOf(server, spec, learned, band as Band)
      return { ...band, asked, filled, elsewhere: of.elsewhere, fills: of.fills, score: of.score }
    }),
    prior: {
      fillRate: terms.fill_rate,
      countsAsBands: PRIOR_BANDS,
      countsAsCells: PRIOR_CELLS,
      latencyMs: terms.latency_ms,
      countsAsCalls: PRIOR_CALLS,
      rowsPerPage: terms.shape.rows_per_page,
      rowsPerCell: ROWS_PER_CELL[spec.expected_rows],
      callsPerMinute: seat.config.calls_per_minute,
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

const byAge = (a: { era: string; liquidity: string }, b: { era: string; liquidity: string }): number =>
  placeIn(ERAS, a.era) - placeIn(ERAS, b.era) || placeIn(LIQUIDITIES, a.liquidity) - placeIn(LIQUIDITIES, b.liquidity)

const FORMULA = {
  score: 'fills × preference ÷ (cost × latencyMs)',
  fills: '(band.filled + prior.countsAsCells × elsewhere) ÷ (band.asked + prior.countsAsCells)',
  elsewhere:
    '(prior.countsAsBands × prior.fillRate + Σ other.filled ÷ (other.asked + prior.countsAsCells)) ÷ (prior.countsAsBands + Σ other.asked ÷ (other.asked + prior.countsAsCells)), over the other bands',
  cells: `of a band count half as much each week, and ${MOST_CELLS} at the most`,
  latencyMs: '(learned.latencyMs + prior.countsAsCalls × prior.latencyMs) ÷ (learned.calls + prior.countsAsCalls)',
  cost: '1 ÷ (max(1, prior.rowsPerPage ÷ prior.rowsPerCell) × prior.callsPerMinute)',
} as const
