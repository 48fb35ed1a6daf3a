/** Rows that are not those that were delivered: the disk changed them, and no vendor can serve them again. */
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'damaged',
  why: 'A flipped bit in a price looks like any other price: only the digest of what was delivered tells.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge: (facts) => (facts.isDamaged ? { flag: 'DAMAGED', severity: 'RED', numbers: { rows: facts.rows } } : null),
}
