/** A root on which no node works: its database is read where it lies, and scratch files go to a folder outside it. */
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../../config/schema.ts'
import { type Db, openDb } from '../../db/client.ts'
import { instantsOfMigrations, migrateDb, migrationsToCome, refuseNewer } from '../../db/migrate.ts'
import { isLocked, openCopy, openUnchanging } from '../../db/read-only.ts'
import { createDuck } from '../_lake/duck.ts'
import { stateFile } from '../_lake/paths.ts'
import type { VerifyContext } from './check.ts'
import { sizeOf } from './files-there.ts'

export interface DeadRoot {
  root: string
  exportRoot: string
  config: Config
  secrets: readonly string[]
  now(): number
  elapsed(): number
  /** The folder of migrations of this program. */
  migrations: string
  /** Where a database with a write-ahead log or older tables is copied to, and DuckDB spills; the system's folder of temporary files by default. */
  scratch?: string
}

/** A node holds the root, or took it while it was being looked at: what was found is worth nothing. */
export class RootInUse extends Error {
  constructor(root: string) {
    super(`a node works on ${root}: verify asks it over HTTP (--url, PORT, DATA_NODE_TOKEN)`)
    this.name = 'RootInUse'
  }
}

/** Of a root lock; held as long as a node runs. */
const LOCK = '.node.lock'

export async function isRootInUse(root: string): Promise<boolean> {
  const lock = join(root, LOCK)
  return (await sizeOf(lock)) !== null && (await isLocked(pathToFileURL(lock).href))
}

/** Runs `work` with what checks need. Throws RootInUse when a node holds the root, also when it comes meanwhile. */
export async function withDeadRoot<T>(terms: DeadRoot, work: (context: VerifyContext) => Promise<T>): Promise<T> {
  const { root, exportRoot, config, secrets, now, elapsed } = terms
  if (await isRootInUse(root)) throw new RootInUse(root)
  const scratch = await mkdtemp(join(terms.scratch ?? tmpdir(), 'data-node-verify-'))
  const duck = createDuck({ root: scratch, threads: 2, memoryLimitMb: 512 })
  const before = await stampOf(root)
  const { db, fault } = await databaseOf(terms, scratch)
  try {
    const lake = { root, exportRoot, duck }
    const result = await work({
      config,
      lake,
      db,
      dbFault: fault,
      now,
      elapsed,
      secrets,
      isLive: false,
      memo: new Map<string, unknown>(),
    })
    if ((await isRootInUse(root)) || (await stampOf(root)) !== before) throw new RootInUse(root)
    return result
  } finally {
    db?.close()
    await duck.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

/**
 * A write-ahead log that a killed process left is part of the database, and reading it in place writes beside it: then both are copied. So is a database whose
 * tables are those of an older program: the copy is brought to the tables that checks read, as the next start will bring the database itself.
 */
async function databaseOf(
  { root, migrations }: DeadRoot,
  scratch: string,
): Promise<{ db: Db | null; fault: string | null }> {
  const file = stateFile(root)
  const copy = join(scratch, basename(file))
  const hasLog = ((await sizeOf(`${file}-wal`)) ?? 0) > 0
  try {
    if ((await sizeOf(file)) === null) return { db: null, fault: 'there is none' }
    if (hasLog) {
      await copyFile(file, copy)
      await copyFile(`${file}-wal`, `${copy}-wal`)
    }
    const db = hasLog ? await openCopy(copy) : await openUnchanging(pathToFileURL(file).href)
    if (!(await isOlder(db, migrations))) return { db, fault: null }
    db.close()
    if (!hasLog) await copyFile(file, copy)
    return { db: await openMigrated(copy, migrations), fault: null }
  } catch (error) {
    return { db: null, fault: error instanceof Error ? error.message : String(error) }
  }
}

/** Throws NewerSchemaError for tables of a newer program. */
async function isOlder(db: Db, migrations: string): Promise<boolean> {
  const all = instantsOfMigrations(migrations)
  await refuseNewer(db, Math.max(...all.map(({ when }) => when)))
  return (await migrationsToCome(db, all)).length > 0
}

async function openMigrated(copy: string, migrations: string): Promise<Db> {
  const db = await openDb(copy)
  try {
    await migrateDb(db, migrations)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Changes when a node worked on the root. */
async function stampOf(root: string): Promise<string> {
  const stamps = [stateFile(root), `${stateFile(root)}-wal`].map((file) =>
    stat(file).then(
      ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
      () => 'none',
    ),
  )
  return (await Promise.all(stamps)).join(', ')
}
