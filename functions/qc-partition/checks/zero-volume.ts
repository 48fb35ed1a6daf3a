/** A bar without volume: the vendor filled a quiet spell in, or lost the volume. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'zero-volume',
  why: 'A price at which nobody traded is a quote or a repetition, not a trade.',
  severity: 'AMBER',
  kinds: ['one', 'session_minutes', 'contracts'],
  judges: 'present',
  judge(facts) {
    const bars = measured(facts.zeroVolumes, 'zeroVolumes')
    return bars > 0 ? { flag: 'ZERO_VOLUME', severity: 'AMBER', numbers: { zero_volumes: bars } } : null
  },
}
