/** A bar of a vendor that served bars of closed days near it and left a session as near empty. */
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'dates-shifted',
  why: 'A bar under the wrong day looks like any other bar; a model that joins it with anything else looks a day ahead.',
  severity: 'AMBER',
  kinds: ['one'],
  judges: 'present',
  judge: ({ isDateDoubtful }) => (isDateDoubtful ? { flag: 'DATES_SHIFTED', severity: 'AMBER', numbers: {} } : null),
}
