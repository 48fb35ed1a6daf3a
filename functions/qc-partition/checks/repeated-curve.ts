/** A day whose yields are all those of the day before. */
import { curveOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'repeated-curve',
  why: 'A source that shows yesterday again looks like a day on which nothing moved.',
  severity: 'AMBER',
  kinds: ['series'],
  judges: 'present',
  judge(facts, { yields }) {
    const { repeated } = curveOf(facts)
    return repeated >= yields.repeated_values
      ? { flag: 'REPEATED_CURVE', severity: 'AMBER', numbers: { repeated } }
      : null
  },
}
