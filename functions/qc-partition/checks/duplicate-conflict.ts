/** The winning vendor served one stamp with two different contents in one answer. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'duplicate-conflict',
  why: 'Whichever row curation kept, the other one had the same claim to be true.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge(facts) {
    const stamps = measured(facts.duplicateConflicts, 'duplicateConflicts')
    if (stamps === 0) return null
    return { flag: 'DUPLICATE_CONFLICT', severity: 'RED', numbers: { conflicting_stamps: stamps } }
  },
}
