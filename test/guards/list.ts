/** All guards, by area: one file each. */
import { CURATION_GUARDS } from './curation.ts'
import type { Guard } from './guard.ts'

export const GUARDS: Guard[] = [...CURATION_GUARDS]
