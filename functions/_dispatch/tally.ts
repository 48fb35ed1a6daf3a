/** What one plan adds to the counts of its vendor: cells by what became of them. */
import type { Tally } from '../../db/vendor-tallies/tallies.ts'
import type { Outcome } from '../_market/outcome.ts'
import type { Claim } from './claim.ts'
import type { CellOutcome, Said } from './outcomes.ts'

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

export function tallyOf(
  claim: Claim,
  answer: Said,
  outcomes: readonly CellOutcome[],
  rows: number,
  tookMs: number,
): Tally {
  const tally: Tally = {
    vendor: claim.server.seat.name,
    dataset: claim.dataset,
    calls: answer.calls,
    rows,
    tookMs,
    filled: 0,
    short: 0,
    empty: 0,
    refused: 0,
    postponed: 0,
    malformed: 0,
    unavailable: 0,
  }
  for (const { outcome } of outcomes) tally[COLUMN[outcome]] += 1
  return tally
}
