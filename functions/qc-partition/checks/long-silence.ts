/** The first daily bar after many sessions without one. */
import { around } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'long-silence',
  why: 'A ticker that comes back may be another company: its history must not be joined to the one before.',
  severity: 'AMBER',
  kinds: ['one'],
  judges: 'present',
  judge(facts, { daily: { long_silence } }) {
    const sessions = around(facts, 'silence')
    return sessions >= long_silence.sessions ? { flag: 'LONG_SILENCE', severity: 'AMBER', numbers: { sessions } } : null
  },
}
