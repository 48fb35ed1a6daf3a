/** The same corporate action under two ids. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'repeated-action',
  why: 'Vendors file an action twice; who applies both halves a price twice, or pays a dividend twice.',
  severity: 'AMBER',
  kinds: ['events'],
  judges: 'present',
  judge(facts) {
    const repeated = measured(facts.repeatedActions, 'repeatedActions')
    return repeated > 0
      ? { flag: 'ACTION_FILED_TWICE', severity: 'AMBER', numbers: { repeated_actions: repeated } }
      : null
  },
}
