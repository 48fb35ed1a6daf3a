/**
 * One node to a folder. Two nodes that write into one data root or one export root lose rows of each other, so the second is refused. The operating
 * system's file lock decides among the processes of one machine. Where the folder is shared with other machines, the holder also renews a small
 * file, and its age, by the clock of the file system, shows whether the holder is alive.
 */
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type FileLock, lockFile } from '../../db/file-lock.ts'
import { tempBeside } from '../_lake/temp-names.ts'

const LOCK = '.node.lock'
const HOLDER = '.node.holder.json'

/** What tells two running systems apart. */
export interface Machine {
  host: string
  /** Of the installation; empty where the system has none. */
  machineId: string
  /** Of this run of the kernel, the same in all containers on it; empty where the system has none. */
  bootId: string
}

export interface LockTerms {
  /** Unlike any other holder's. */
  id: string
  machine: Machine
  /** Milliseconds between two renewals, and after which a holder that does not renew is dead. */
  heartbeatMs?: number
  staleMs?: number
  lock?: typeof lockFile
}

export interface RootLock {
  /** Resolves, with a sentence for the operator, when another node has taken a folder over: this one must stop writing. */
  lost: Promise<string>
  release(): Promise<void>
}

const Holder = z.object({
  id: z.string(),
  host: z.string(),
  machineId: z.string(),
  bootId: z.string(),
  pid: z.int(),
})
type Holder = z.infer<typeof Holder>

const HEARTBEAT_MS = 10_000
const STALE_MS = 60_000
const WATCH_MS = 1_000

/** What this system says of itself. */
export async function thisMachine(): Promise<Machine> {
  const read = (path: string): Promise<string> =>
    readFile(path, 'utf8').then(
      (text) => text.trim(),
      () => '',
    )
  return {
    host: hostname(),
    machineId: await read('/etc/machine-id'),
    bootId: await read('/proc/sys/kernel/random/boot_id'),
  }
}

/** Locks folders, each once, in the order given. Throws an Error with one sentence when another node holds one; no lock is left then. */
export async function lockRoots(folders: readonly string[], terms: LockTerms): Promise<RootLock> {
  const paths = new Set(await Promise.all(folders.map((folder) => realpath(folder))))
  const held: RootLock[] = []
  try {
    for (const folder of paths) held.push(await lockRoot(folder, terms))
  } catch (error) {
    await Promise.all(held.map((lock) => lock.release()))
    throw error
  }
  return {
    lost: Promise.race(held.map(({ lost }) => lost)),
    release: async () => void (await Promise.all(held.map((lock) => lock.release()))),
  }
}

async function lockRoot(folder: string, terms: LockTerms): Promise<RootLock> {
  const { id, machine, heartbeatMs = HEARTBEAT_MS, staleMs = STALE_MS, lock = lockFile } = terms
  const fileLock = lock(join(folder, LOCK))
  const before = await readHolder(folder)
  if (fileLock === 'taken') throw refusal(folder, before)
  try {
    if (before && !isDead(before, machine, fileLock)) await waitUntilStale(folder, before, staleMs)
    await writeHolder(folder, { ...machine, id, pid: process.pid })
  } catch (error) {
    release(fileLock)
    throw error
  }
  const { lost, stop } = renewHolder(folder, { ...machine, id, pid: process.pid }, heartbeatMs)
  return {
    lost,
    async release() {
      await stop()
      if ((await readHolder(folder))?.id === id) await rm(join(folder, HOLDER), { force: true })
      release(fileLock)
    },
  }
}

const release = (lock: FileLock | 'unsupported'): void => {
  if (lock !== 'unsupported') lock.release()
}

/** Whoever holds the file lock knows that an earlier holder of the same machine is gone, in this run of the system or an earlier one. */
function isDead(holder: Holder, machine: Machine, lock: FileLock | 'unsupported'): boolean {
  if (lock === 'unsupported') return false
  if (machine.bootId !== '' && holder.bootId === machine.bootId) return true
  return holder.machineId === machine.machineId && holder.host === machine.host
}

/**
 * Throws while the holder of another machine may be alive. An age far below zero says only that a clock was set back, as on a disk that moved to a
 * machine without a battery clock: then it is watched for as long as a holder may take to renew.
 */
async function waitUntilStale(folder: string, holder: Holder, staleMs: number): Promise<void> {
  const age = await ageOfHolder(folder)
  if (age >= staleMs) return
  if (age > -staleMs) throw refusal(folder, holder, Math.ceil((staleMs - age) / 1_000))
  const first = await ageOfRenewal(folder)
  for (let waited = 0; waited < staleMs; waited += WATCH_MS) {
    await sleep(Math.min(WATCH_MS, staleMs))
    if ((await ageOfRenewal(folder)) !== first) throw refusal(folder, holder)
  }
}

/** Milliseconds since the last renewal, by the clock of the file system: those of two machines may differ. */
async function ageOfHolder(folder: string): Promise<number> {
  const probe = tempBeside(join(folder, HOLDER))
  await writeFile(probe, '')
  const { mtimeMs } = await stat(probe)
  await rm(probe, { force: true })
  return mtimeMs - (await ageOfRenewal(folder))
}

const ageOfRenewal = async (folder: string): Promise<number> =>
  stat(join(folder, HOLDER)).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.NEGATIVE_INFINITY,
  )

function renewHolder(folder: string, holder: Holder, heartbeatMs: number) {
  let report: (sentence: string) => void
  const lost = new Promise<string>((resolve) => {
    report = resolve
  })
  let renewal: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    renewal = renewal
      .then(async () => {
        const found = await readHolder(folder)
        if (found && found.id !== holder.id) return report(lossOf(folder, found))
        await writeHolder(folder, holder)
        // A disk that fails or is gone is no other node: the next heartbeat tries again.
      }, ignore)
      .catch(ignore)
  }, heartbeatMs)
  timer.unref()
  return {
    lost,
    stop: async () => {
      clearInterval(timer)
      await renewal
    },
  }
}

const ignore = (): void => undefined

/** Null when there is none. One that cannot be read is nobody's: it is written whole or not at all. */
async function readHolder(folder: string): Promise<Holder | null> {
  try {
    const read = Holder.safeParse(JSON.parse(await readFile(join(folder, HOLDER), 'utf8')))
    return read.success ? read.data : null
  } catch {
    return null
  }
}

/** Nothing is synced: after a power cut nobody is alive who could hold the folder. */
async function writeHolder(folder: string, holder: Holder): Promise<void> {
  const path = join(folder, HOLDER)
  const temp = tempBeside(path)
  await writeFile(temp, `${JSON.stringify(holder)}\n`)
  await rename(temp, path)
}

function refusal(folder: string, holder: Holder | null, secondsLeft?: number): Error {
  const who = holder ? ` (process ${holder.pid} on ${holder.host})` : ''
  const wait =
    secondsLeft === undefined ? '' : `; if that machine is off, this start succeeds in ${secondsLeft} seconds`
  return new Error(
    `another data node is already running on ${folder}${who}: stop it, or give this one a DATA_ROOT and an EXPORT_ROOT of its own${wait}`,
  )
}

const lossOf = (folder: string, { host, pid }: Holder): string =>
  `process ${pid} on ${host} has taken ${folder} over while this node did not run: this node stops`
