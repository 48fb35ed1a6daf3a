/** Opens the node's database; one that is damaged is set aside, so that a new one can be rebuilt from the manifests. */
import { writeFileSync } from 'node:fs'
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { checkPages } from '../../db/check-pages.ts'
import { DamagedDatabaseError, type Db, isDamage, openDb } from '../../db/client.ts'
import { isOurs, migrateDb, migrationsToCome, refuseNewer } from '../../db/migrate.ts'
import { codeOf, namesIn, realDisk, syncPath } from '../_lake/disk.ts'
import type { Log } from './log.ts'
import { snapshotBeforeMigration } from './migration-snapshot.ts'

export interface OpenTerms {
  /** Path of a local file, or address of a server. */
  location: string
  isServer: boolean
  authToken: string | undefined
  migrations: string
  now: number
  log: Log
  /** Called once when a local file shows damage while it is in use. */
  onDamage(error: DamagedDatabaseError): void
}

/** A larger file is checked only after a stop that was not clean, or after it showed damage: a gigabyte takes ten seconds and more. */
const ALWAYS_CHECKED_BYTES = 512 * 1024 * 1024
/** Damaged databases that are kept, the newest ones. */
const MOST_KEPT = 3

/** The database at its newest schema. Throws DatabaseBusyError and NewerSchemaError; these are no damage. */
export async function openDatabase(terms: OpenTerms): Promise<Db> {
  if (terms.isServer) return await openAndMigrate(terms, null)
  const { location } = terms
  const [bytes, logBytes] = [await sizeOf(location), await sizeOf(`${location}-wal`)]
  try {
    // SQLite takes such files for a new database, and would throw the log away.
    if (bytes === 0 || (bytes === null && logBytes !== null && logBytes > 0)) {
      throw new DamagedDatabaseError(location, bytes === 0 ? 'the file is empty' : 'only its log is there')
    }
    // With a log the missing pages may be there.
    if (bytes !== null && !logBytes) await checkLength(location, bytes)
    const isSuspect = (await sizeOf(suspectMark(location))) !== null
    const isChecked = isSuspect || (logBytes ?? 0) > 0 || (bytes ?? 0) <= ALWAYS_CHECKED_BYTES
    const db = await openAndMigrate(terms, isSuspect ? 'full' : isChecked && bytes !== null ? 'quick' : null)
    await rm(suspectMark(location), { force: true })
    return db
  } catch (error) {
    if (!isDamage(error)) throw error
    const kept = await setDatabaseAside(location, terms.now)
    terms.log('start.database_lost', {
      error: `${error.message}: it was set aside as ${kept}, and what it knew is rebuilt from the manifests`,
    })
    return await openAndMigrate(terms, null)
  }
}

async function openAndMigrate(
  { location, isServer, authToken, migrations, log, onDamage }: OpenTerms,
  check: 'quick' | 'full' | null,
): Promise<Db> {
  let isOpen = false
  // Damage that is found here is dealt with at once.
  const db = await openDb(location, authToken, (error) => {
    if (isOpen) onDamage(error)
  })
  try {
    const [wrong] = check === null ? [] : await checkPages(db, check, 1)
    if (wrong !== undefined) throw new DamagedDatabaseError(location, wrong)
    if (check !== null && !(await isOurs(db))) {
      throw new DamagedDatabaseError(location, 'it holds the tables of another program')
    }
    const all = await listMigrations(migrations)
    await refuseNewer(db, Math.max(...all.map(({ when }) => when)))
    const [next] = isServer ? [] : await migrationsToCome(db, all)
    if (next) await snapshotBeforeMigration(db, { file: location, before: next.tag.slice(0, 4), log })
    await migrateDb(db, migrations)
    isOpen = true
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

async function listMigrations(folder: string): Promise<{ when: number; tag: string }[]> {
  const { entries } = JSON.parse(await readFile(join(folder, 'meta', '_journal.json'), 'utf8')) as {
    entries: { when: number; tag: string }[]
  }
  return entries
}

/** SQLite reads a page that is cut off as if zeros followed. The header tells the size of a page, and how many there are. */
async function checkLength(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(100), 0, 100, 0)
    const pageSize = buffer.readUInt16BE(16) === 1 ? 65_536 : buffer.readUInt16BE(16)
    const whole = pageSize * buffer.readUInt32BE(28)
    if (bytes < whole) throw new DamagedDatabaseError(file, `it was cut off: ${bytes} of ${whole} bytes are there`)
  } finally {
    await handle.close()
  }
}

/** Says that the file showed damage, for the next start. Synchronous: the process is about to end. */
export const markSuspect = (file: string): void => writeFileSync(suspectMark(file), '')

const suspectMark = (file: string): string => `${file}.suspect`

/** Renames the file and its log, durably; killed half-way the next start does the rest. Returns the new name. */
async function setDatabaseAside(file: string, now: number): Promise<string> {
  const folder = dirname(file)
  const prefix = `${basename(file)}.damaged-`
  const instant = new Date(now).toISOString().replaceAll(':', '')
  const names = await readdir(folder)
  let aside = prefix + instant
  for (let times = 2; names.includes(aside); times++) aside = `${prefix}${instant}-${times}`
  // The log first: beside a new file it would be taken for its own.
  for (const ending of ['-wal', '-shm', '']) await renameIfThere(file + ending, join(folder, aside + ending))
  await rm(suspectMark(file), { force: true })
  await syncPath(realDisk, folder)
  const older = names.filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name)).sort()
  for (const name of older.slice(0, Math.max(0, older.length + 1 - MOST_KEPT))) {
    for (const ending of ['-wal', '-shm', '']) await rm(join(folder, name + ending), { force: true })
  }
  return aside
}

/** The newest database that was set aside, and when; null where none was. */
export async function newestSetAside(file: string): Promise<{ name: string; at: number } | null> {
  const prefix = `${basename(file)}.damaged-`
  const found = (await namesIn(dirname(file))).flatMap((name) => {
    const [, day, hour, minute, second] = INSTANT.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? []
    return day === undefined ? [] : [{ name, at: Date.parse(`${day}T${hour}:${minute}:${second}Z`) }]
  })
  return found.reduce<{ name: string; at: number } | null>(
    (newest, one) => (newest === null || one.at >= newest.at ? one : newest),
    null,
  )
}

/** The instant in the name of such a file, without its log. */
const INSTANT = /^(\d{4}-\d{2}-\d{2})T(\d{2})(\d{2})(\d{2}\.\d{3})Z(?:-\d+)?$/

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
}

/** Null where there is no such file. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
