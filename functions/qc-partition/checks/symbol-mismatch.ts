/** Rows that say that they are of another symbol than the place they lie in. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'symbol-mismatch',
  why: 'Bars of one company under the name of another are plausible in every number and wrong in all of them.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge(facts) {
    const rows = measured(facts.otherSymbols, 'otherSymbols')
    return rows > 0 ? { flag: 'SYMBOL_MISMATCH', severity: 'RED', numbers: { other_symbols: rows } } : null
  },
}
