import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { snapshotNames } from '../../functions/_backup/snapshot.ts'
import { smallNode, type TestNode } from '../test-node.ts'

const DAY = 86_400_000

let node: TestNode
let disk: string
beforeEach(async () => {
  node = await smallNode()
  disk = join(node.root, 'disk')
})
afterEach(() => node.remove())

const reasons = async (): Promise<string[]> => {
  const { body } = await node.get('/readyz')
  return (body.reasons as { code: string; sentence: string }[])
    .filter(({ code }) => code === 'no_backup')
    .map(({ sentence }) => sentence)
}

test('POST /backup: without BACKUP_ROOT the step of the chain does nothing and says why', async () => {
  await node.start()
  expect(await node.post('/backup')).toMatchObject({
    status: 200,
    body: { ok: true, skipped: 'BACKUP_ROOT is not set', more: false },
  })
  expect((await node.get('/status')).body.backup).toBeNull()
})

test('POST /backup: goes to BACKUP_ROOT, and /status shows where, when and how large it is', async () => {
  node.env.BACKUP_ROOT = disk
  await node.start()
  expect((await node.get('/status')).body.backup).toEqual({ folder: disk, last: null })
  const [made] = await node.steps('backup')
  expect(made).toMatchObject({ to: disk, damagedFiles: 0, warnings: [expect.stringMatching(/same disk/)] })
  expect(made!.databaseBytes).toBeGreaterThan(4_096)
  await node.clock.sleep(3 * 3_600_000)
  expect((await node.get('/status')).body.backup).toMatchObject({
    folder: disk,
    last: { snapshot: (await snapshotNames(disk))[0], ageHours: 3, bytes: made!.bytes },
  })
})

test('POST /backup: a fault is one sentence, and the node goes on', async () => {
  await node.start()
  const { status, body } = await node.post('/backup', { to: node.env.DATA_ROOT })
  expect({ status, body }).toEqual({
    status: 409,
    body: { ok: false, error: expect.stringMatching(/lies inside DATA_ROOT/) },
  })
  expect((await node.post('/backup', { to: 'disk' })).body.error).toBe('to: expected the full path of a folder')
  expect((await node.post('/audit')).status).toBe(200)
})

test('POST /backup: two calls at once make one backup', async () => {
  await node.start()
  const both = await Promise.all([node.post('/backup', { to: disk }), node.post('/backup', { to: disk })])
  expect(both.map(({ status }) => status)).toEqual([200, 200])
  expect(both[0]!.body).toEqual(both[1]!.body)
  expect(await snapshotNames(disk)).toHaveLength(1)
})

test("POST /backup: the database is still this node's alone afterwards", async () => {
  await node.start()
  await node.steps('backup')
  const { openDb } = await import('../../db/client.ts')
  await expect(openDb(join(node.env.DATA_ROOT as string, 'state/node.db'))).rejects.toThrow(/already running/)
})

test('health: with BACKUP_ROOT a backup that is too old, or was never made, is a reason', async () => {
  node.env.BACKUP_ROOT = disk
  node.env.BACKUP_MAX_AGE_DAYS = '2'
  await node.start()
  expect(await reasons()).toEqual([])
  await node.clock.sleep(2 * DAY)
  expect(await reasons()).toEqual([
    expect.stringMatching(/^No backup was made within 2 days \(there is none yet\); look at the disk of BACKUP_ROOT/),
  ])
  await node.steps('backup')
  expect(await reasons()).toEqual([])
  await node.clock.sleep(2 * DAY)
  expect(await reasons()).toEqual([expect.stringMatching(/the last one is of 2025-07-1/)])
})

test('health: a backup disk that is away is no reason before its time, and is a fault of the step at once', async () => {
  node.env.BACKUP_ROOT = disk
  await node.start()
  await node.steps('backup')
  await rename(disk, `${disk}-away`)
  await mkdir(disk)
  expect(await reasons()).toEqual([])
  expect((await node.post('/backup')).body.error).toMatch(/is empty, but this node's backup was there: mount its disk/)
  await rm(disk, { recursive: true })
  await rename(`${disk}-away`, disk)
  expect((await node.post('/backup')).status).toBe(200)
})

test('start: a root whose restore was cut off is refused', async () => {
  const { writeFile } = await import('node:fs/promises')
  const root = node.env.DATA_ROOT as string
  await mkdir(root, { recursive: true })
  await writeFile(join(root, '.restore.json'), '{}')
  await expect(node.start()).rejects.toThrow(/is a restore that was cut off: run npm run restore again/)
})
