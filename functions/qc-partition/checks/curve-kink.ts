/** A yield far off the line between the maturities beside it. */
import { curveOf } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'curve-kink',
  why: 'A value of another maturity, or of another day, bends the curve where no market does.',
  severity: 'AMBER',
  kinds: ['series'],
  judges: 'present',
  judge(facts, { yields }) {
    const { kink } = curveOf(facts)
    return kink > yields.kink ? { flag: 'CURVE_KINK', severity: 'AMBER', numbers: { kink } } : null
  },
}
