/** Daily bars that step by the ratio of a split that is told of later: adjusted prices among raw ones. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'mixed-adjustment',
  why: 'A stretch that is adjusted for a later split is adjusted once more by who applies the split.',
  severity: 'RED',
  kinds: ['one'],
  judges: 'present',
  judge(facts) {
    const isWithin = around(facts, 'adjusted') > 0
    const isAfter = around(facts, 'adjustedBefore') > 0
    return isWithin || isAfter ? { flag: 'MIXED_ADJUSTMENT', severity: 'RED', numbers: {} } : null
  },
}
