/** A cell that a person held with POST /hold. */
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'held-by-person',
  why: 'A person knows what no number shows: what they hold stays out of bundles until they take it back.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge: (facts) =>
    facts.decision === 'hold' ? { flag: 'HELD_BY_PERSON', severity: 'RED', numbers: { rows: facts.rows } } : null,
}
