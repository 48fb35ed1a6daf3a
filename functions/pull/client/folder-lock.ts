/** One pull to a folder: a lock file that names its holder, and that a dead process does not hold. */
import { link, mkdir, mkdtemp, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { EXIT, PullError } from './options.ts'

/** Of a holder on another machine only this tells whether it lives. */
const HEARTBEAT_MS = 10_000
const STALE_MS = 120_000
const MOST_TRIES = 5

interface LockHolder {
  host: string
  /** Of this run of the kernel; empty where the system has none. */
  boot: string
  pid: number
  /** When the process began, in the kernel's ticks: another process may get the same number. Empty where the system tells none. */
  started: string
}

export interface FolderLock {
  /** Throws PullError when another pull has taken the folder over. */
  check(): Promise<void>
  release(): Promise<void>
}

/** Throws PullError with code 5 while another pull holds the folder. */
export async function lockFolder(dir: string): Promise<FolderLock> {
  const folder = join(dir, '.pull')
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'lock.json')
  const mine = JSON.stringify(await thisProcess())
  await inFolderBeside(path, async (beside) => {
    const temp = join(beside, 'lock.json')
    await writeFile(temp, mine)
    await take(path, temp)
  })
  // Through our own descriptor: where another pull has taken the name, its file is left alone. The file system sets the time.
  const handle = await open(path, 'r+')
  const timer = setInterval(() => void handle.write(mine, 0).catch(() => undefined), HEARTBEAT_MS).unref()
  const isMine = async (): Promise<boolean> => (await readFile(path, 'utf8').catch(() => '')) === mine
  return {
    async check() {
      if (!(await isMine()))
        throw new PullError(EXIT.locked, `another pull has taken ${dir} over: this one changes nothing more`)
    },
    async release() {
      clearInterval(timer)
      await handle.close()
      if (await isMine()) await rm(path, { force: true })
    },
  }
}

/** A folder that nobody else has: the number of a process does not tell two apart that pull from containers of their own. */
async function inFolderBeside<T>(path: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(`${path}.`)
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A link either makes the name or finds it there: of two pulls one gets it. */
async function take(path: string, temp: string): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      return await link(temp, path)
    } catch (error) {
      if (codeOfFault(error) !== 'EEXIST') throw error
    }
    const text = await readFile(path, 'utf8').catch(() => '')
    const holder = readHolder(text)
    if (holder !== null && (await isAlive(holder, path)))
      throw new PullError(
        EXIT.locked,
        `another pull works on this folder (process ${holder.pid} on ${holder.host}): wait for it, or end it`,
      )
    await removeDead(path, `${temp}.dead`, text)
  }
  throw new PullError(EXIT.locked, `${path} changes all the time: other pulls work on this folder`)
}

/** Between our look and the rename another pull may have taken the lock: then it goes back. */
async function removeDead(path: string, aside: string, seen: string): Promise<void> {
  await rename(path, aside).catch(() => undefined)
  const moved = await readFile(aside, 'utf8').catch(() => seen)
  if (moved !== seen) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

async function isAlive(holder: LockHolder, path: string): Promise<boolean> {
  const me = await thisProcess()
  if (holder.host !== me.host) {
    // Both ages by the clock of the file system.
    const now = await inFolderBeside(path, async (folder) => (await stat(folder)).mtimeMs)
    const then = await stat(path).catch(() => null)
    return now - (then?.mtimeMs ?? 0) < STALE_MS
  }
  if (holder.boot !== me.boot) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (codeOfFault(error) === 'ESRCH') return false
  }
  return (await startOf(holder.pid)) === holder.started
}

async function thisProcess(): Promise<LockHolder> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  return { host: hostname(), boot: boot.trim(), pid: process.pid, started: await startOf(process.pid) }
}

/** The 22nd field of its line; the second is a name in brackets that may hold anything. */
const startOf = (pid: number): Promise<string> =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (text) => text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '',
    () => '',
  )

/** Null for a text that is cut or none of ours: it was written whole or by nobody who lives. */
function readHolder(text: string): LockHolder | null {
  try {
    const { host, boot, pid, started } = JSON.parse(text) as Record<string, unknown>
    if (typeof host !== 'string' || typeof boot !== 'string' || typeof started !== 'string') return null
    return Number.isSafeInteger(pid) && (pid as number) > 0 ? { host, boot, pid: pid as number, started } : null
  } catch {
    return null
  }
}

export const codeOfFault = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined
