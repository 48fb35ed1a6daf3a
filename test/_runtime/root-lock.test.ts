import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { type LockTerms, lockRoots, type Machine, type RootLock } from '../../functions/_runtime/root-lock.ts'
import { tempFolder } from '../db/temp-db.ts'

const PI: Machine = { host: 'pi', machineId: 'one', bootId: 'boot-1' }
const OTHER: Machine = { host: 'box', machineId: 'two', bootId: 'boot-9' }
const HEARTBEAT_MS = 40
const STALE_MS = 600

let root: string
let ids = 0
beforeEach(async () => {
  root = await tempFolder()
})

async function held(terms: Partial<LockTerms> = {}, folders = [root]): Promise<RootLock> {
  const lock = await lockRoots(folders, {
    id: `node-${++ids}`,
    machine: PI,
    heartbeatMs: HEARTBEAT_MS,
    staleMs: STALE_MS,
    ...terms,
  })
  onTestFinished(() => lock.release())
  return lock
}

/** A file system that does not carry locks from one machine to another. */
const unlocked = { lock: () => 'unsupported' as const }
/** A holder of another machine that is gone: nobody renews it. */
async function leaveHolder(machine: Machine, ageMs: number): Promise<void> {
  const lock = await held({ machine, ...unlocked })
  const holder = join(root, '.node.holder.json')
  const text = await readFile(holder, 'utf8')
  await lock.release()
  await writeFile(holder, text)
  const at = new Date((await stat(holder)).mtimeMs - ageMs)
  await utimes(holder, at, at)
}

test('root lock: a second holder of a folder is refused in one sentence that names the folder, the process and the machine', async () => {
  await held()
  await expect(held()).rejects.toThrow(
    `another data node is already running on ${root} (process ${process.pid} on pi): stop it, or give this one a DATA_ROOT and an EXPORT_ROOT of its own`,
  )
})

test('root lock: a folder under another name is the same folder', async () => {
  await held()
  await symlink(root, `${root}-link`)
  onTestFinished(() => rm(`${root}-link`))
  await expect(held({}, [`${root}-link`])).rejects.toThrow(/already running/)
})

test('root lock: one node may have one folder for both', async () => {
  await held({}, [root, join(root, '.')])
})

test('root lock: where the second folder is held, the first is free again', async () => {
  const [data, exports] = [join(root, 'data'), join(root, 'exports')]
  await mkdir(data)
  await mkdir(exports)
  await held({}, [exports])
  await expect(held({}, [data, exports])).rejects.toThrow(/already running on .*exports/)
  await held({}, [data])
})

test('root lock: a released folder is free at once, and nothing but the empty lock file is left', async () => {
  const first = await held()
  await first.release()
  expect(await readdir(root)).toEqual(['.node.lock'])
  await held()
})

test('root lock: what a killed node of this machine left is taken over at once', async () => {
  await leaveHolder(PI, 0)
  await held()
})

test('root lock: so is what it left before the machine was started again, under another boot id', async () => {
  await leaveHolder(PI, 0)
  await held({ machine: { ...PI, bootId: 'boot-2' } })
})

test('root lock: and what a container of this machine left, whose name was another', async () => {
  await leaveHolder({ host: '4f0c', machineId: '', bootId: PI.bootId }, 0)
  await held()
})

test('root lock: while another machine renews its hold, a start is refused though no file lock shows it', async () => {
  await held({ machine: OTHER, ...unlocked })
  await new Promise((done) => setTimeout(done, 3 * HEARTBEAT_MS))
  await expect(held(unlocked)).rejects.toThrow(
    /already running on .* on box\).*if that machine is off, this start succeeds in 1 seconds/,
  )
})

test('root lock: a holder of another machine that has not renewed for the whole time is dead', async () => {
  await leaveHolder(OTHER, STALE_MS + 50)
  await held()
})

test('root lock: without file locks a dead process of the same machine blocks no longer than any other', async () => {
  await leaveHolder(PI, 0)
  await expect(held(unlocked)).rejects.toThrow(/already running/)
  await new Promise((done) => setTimeout(done, STALE_MS + 50))
  await held(unlocked)
})

test('root lock: a renewal in the future, left on a disk by a machine whose clock was ahead, is watched and then taken over', async () => {
  await leaveHolder(OTHER, -3_600_000)
  await held()
})

test('root lock: the one whose folder was taken over is told so, and does not take the folder back', async () => {
  const first = await held({ machine: OTHER, ...unlocked })
  // The first one did not run for as long as a dead one.
  const old = new Date(0)
  await utimes(join(root, '.node.holder.json'), old, old)
  await held(unlocked)
  expect(await first.lost).toMatch(/on pi has taken .* over while this node did not run: this node stops/)
  await first.release()
  expect(JSON.parse(await readFile(join(root, '.node.holder.json'), 'utf8')).host).toBe('pi')
})

test('root lock: a holder file that is damaged holds nothing', async () => {
  await writeFile(join(root, '.node.holder.json'), '{"id":')
  await held()
})
