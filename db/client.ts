/** Opens the database: a local SQLite file of this process alone, or a libSQL server. Callers see no difference. */
import type { Client, InStatement } from '@libsql/client'
import { drizzle, type LibSQLDatabase } from 'drizzle-orm/libsql'
import { openLibsqlServer } from './libsql-server.ts'
import { compile, type Statement } from './prepared.ts'
import { type Answered, type Connection, openSqliteFile, type WriteTerms } from './sqlite-file.ts'

export interface Db {
  /** Drizzle's query builder for reads and single statements. What is written as SQL goes through `all` and `write`. */
  orm: Omit<LibSQLDatabase, 'all' | 'get'>
  /** Rows of one statement. */
  all<Row>(statement: Statement): Promise<Row[]>
  /** One transition: every statement or none, in order, under the write lock. Returns the rows each statement returned. */
  write(statements: readonly Statement[]): Promise<Record<string, unknown>[][]>
  /** The same, where no rows are wanted: answers how many rows each statement changed. */
  change(statements: readonly Statement[], terms?: WriteTerms): Promise<number[]>
  close(): void
  /** True when this process alone owns the database, so that leases of an earlier process are dead. */
  exclusive: boolean
}

/** Another process holds the database file. */
export class DatabaseBusyError extends Error {
  constructor(file: string) {
    super(`another data node is already running on ${file}: stop it, or give this one a DATA_ROOT of its own`)
    this.name = 'DatabaseBusyError'
  }
}

/** The database file is not a database any more, or not a whole one. No lock, no full disk and no newer schema is meant. */
export class DamagedDatabaseError extends Error {
  constructor(file: string, detail: string) {
    super(`the database ${file} is damaged (${detail})`)
    this.name = 'DamagedDatabaseError'
  }
}

/** Whether SQLite itself says that what it read cannot be right. */
export const isDamage = (error: unknown): error is Error =>
  error instanceof DamagedDatabaseError ||
  (error instanceof Error && 'code' in error && /^SQLITE_(CORRUPT|NOTADB)/.test(String(error.code)))

/**
 * Opens the database: a path is a local file owned by this process alone; an `http(s)://` or `libsql://` address is a server.
 * Throws DatabaseBusyError when another process owns the file, DamagedDatabaseError when it is no database.
 * A local file that shows damage later is written no more: `onDamage` is called once, and every call rejects with a DamagedDatabaseError.
 */
export async function openDb(
  location: string,
  authToken?: string,
  onDamage: (error: DamagedDatabaseError) => void = () => undefined,
): Promise<Db> {
  const remote = /^(https?|libsql):\/\//.test(location)
  const connection = remote
    ? openLibsqlServer(location, authToken)
    : serialised(untilDamaged(await ownFile(location), location, onDamage))
  return {
    orm: drizzle({ client: forDrizzle(connection) }),
    exclusive: !remote,
    all: async <Row>(statement: Statement) => plainRows(await connection.execute(compile(statement))) as Row[],
    write: async (statements) =>
      (await connection.batch(statements.map((statement) => compile(statement)))).map(plainRows),
    change: async (statements, terms) =>
      (
        await connection.batch(
          statements.map((statement) => compile(statement)),
          terms,
        )
      ).map(({ changed }) => changed),
    close: () => connection.close(),
  }
}

/** What Drizzle calls of a client. It reads rows by position; an interactive transaction is a mistake in this project. */
export const forDrizzle = (connection: Connection): Client =>
  ({
    ...connection,
    transaction: () => Promise.reject(new Error('interactive transactions are not used here: write one batch instead')),
  }) as unknown as Client

/** EXCLUSIVE before WAL: no second process can write, and the bundled SQLite's WAL-reset fault needs two connections. */
async function ownFile(path: string): Promise<Connection> {
  let file: Connection | undefined
  try {
    file = openSqliteFile(path)
    await file.execute('PRAGMA locking_mode = EXCLUSIVE')
    await file.execute('PRAGMA journal_mode = WAL')
    await file.execute('PRAGMA synchronous = FULL')
    await file.execute('PRAGMA foreign_keys = ON')
    // KiB: the masks of 15 million cells and the indexes of a full queue are walked from memory.
    await file.execute('PRAGMA cache_size = -65536')
    // Pages, 16 MB: one that changes with every settlement is copied into the file a quarter as often.
    await file.execute('PRAGMA wal_autocheckpoint = 4000')
    // An empty write takes the exclusive lock now rather than at some later statement.
    await file.batch(['SELECT 1'])
    return file
  } catch (error) {
    file?.close()
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (/BUSY|LOCKED/.test(code)) throw new DatabaseBusyError(path)
    if (isDamage(error)) throw new DamagedDatabaseError(path, error.message)
    throw new Error(`cannot open the database ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The same connection until SQLite finds damage: what is written after that could not be relied on. */
function untilDamaged(file: Connection, path: string, onDamage: (error: DamagedDatabaseError) => void): Connection {
  let damage: DamagedDatabaseError | undefined
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (damage) throw damage
    try {
      return await work()
    } catch (error) {
      if (!isDamage(error)) throw error
      damage = new DamagedDatabaseError(path, error.message)
      onDamage(damage)
      throw damage
    }
  }
  return {
    execute: (statement) => guarded(() => file.execute(statement)),
    batch: (statements, terms) => guarded(() => file.batch(statements, terms)),
    migrate: (statements) => guarded(() => file.migrate(statements)),
    close: () => file.close(damage === undefined),
  }
}

/** What may be done between two turns of the event loop: as many small statements, rows answered, or thousands of characters taken in. */
const WORK_PER_TURN = 100

/**
 * One call at a time, and every so often one hands the event loop back first: calls to a local file never do by themselves, and native
 * memory is freed only on a macrotask.
 */
function serialised(file: Connection): Connection {
  let tail: Promise<unknown> = Promise.resolve()
  let sinceYield = 0
  const next = <T>(
    work: () => Promise<T>,
    statements: readonly InStatement[],
    answersOf: (result: T) => Answered[],
  ) => {
    const run = tail.then(async () => {
      const weight = statements.reduce((sum, statement) => sum + weightOf(statement), 0)
      if (sinceYield + weight >= WORK_PER_TURN) {
        sinceYield = 0
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      const result = await work()
      sinceYield +=
        weight +
        answersOf(result).reduce((sum, { rows }) => sum + rows.reduce((all, row) => all + weightOfRow(row), 0), 0)
      return result
    })
    tail = run.catch(() => undefined)
    return run
  }
  return {
    execute: (statement) =>
      next(
        () => file.execute(statement),
        [statement],
        (answer) => [answer],
      ),
    batch: (statements, terms) =>
      next(
        () => file.batch(statements, terms),
        statements,
        (answers) => answers,
      ),
    migrate: (statements) =>
      next(
        () => file.migrate(statements),
        statements,
        (answers) => answers,
      ),
    close: () => file.close(),
  }
}

const weightOf = (statement: InStatement): number =>
  typeof statement === 'string' || !Array.isArray(statement.args) ? 1 : weightOfRow(statement.args)

/** A long text may stand for thousands of rows. */
function weightOfRow(values: readonly unknown[]): number {
  let weight = 1
  for (const value of values) if (typeof value === 'string') weight += value.length / 1_000
  return weight
}

const plainRows = ({ columns, rows }: Answered): Record<string, unknown>[] =>
  rows.map((row) => {
    const plain: Record<string, unknown> = {}
    for (let at = 0; at < columns.length; at++) plain[columns[at]!] = row[at]
    return plain
  })
