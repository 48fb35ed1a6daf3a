/** How many files this process may have open: a start with too few says so, where it would otherwise crash in the middle of something. */
import { readFile } from 'node:fs/promises'
import type { Log } from './log.ts'

/** A start and a night of two symbols crash with 128; DuckDB, vendors and callers each hold dozens. */
const NEEDED = 512
/** What nearly every system gives; below it many callers at once may be turned away. */
const COMFORTABLE = 1024

/** Throws an Error in a sentence where the limit is too low; a system without /proc is not asked. */
export async function checkOpenFiles(log: Log, limits = '/proc/self/limits'): Promise<void> {
  const limit = openFileLimit(await readFile(limits, 'utf8').catch(() => ''))
  if (limit < NEEDED) {
    throw new Error(
      `this process may have ${limit} files open, and needs ${NEEDED}: raise the limit (ulimit -n, or LimitNOFILE= of the service)`,
    )
  }
  if (limit < COMFORTABLE) log('start.few_open_files', { limit, comfortable: COMFORTABLE })
}

/** The soft limit of open files as Linux tells it; Infinity where it does not. */
export function openFileLimit(limits: string): number {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Ends the process with that sentence. To be asked before the program is loaded: loading it opens more files at once than such a process may have. */
export async function requireOpenFiles(): Promise<void> {
  try {
    await checkOpenFiles(() => undefined)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}
