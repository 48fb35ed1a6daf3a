/** The winning vendor served the same row more than once. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'duplicate-rows',
  why: 'Curation drops the copies, but pages that overlap may also have left a gap elsewhere.',
  severity: 'AMBER',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge(facts) {
    const rows = measured(facts.duplicateRows, 'duplicateRows')
    return rows > 0 ? { flag: 'DUPLICATE_ROWS', severity: 'AMBER', numbers: { duplicate_rows: rows } } : null
  },
}
