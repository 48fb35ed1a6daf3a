/** Settlements of a source that says that there is nothing. */
import type { Settlement } from '../../../db/gap-tasks/settlement.ts'
import { NOTHING_THERE } from '../temp-db.ts'

/** For good, unless told otherwise. */
export const NONE = { ...NOTHING_THERE, outcome: 'empty', absence: 'SOURCE_SAYS_NONE' } as const

/** The same as long as somebody means to ask again. */
export const noneUntil = (at: number): Partial<Settlement> => ({ ...NONE, recheckAt: at, askAgainAt: at })
