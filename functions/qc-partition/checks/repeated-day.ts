/** A daily bar that repeats the one before. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'repeated-day',
  why: 'A feed that stands still delivers yesterday again: the real day is missing, and nothing seems to have moved.',
  severity: 'AMBER',
  kinds: ['one'],
  judges: 'present',
  secondSettles: 'prices',
  judge(facts) {
    if (around(facts, 'repeated') > 0) return { flag: 'REPEATED_DAY', severity: 'AMBER', numbers: {} }
    return around(facts, 'stalePrices') > 0 ? { flag: 'STALE_PRICES', severity: 'AMBER', numbers: {} } : null
  },
}
