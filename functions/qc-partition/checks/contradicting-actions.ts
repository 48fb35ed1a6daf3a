/** Actions of one day that cannot all be right: two ratios of a split, two amounts of a dividend. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'contradicting-actions',
  why: 'A company splits once a day and pays its ordinary dividend once: one of two statements is wrong, and prices adjusted by it are off.',
  severity: 'AMBER',
  kinds: ['events'],
  judges: 'present',
  judge(facts) {
    const contradicting = measured(facts.contradictingActions, 'contradictingActions')
    return contradicting > 0
      ? { flag: 'CONTRADICTING_ACTIONS', severity: 'AMBER', numbers: { contradicting_actions: contradicting } }
      : null
  },
}
