/** A split that is told of and that the prices do not show. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'action-without-step',
  why: 'The split is wrong, or the bars before it are adjusted already: applying it breaks every price before.',
  severity: 'AMBER',
  kinds: ['one'],
  judges: 'present',
  judge(facts) {
    const told = around(facts, 'missingStep')
    return told > 0
      ? {
          flag: 'ACTION_WITHOUT_STEP',
          severity: 'AMBER',
          numbers: { told_times: Math.round(Math.exp(told) * 100) / 100 },
        }
      : null
  },
}
