/** High is the highest and low the lowest of a bar's four prices. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'ohlc-order',
  why: 'A close above the high is impossible: at least one of the four prices is wrong, and nobody can tell which.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'contracts'],
  judges: 'present',
  judge(facts) {
    const bars = measured(facts.ohlcViolations, 'ohlcViolations')
    return bars > 0 ? { flag: 'OHLC_ORDER', severity: 'RED', numbers: { ohlc_violations: bars } } : null
  },
}
