/** A cell that a person released with POST /release when it had other rows. */
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'outdated-release',
  why: 'Who released a cell looked at the rows it had then: those that came since are judged like any other.',
  severity: 'AMBER',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge: (facts) =>
    facts.decision === 'outdated'
      ? { flag: 'RELEASE_OUTDATED', severity: 'AMBER', numbers: { rows: facts.rows } }
      : null,
}
