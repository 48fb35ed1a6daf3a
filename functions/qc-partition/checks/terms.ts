/** Terms that cannot be: a strike of nothing, a split without its two counts of shares, a dividend of no dollars. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'terms',
  why: 'A split ratio of zero or a strike off by a factor turns every price derived from it into nonsense.',
  severity: 'RED',
  kinds: ['contracts', 'events'],
  judges: 'present',
  judge(facts) {
    const impossible = measured(facts.impossibleTerms, 'impossibleTerms')
    const misdated = measured(facts.misdatedRows, 'misdatedRows')
    if (impossible > 0) return { flag: 'IMPOSSIBLE_TERMS', severity: 'RED', numbers: { impossible_terms: impossible } }
    return misdated > 0 ? { flag: 'MISDATED', severity: 'RED', numbers: { misdated_rows: misdated } } : null
  },
}
