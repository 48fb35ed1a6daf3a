/** Required columns there, of their type and filled; stamps where a bar of this kind begins; one source per cell. */
import { measured } from '../cell-facts.ts'
import type { Check } from '../check.ts'

export const check: Check = {
  id: 'schema',
  why: 'A null price or a stamp off its grid breaks joins far away from its cause.',
  severity: 'RED',
  kinds: ['one', 'session_minutes', 'series', 'contracts', 'events'],
  judges: 'present',
  judge(facts) {
    const numbers: Record<string, number> = {}
    if (facts.wrongColumns > 0) numbers.wrong_columns = facts.wrongColumns
    for (const [column, count] of Object.entries(facts.nulls)) if (count > 0) numbers[`null_${column}`] = count
    if (facts.mixedSources > 0) numbers.mixed_sources = facts.mixedSources
    const offGrid = measured(facts.offGridStamps, 'offGridStamps')
    if (offGrid > 0) numbers.off_grid_stamps = offGrid
    return Object.keys(numbers).length > 0 ? { flag: 'SCHEMA', severity: 'RED', numbers } : null
  },
}
