/**
 * The connection to a local file. Statements stay prepared: preparing one anew costs ten times what a small one does, and each
 * that is thrown away lies in native memory until a macrotask comes by.
 */
import { type InArgs, type InStatement, LibsqlError } from '@libsql/client'
import Database from 'libsql'

/** What one statement answered. Rows are arrays in the order of the columns. */
export interface Answered {
  columns: string[]
  rows: unknown[][]
  /** Rows it changed; 0 for one that answers rows. */
  changed: number
}

export interface WriteTerms {
  /**
   * False for what may be lost with the power: it survives the process, and is on the disk with the next write that is synced. A server
   * syncs as it was told to.
   */
  isSynced: boolean
}

/** A database as this project uses it: single statements and whole batches, no open transactions. */
export interface Connection {
  execute(statement: InStatement): Promise<Answered>
  /** All or none, in order, under the write lock. */
  batch(statements: readonly InStatement[], terms?: WriteTerms): Promise<Answered[]>
  /** All or none, while foreign keys are not looked at. */
  migrate(statements: readonly InStatement[]): Promise<Answered[]>
  /** Folds the write-ahead log of a local file into it, unless told to leave all as it is: a copy of the file alone is whole then. */
  close(foldsLog?: boolean): void
}

/** Statements kept prepared; more distinct ones than this are dropped, the longest unused first. */
const KEPT = 200
const KEEPABLE = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|BEGIN|COMMIT|ROLLBACK)\b/i

/** Of `PRAGMA synchronous`: commits are in order in the log, but not synced; FULL, which syncs each, is 2. */
const NORMAL = 1

interface Prepared {
  /** Null for a statement that answers no rows. */
  columns: string[] | null
  statement: Database.Statement
}

/** Opens a file by its path. Everything is done at once and blocks: nothing comes between the statements of a batch. */
export function openSqliteFile(path: string): Connection {
  const file = new Database(path)
  const kept = new Map<string, Prepared>()

  const prepare = (sql: string): Prepared => {
    const found = kept.get(sql)
    // Behind all others again.
    if (found) kept.delete(sql)
    const prepared = found ?? prepareAnew(file, sql)
    if (found || KEEPABLE.test(sql)) kept.set(sql, prepared)
    // Whatever else it is may change the schema, and with it the columns of what is kept.
    else kept.clear()
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
    return prepared
  }

  const run = (statement: InStatement): Answered => {
    const { sql, args = [] } = typeof statement === 'string' ? { sql: statement } : statement
    try {
      const { columns, statement: ready } = prepare(sql)
      if (columns !== null)
        return { columns, rows: (ready.all(bound(args)) as unknown[][]).map(plainValues), changed: 0 }
      const { changes } = ready.run(bound(args))
      return { columns: [], rows: [], changed: changes }
    } catch (error) {
      // One that failed may count as still at work.
      kept.delete(sql)
      throw asLibsqlError(error)
    }
  }

  const together = (statements: readonly InStatement[]): Answered[] => {
    run('BEGIN IMMEDIATE')
    try {
      const answers = statements.map(run)
      run('COMMIT')
      return answers
    } finally {
      if (file.inTransaction) run('ROLLBACK')
    }
  }

  // Asked once: it takes as long as a small statement.
  let level: number | undefined
  const unsynced = <T>(work: () => T): T => {
    level ??= (file.prepare('PRAGMA synchronous').all() as [{ synchronous: number }])[0].synchronous
    if (level <= NORMAL) return work()
    file.exec(`PRAGMA synchronous = ${NORMAL}`)
    try {
      return work()
    } finally {
      file.exec(`PRAGMA synchronous = ${level}`)
    }
  }

  return {
    execute: async (statement) => run(statement),
    batch: async (statements, { isSynced } = { isSynced: true }) =>
      isSynced ? together(statements) : unsynced(() => together(statements)),
    async migrate(statements) {
      run('PRAGMA foreign_keys = off')
      try {
        return together(statements)
      } finally {
        run('PRAGMA foreign_keys = on')
      }
    },
    close(foldsLog = true) {
      if (!file.open) return
      // A full disk may forbid it: the log is then folded in at the next start.
      if (foldsLog) foldLog(file)
      kept.clear()
      file.close()
    },
  }
}

function foldLog(file: Database.Database): void {
  try {
    file.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
  } catch {
    // Nothing is lost by it: what is in the log is on the disk.
  }
}

function prepareAnew(file: Database.Database, sql: string): Prepared {
  const statement = file.prepare(sql)
  if (!statement.reader) return { columns: null, statement }
  // Integers come as BigInt, so that one beyond 2^53 is noticed rather than rounded.
  statement.safeIntegers(true).raw(true)
  return { columns: statement.columns().map(({ name }) => name), statement }
}

function bound(args: InArgs): unknown[] {
  if (!Array.isArray(args)) throw new TypeError('expected the arguments of a statement as a list')
  return args.map((value) => {
    if (value === undefined) throw new TypeError('expected a value for every argument of a statement, got undefined')
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new RangeError(`expected a finite number, got ${value}`)
    return typeof value === 'boolean' ? Number(value) : value
  })
}

function plainValues(row: unknown[]): unknown[] {
  for (let at = 0; at < row.length; at++) {
    const value = row[at]
    if (typeof value !== 'bigint') continue
    const number = Number(value)
    if (!Number.isSafeInteger(number)) throw new RangeError(`expected an integer a number can hold, got ${value}`)
    row[at] = number
  }
  return row
}

/** `SQLITE_CONSTRAINT_CHECK` is a kind of `SQLITE_CONSTRAINT`. */
function asLibsqlError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  const base = error.code.split('_').slice(0, 2).join('_')
  return new LibsqlError(error.message, base, error.code, undefined, error)
}
