/** Call statistics: what one plan adds to the counts of its vendor, cells by outcome. */
import type { CallStats } from '../../db/vendor-call-stats/call-stats.ts'
import type { Outcome } from '../_market/outcome.ts'
import type { Claim } from './claim.ts'
import type { AnswerSummary, CellOutcome } from './outcomes.ts'

type Column = 'filled' | 'short' | 'empty' | 'refused' | 'postponed' | 'malformed' | 'unavailable'

const COLUMN: Record<Outcome, Column> = {
  filled: 'filled',
  short: 'short',
  empty: 'empty',
  not_entitled: 'refused',
  before_history: 'refused',
  too_recent: 'postponed',
  rate_limited: 'postponed',
  malformed: 'malformed',
  unavailable: 'unavailable',
}

export function callStatsOf(
  claim: Claim,
  answer: AnswerSummary,
  outcomes: readonly CellOutcome[],
  rows: number,
  tookMs: number,
  dispatchMs: number,
): CallStats {
  const callStats: CallStats = {
    vendor: claim.source.connection.name,
    dataset: claim.dataset,
    calls: answer.calls,
    rows,
    tookMs,
    dispatchMs,
    filled: 0,
    short: 0,
    empty: 0,
    refused: 0,
    postponed: 0,
    malformed: 0,
    unavailable: 0,
  }
  for (const { outcome } of outcomes) callStats[COLUMN[outcome]] += 1
  return callStats
}
