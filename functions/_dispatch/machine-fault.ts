/** Separates failures of the node's own disk, database or RAM from failures of a plan: only the latter count as an attempt. */
import { codeOf } from '../_lake/disk.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'

/** Faults of a statement: a bug, which comes again whenever the same is tried. */
const OF_A_STATEMENT = /^SQLITE_(CONSTRAINT|ERROR|MISMATCH|RANGE|MISUSE|TOOBIG)/
/** SQLite's and the system's own words (`SQLITE_IOERR`, `EIO`, `ENOSPC`); Node's are `ERR_…`. */
const OF_THE_MACHINE = /^(SQLITE|SERVER_|HRANA_|E[A-Z0-9]+$)/

export function isMachineFault(error: unknown): boolean {
  if (error instanceof UnreadableFiles) return true
  if (error instanceof Error && (error.name === 'DamagedDatabaseError' || error.name === 'UnreachableServerError'))
    return true
  const code = codeOf(error)
  return code !== undefined && OF_THE_MACHINE.test(code) && !OF_A_STATEMENT.test(code)
}
