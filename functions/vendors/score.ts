/** A vendor's score for a dataset with everything that goes into it, so that a person can reckon it again. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { VendorScore } from '../../db/vendor-scores/scores.ts'
import type { Server } from '../_dispatch/desk.ts'
import { PRIOR_CALLS, PRIOR_CELLS, ROWS_PER_CELL, scoreOf } from '../_dispatch/score.ts'

export function scoreStory(server: Server, spec: DatasetConfig, learned: VendorScore | undefined) {
  const { score, fills, preference, cost, latencyMs } = scoreOf(server, spec, learned)
  const { terms, seat } = server
  return {
    score,
    fills,
    preference,
    cost,
    latencyMs,
    prior: {
      fillRate: terms.fill_rate,
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

const FORMULA = {
  score: 'fills × preference ÷ (cost × latencyMs)',
  fills: '(learned.filled + prior.countsAsCells × prior.fillRate) ÷ (learned.asked + prior.countsAsCells)',
  latencyMs: '(learned.latencyMs + prior.countsAsCalls × prior.latencyMs) ÷ (learned.calls + prior.countsAsCalls)',
  cost: '1 ÷ (max(1, prior.rowsPerPage ÷ prior.rowsPerCell) × prior.callsPerMinute)',
} as const
