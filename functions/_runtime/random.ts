/** The only place that draws chance: tokens nobody can guess, and jitter. */
import { randomUUID } from 'node:crypto'

export const freshToken = (): string => randomUUID()
export const jitter = (): number => Math.random()
