/** Fewer rows than a complete cell holds: minutes against the symbol's baseline, values against the series of its group. */
import type { QcConfig } from '../../../config/schema.ts'
import { shortfallOf } from '../../_expected/liquidity.ts'
import { type CellFacts, measured } from '../cell-facts.ts'
import type { Check, Finding } from '../check.ts'

export const check: Check = {
  id: 'completeness',
  why: 'Half a session looks like a quiet day: volumes, ranges and returns computed from it are wrong without an error.',
  severity: 'RED',
  kinds: ['session_minutes', 'series'],
  judges: 'present',
  judge(facts, thresholds) {
    return facts.sessionMinutes === null ? values(facts) : minutes(facts, facts.sessionMinutes, thresholds)
  },
}

function values(facts: CellFacts): Finding | null {
  const expected = measured(facts.expectedRows, 'expectedRows')
  if (facts.rows >= expected) return null
  return { flag: 'MISSING_ROWS', severity: 'AMBER', numbers: { rows: facts.rows, expected } }
}

function minutes(facts: CellFacts, sessionMinutes: number, { completeness }: QcConfig): Finding | null {
  const rows = measured(facts.regularRows, 'regularRows')
  const share = facts.baselineShare
  if (share === null) {
    // A thin symbol is complete with a few minutes: while it has no baseline, the session's length cannot condemn it.
    if (rows >= sessionMinutes * completeness.amber_below) return null
    const days = measured(facts.baselineDays, 'baselineDays')
    return { flag: 'NO_BASELINE', severity: 'AMBER', numbers: { rows, session_minutes: sessionMinutes, days } }
  }
  const expected = measured(facts.expectedRows, 'expectedRows')
  const numbers = { rows, expected, share }
  const shortfall = shortfallOf({ rows, expected, sessionMinutes, share }, completeness)
  switch (shortfall) {
    case 'none':
      return null
    case 'missing':
      return { flag: 'MISSING_ROWS', severity: 'AMBER', numbers }
    case 'short':
      return { flag: 'SHORT_SESSION', severity: 'RED', numbers }
    default:
      return shortfall satisfies never
  }
}
