/** The names of files in the making: never those of finished ones, and recognised after a crash. */
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { sha256 } from './digest.ts'

// Two containers that share a volume may have the same pid, so the host is part of the name.
const SOURCE = `${sha256(hostname()).slice(0, 8)}-${process.pid}`
let temps = 0

/** A temp name in the same folder (a rename across volumes would not be atomic), never given twice by this process. */
export const tempBeside = (path: string): string => join(dirname(path), `.${basename(path)}.${SOURCE}-${++temps}.tmp`)

/** A temp of this process, which may be in use. */
export const isOwnTemp = (name: string): boolean => isTemp(name) && name.includes(`.${SOURCE}-`)

/** What `tempBeside` gives out, this process or an earlier one. */
export const isTemp = (name: string): boolean => /^\..+\.[0-9a-f]{8}-\d+-\d+\.tmp$/.test(name)
