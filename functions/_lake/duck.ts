/** DuckDB as the lake uses it: loaded on first use, closed when idle, one statement at a time, bounded in memory, answers in plain values. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api'
import { plainValueWith } from './duck-values.ts'

export interface Duck {
  /**
   * All rows of a query, as objects by column name. BIGINT and HUGEINT are numbers when safe, else bigint; DATE is
   * `YYYY-MM-DD`; every TIMESTAMP is epoch milliseconds (a fraction where there are microseconds).
   */
  all<T extends Record<string, unknown>>(sql: string): Promise<T[]>
  run(sql: string): Promise<void>
  /** Waits for earlier queries, frees RAM, and removes the spill folder. Later calls reject. May be called twice. */
  close(): Promise<void>
}

/** Where DuckDB spills; inside the root, because /tmp is often in RAM on a Pi. Swept at start and on close. */
export const spillFolder = (root: string): string => join(root, '.duckdb-tmp')

/** What a DuckDB once took, half a gigabyte after a night, it gives back when it is closed; the next query starts a new one in a tenth of a second. */
const IDLE_MS = 60_000

interface Session {
  instance: DuckDBInstance
  connection: DuckDBConnection
  plain: (value: DuckDBValue) => unknown
}

/** A DuckDB that is not loaded yet. `memoryLimitMb` bounds its buffers, not the process: leave as much again for Node. */
export function createDuck(options: { root: string; threads: number; memoryLimitMb: number; idleMs?: number }): Duck {
  const { root, threads, memoryLimitMb, idleMs = IDLE_MS } = options
  let session: Promise<Session> | null = null
  let tail: Promise<unknown> = Promise.resolve()
  let closed = false
  let uses = 0
  let idle: NodeJS.Timeout | undefined

  async function start(): Promise<Session> {
    // Loading costs 0.4 s and 50 MB: an idle node never pays.
    const api = await import('@duckdb/node-api')
    await rm(spillFolder(root), { recursive: true, force: true })
    const instance = await api.DuckDBInstance.create(':memory:', {
      threads: String(threads),
      memory_limit: `${memoryLimitMb}MB`,
      temp_directory: spillFolder(root),
      // Nothing is ever downloaded: parquet, json and icu are built in.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // Bytes of files that we replace must never be answered from a cache.
      enable_external_file_cache: 'false',
      // A file's row order is part of its bytes.
      preserve_insertion_order: 'true',
    })
    const connection = await instance.connect()
    await connection.run("SET TimeZone = 'UTC'")
    return { instance, connection, plain: plainValueWith(api) }
  }

  async function stop(): Promise<void> {
    const held = await session?.catch(() => null)
    session = null
    held?.connection.closeSync()
    held?.instance.closeSync()
    if (held) await rm(spillFolder(root), { recursive: true, force: true })
  }

  /** Closes what nobody used for a while. */
  function closeWhenIdle(): void {
    const use = ++uses
    clearTimeout(idle)
    idle = setTimeout(() => {
      void withLock(async () => {
        if (session === null || use !== uses) return
        // Of a call that does something else between two queries.
        if (await hasTempTables(session)) return closeWhenIdle()
        await stop()
      }).catch(() => undefined)
    }, idleMs)
    idle.unref()
  }

  /** One at a time: two big queries at once would need twice the RAM. */
  function withLock<T>(work: () => Promise<T>): Promise<T> {
    const turn = tail.then(work)
    tail = turn.catch(() => undefined)
    return turn
  }

  function ask<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new Error('this DuckDB was closed; open the lake again'))
    return withLock(async () => {
      session ??= start()
      const held = await session.catch((error: unknown) => {
        session = null
        throw error
      })
      try {
        return await work(held)
      } catch (error) {
        // An invalidated database never answers again: the next statement starts a new one.
        if (isFatal(error)) await stop()
        throw error
      } finally {
        closeWhenIdle()
      }
    })
  }

  return {
    all: <T extends Record<string, unknown>>(sql: string) =>
      ask(async ({ connection, plain }) => {
        const reader = await connection.runAndReadAll(sql)
        return reader.convertRowObjects(plain) as T[]
      }),
    run: (sql) =>
      ask(async ({ connection }) => {
        await connection.run(sql)
      }),
    close: () => {
      closed = true
      clearTimeout(idle)
      return withLock(stop)
    },
  }
}

async function hasTempTables(session: Promise<Session>): Promise<boolean> {
  const { connection } = await session
  return (await connection.runAndReadAll('FROM duckdb_tables() WHERE temporary LIMIT 1')).currentRowCount > 0
}

const isFatal = (error: unknown): boolean =>
  error instanceof Error && /FATAL|has been invalidated|INTERNAL Error/.test(error.message)
