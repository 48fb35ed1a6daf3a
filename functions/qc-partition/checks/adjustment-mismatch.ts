/** Rows that say that their prices are adjusted: raw prices are as traded, always. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'adjustment-mismatch',
  why: 'An adjusted price beside prices as traded looks like a crash that never was, and is adjusted twice later.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge(facts) {
    const rows = measured(facts.otherAdjustments, 'otherAdjustments')
    return rows > 0 ? { flag: 'ADJUSTMENT_MISMATCH', severity: 'RED', numbers: { other_adjustments: rows } } : null
  },
}
