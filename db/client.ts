/**
 * The one door to libSQL. Knows the client's traps: one connection owns the file, no interactive transactions, and every
 * hundredth statement hands the event loop back (native statements are freed only on a macrotask).
 */
import { type Client, createClient, type InStatement, LibsqlError, type ResultSet } from '@libsql/client'
import type { SQL } from 'drizzle-orm'
import { drizzle, type LibSQLDatabase } from 'drizzle-orm/libsql'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

/** A statement built with Drizzle's builder, or with its `sql` template. */
export type Statement = SQL | { toSQL(): { sql: string; params: unknown[] } }

export interface Db {
  /** Drizzle's query builder for reads and single statements. */
  orm: LibSQLDatabase
  /** Rows of one statement. */
  all<Row>(statement: Statement): Promise<Row[]>
  /** One transition: every statement or none, in order, under the write lock. Answers the rows each statement returned. */
  write(statements: readonly Statement[]): Promise<Record<string, unknown>[][]>
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

const STATEMENTS_PER_YIELD = 100
const REMOTE_TIMEOUT_MS = 30_000

/**
 * Opens the database: a path is a local file owned by this process alone; an `http(s)://` or `libsql://` address is a server
 * shared by several nodes. Throws DatabaseBusyError when another process owns the file.
 */
export async function openDb(location: string, authToken?: string): Promise<Db> {
  const remote = /^(https?|libsql):\/\//.test(location)
  const raw = remote
    ? createClient({
        url: location,
        ...(authToken ? { authToken } : {}),
        fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(REMOTE_TIMEOUT_MS) }),
      })
    : openFile(location)
  const client = serialised(raw)
  if (!remote) await own(client, location)
  const dialect = new SQLiteAsyncDialect()
  const orm = drizzle(client)
  const compile = (statement: Statement): InStatement => {
    const query = 'toSQL' in statement ? statement.toSQL() : dialect.sqlToQuery(statement)
    return { sql: query.sql, args: query.params as never }
  }
  return {
    orm,
    exclusive: !remote,
    all: async <Row>(statement: Statement) =>
      plainRows((await client.execute(compile(statement))) as ResultSet) as Row[],
    write: async (statements) => (await client.batch(statements.map(compile), 'write')).map(plainRows),
    close: () => raw.close(),
  }
}

/** The client reads a URL: what has a meaning there would open another file, or none. */
function openFile(location: string): Client {
  const path = location.replace(/[%#?]/g, encodeURIComponent)
  try {
    return createClient({ url: `file:${path}`, concurrency: 1 })
  } catch (error) {
    throw notOpened(location, error)
  }
}

const notOpened = (file: string, error: unknown): Error =>
  new Error(`cannot open the database ${file}: ${error instanceof Error ? error.message : String(error)}`)

/** EXCLUSIVE before WAL: no second process can write, and the bundled SQLite's WAL-reset fault needs two connections. */
async function own(client: Client, file: string): Promise<void> {
  try {
    await client.execute('PRAGMA locking_mode = EXCLUSIVE')
    await client.execute('PRAGMA journal_mode = WAL')
    await client.execute('PRAGMA synchronous = FULL')
    await client.execute('PRAGMA foreign_keys = ON')
    // KiB: the masks of 15 million cells and the indexes of a full queue are walked from memory.
    await client.execute('PRAGMA cache_size = -65536')
    // An empty write takes the exclusive lock now rather than at some later statement.
    await client.batch(['SELECT 1'], 'write')
  } catch (error) {
    client.close()
    if (error instanceof LibsqlError && /BUSY|LOCKED/.test(error.code)) throw new DatabaseBusyError(file)
    throw notOpened(file, error)
  }
}

/** One call at a time, and a macrotask now and then. An interactive transaction is a mistake in this project. */
function serialised(client: Client): Client {
  let tail: Promise<unknown> = Promise.resolve()
  let sinceYield = 0
  const next = <T>(work: () => Promise<T>, statements: number): Promise<T> => {
    const run = tail.then(async () => {
      sinceYield += statements
      if (sinceYield >= STATEMENTS_PER_YIELD) {
        sinceYield = 0
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      return work()
    })
    tail = run.catch(() => undefined)
    return run
  }
  return new Proxy(client, {
    get(target, property) {
      switch (property) {
        case 'execute':
          return (...args: Parameters<Client['execute']>) => next(() => target.execute(...args), 1)
        case 'batch':
          return (...args: Parameters<Client['batch']>) => next(() => target.batch(...args), args[0].length)
        case 'migrate':
          return (...args: Parameters<Client['migrate']>) => next(() => target.migrate(...args), args[0].length)
        case 'transaction':
          return () => Promise.reject(new Error('interactive transactions are not used here: write one batch instead'))
        default: {
          const value = Reflect.get(target, property, target)
          return typeof value === 'function' ? value.bind(target) : value
        }
      }
    },
  })
}

const plainRows = (result: ResultSet): Record<string, unknown>[] =>
  result.rows.map((row) => Object.fromEntries(result.columns.map((column, index) => [column, row[index]])))
