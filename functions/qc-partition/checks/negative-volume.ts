/** Nothing trades a negative number of shares, or a negative number of times. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'negative-volume',
  why: 'A negative volume is an overflow or a sentinel of the vendor, and poisons every sum it enters.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'contracts'],
  judges: 'present',
  judge(facts) {
    const bars = measured(facts.negativeVolumes, 'negativeVolumes')
    return bars > 0 ? { flag: 'NEGATIVE_VOLUME', severity: 'RED', numbers: { negative_volumes: bars } } : null
  },
}
