/** An action that its vendor stated once and no longer states. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'withdrawn-action',
  why: 'Who took the action for real has prices adjusted by it; and a vendor that loses an action looks the same.',
  severity: 'AMBER',
  kinds: ['events'],
  judges: 'any',
  judge(facts) {
    const withdrawn = measured(facts.withdrawnActions, 'withdrawnActions')
    return withdrawn > 0
      ? { flag: 'ACTION_WITHDRAWN', severity: 'AMBER', numbers: { withdrawn_actions: withdrawn } }
      : null
  },
}
