/** A share never trades at or below zero. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'non-positive-price',
  why: 'A zero or negative price turns into an infinite or meaningless return.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'contracts'],
  judges: 'present',
  judge(facts) {
    const bars = measured(facts.nonPositivePrices, 'nonPositivePrices')
    return bars > 0 ? { flag: 'NON_POSITIVE_PRICE', severity: 'RED', numbers: { non_positive_prices: bars } } : null
  },
}
