/** All guards, by area: one file each. */
import type { Guard } from './guard.ts'

export const GUARDS: Guard[] = []
