/** Keeps the JavaScript heap near what is really in use: a Pi has little RAM, and a node is one of many things on it. */
import { setFlagsFromString } from 'node:v8'

/**
 * Garbage that may pile up on top of what lives, percent of it. Node's own choice, up to three times what lives, lets a backfill of large
 * answers reach half a gigabyte; this costs a twentieth of the time.
 */
const GARBAGE_PERCENT = 60

export const keepHeapSmall = (): void => setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`)
