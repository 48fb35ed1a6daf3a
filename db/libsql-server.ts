/**
 * The connection to a libSQL server over HTTP. The client brings no timeout and repeats nothing; here every exchange is bounded in
 * time, and repeated only where that cannot do anything twice.
 */
import { createClient, LibsqlError, type ResultSet } from '@libsql/client'
import type { Answered, Connection } from './sqlite-file.ts'

/** Bounds one exchange, from the connection to the last byte of the answer. */
const TIMEOUT_MS = 30_000
/** Pauses before an exchange is tried again: enough for a server that is being restarted. */
const PAUSES_MS = [50, 200, 800, 2_000]

export interface ServerTerms {
  timeoutMs?: number
  pausesMs?: readonly number[]
}

/** Opens the way to a server; nothing is sent yet. The token may be part of neither a log line nor an error, so no error holds the address's path. */
export function openLibsqlServer(url: string, authToken: string | undefined, terms: ServerTerms = {}): Connection {
  const { timeoutMs = TIMEOUT_MS, pausesMs = PAUSES_MS } = terms
  const { host } = new URL(url)
  const client = createClient({
    url,
    ...(authToken ? { authToken } : {}),
    fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(timeoutMs) }),
  })
  const exchange = async <T>(work: () => Promise<T>, mayRepeat: (error: unknown) => boolean): Promise<T> => {
    for (let tries = 0; ; tries++) {
      try {
        return await work()
      } catch (error) {
        // A client whose very first exchange failed has closed itself for good.
        if (client.closed && !isClosed) await client.reconnect()
        const pause = pausesMs[tries]
        if (pause === undefined || isClosed || !mayRepeat(error)) throw inWords(error, host)
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
  }
  let isClosed = false
  return {
    async execute(statement) {
      const isRead = /^\s*SELECT\b/i.test(typeof statement === 'string' ? statement : statement.sql)
      return answered(await exchange(() => client.execute(statement), isRead ? mayPass : wasNotDone))
    },
    // Whether a write whose answer was lost took place is not known. Whoever called may call again: every transition allows for that.
    batch: async (statements) =>
      (await exchange(() => client.batch([...statements], 'write'), wasNotDone)).map(answered),
    migrate: async (statements) => (await exchange(() => client.migrate([...statements]), wasNotDone)).map(answered),
    close() {
      isClosed = true
      client.close()
    },
  }
}

const answered = ({ columns, rows, rowsAffected }: ResultSet): Answered => ({
  columns,
  rows: rows.map((row) => Array.from(row)),
  changed: rowsAffected,
})

const UNSENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/
const BROKEN = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|SERVER_ERROR|HRANA_CLOSED_ERROR)$/

/** Nothing was sent, or the server turned it away before it began: another writer was at work. */
const wasNotDone = (error: unknown): boolean =>
  codesOf(error).some((code) => UNSENT.test(code) || /^SQLITE_(BUSY|LOCKED)/.test(code))

/** Also what broke on the way; not what took too long, which has waited long enough. */
const mayPass = (error: unknown): boolean => wasNotDone(error) || codesOf(error).some((code) => BROKEN.test(code))

/** The codes of an error and of what caused it. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const code = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  const many = error instanceof AggregateError ? error.errors.flatMap(codesOf) : []
  return [...code, ...many, ...codesOf(error.cause)]
}

/** The server did not answer, or cannot be reached: nothing is wrong with what it was asked. */
export class UnreachableServerError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UnreachableServerError'
  }
}

/** A refusal of the statement says itself what is wrong with it; what the network does is said here. */
function inWords(error: unknown, host: string): unknown {
  if (error instanceof LibsqlError && error.code.startsWith('SQLITE')) return error
  if (error instanceof Error && error.name === 'TimeoutError')
    return new UnreachableServerError(`the database at ${host} did not answer in time`)
  const code = codesOf(error)[0] ?? (error instanceof Error ? error.name : 'unknown')
  return new UnreachableServerError(`the database at ${host} cannot be reached (${code})`)
}
