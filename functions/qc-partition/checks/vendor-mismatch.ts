/** Rows that say that another vendor served them than the one whose folder they lie in. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'vendor-mismatch',
  why: 'A version credited to the wrong vendor wins by a preference it does not deserve and hides that the other has none.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge(facts) {
    const rows = measured(facts.otherVendors, 'otherVendors')
    return rows > 0 ? { flag: 'VENDOR_MISMATCH', severity: 'RED', numbers: { other_vendors: rows } } : null
  },
}
