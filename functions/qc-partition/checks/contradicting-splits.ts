/** Two splits of one day with different ratios. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'contradicting-splits',
  why: 'A company splits once a day: one of two ratios is wrong, and prices adjusted by it are off by a factor.',
  severity: 'AMBER',
  kinds: ['events'],
  judges: 'present',
  judge(facts) {
    const others = measured(facts.contradictingSplits, 'contradictingSplits')
    return others > 0 ? { flag: 'CONTRADICTING_SPLITS', severity: 'AMBER', numbers: { other_ratios: others } } : null
  },
}
