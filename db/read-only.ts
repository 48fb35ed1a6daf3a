/** Reads the database of a node that does not run, and says whether one does, without changing a byte. */
import { drizzle } from 'drizzle-orm/libsql'
import { type Db, forDrizzle } from './client.ts'
import { compile } from './prepared.ts'
import { openSqliteFile } from './sqlite-file.ts'

/** Statements before the event loop has its turn, so that native memory is freed. */
const PER_TURN = 100

/**
 * Opens a database to read it. `address` is the file: address of a database file that nobody writes and that has no write-ahead log beside it.
 * Makes no file beside it and holds no lock. Throws when it is no database.
 */
export const openUnchanging = (address: string): Promise<Db> => openToRead(`${address}?mode=ro&immutable=1`)

/** Opens a copy of the caller's own, with its write-ahead log; what SQLite does to the files does not matter. Throws when it is no database. */
export const openCopy = (path: string): Promise<Db> => openToRead(path)

async function openToRead(location: string): Promise<Db> {
  const connection = openSqliteFile(location)
  let statements = 0
  const db: Db = {
    orm: drizzle({ client: forDrizzle(connection) }),
    exclusive: false,
    all: async <Row>(statement: Parameters<Db['all']>[0]) => {
      if (++statements % PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve))
      const { columns, rows } = await connection.execute(compile(statement))
      return rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]]))) as Row[]
    },
    write: refuse,
    change: refuse,
    close: () => connection.close(),
  }
  try {
    await connection.execute('SELECT count(*) FROM sqlite_master')
    return db
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Does another process, or this one, hold what `lockFile` locks? `address` is the file: address of the lock, which is there. */
export async function isLocked(address: string): Promise<boolean> {
  const file = openSqliteFile(`${address}?mode=ro`)
  try {
    await file.execute('SELECT count(*) FROM sqlite_master')
    return false
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (/BUSY|LOCKED/.test(code)) return true
    throw error
  } finally {
    file.close()
  }
}

const refuse = (): Promise<never> => Promise.reject(new Error('this database was opened to be read'))
