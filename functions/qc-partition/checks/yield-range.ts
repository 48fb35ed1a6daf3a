/** A Treasury yield within a hundred percent of zero; negative yields are real. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'yield-range',
  why: 'Basis points read as percent, or a sentinel such as 999, would dwarf every true value.',
  severity: 'RED',
  kinds: ['series'],
  judges: 'present',
  judge(facts) {
    const values = measured(facts.impossibleYields, 'impossibleYields')
    return values > 0 ? { flag: 'IMPOSSIBLE_YIELD', severity: 'RED', numbers: { impossible_yields: values } } : null
  },
}
