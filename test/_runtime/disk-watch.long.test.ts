import { spawnSync } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Datasets } from '../../config/schema.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { diskWatch } from '../../functions/_runtime/disk-watch.ts'
import { tempFolder } from '../db/temp-db.ts'
import { smallNode, startTestNode, type TestNode } from '../test-node.ts'

const GB = 1e9
const CONFIG = Datasets.parse({ datasets: {} }).disk

let node: TestNode | undefined
let mounted: string | undefined
afterEach(async () => {
  await node?.stop()
  // A closed database file is held until it is collected.
  if (mounted) spawnSync('umount', ['-l', mounted])
  await node?.remove()
  node = mounted = undefined
})

async function watched(total: number) {
  const room = { free: total }
  const clock = virtualClock(0)
  const log: string[] = []
  let prunings = 0
  const folder = await tempFolder()
  const watch = diskWatch({
    folders: [folder],
    config: CONFIG,
    clock,
    log: (event) => void log.push(event),
    prune: async () => void prunings++,
    statfs: async () => ({ bavail: room.free, blocks: total, bsize: 1 }),
  })
  const at = async (free: number): Promise<string> => {
    room.free = free
    await clock.sleep(6_000)
    expect(await watch.check()).toBeNull()
    return watch.view().level
  }
  return { watch, at, log, clock, folder, prunings: () => prunings }
}

describe('disk watch: the ladder', () => {
  test('is walked down as a large disk runs full, told once a step, and up again', async () => {
    const { watch, at, log, prunings } = await watched(64 * GB)
    expect(await at(40 * GB)).toBe('ok')
    expect(watch.reasons()).toEqual([])
    expect(await at(1.9 * GB)).toBe('no_backfill')
    expect([watch.allowsBackfill(), watch.allowsCalls(), watch.allows('options_bars')]).toEqual([false, true, true])
    expect(watch.reasons()).toMatchObject([
      { what: expect.stringMatching(/^1\.9 GB of 64\.0 GB are free at .*only the newest/) },
    ])
    expect(await at(1.8 * GB)).toBe('no_backfill')
    expect(await at(0.9 * GB)).toBe('pruning')
    expect(prunings()).toBe(1)
    expect(await at(0.4 * GB)).toBe('few_datasets')
    expect(watch.view().stopped).toEqual(['options_bars', 'equities_bars_minute'])
    expect([watch.allows('options_bars'), watch.allows('equities_bars')]).toEqual([false, true])
    expect(await at(0.05 * GB)).toBe('no_calls')
    expect(watch.allowsCalls()).toBe(false)
    expect(await at(40 * GB)).toBe('ok')
    expect(log.filter((event) => event === 'disk.level_changed')).toHaveLength(5)
  })

  test('goes by the share of a small disk', async () => {
    const { at } = await watched(16e6)
    expect(await at(4e6)).toBe('ok')
    expect(await at(0.7e6)).toBe('no_backfill')
    expect(await at(0.1e6)).toBe('no_calls')
  })

  test('is not walked up and down at every file', async () => {
    const { at, log } = await watched(64 * GB)
    await at(1.99 * GB)
    expect(await at(2.01 * GB)).toBe('no_backfill')
    expect(await at(2.3 * GB)).toBe('ok')
    expect(log).toHaveLength(2)
  })

  test('prunes again now and then while room stays short', async () => {
    const { at, clock, prunings } = await watched(64 * GB)
    await at(0.9 * GB)
    await at(0.9 * GB)
    expect(prunings()).toBe(1)
    await clock.sleep(10 * 60_000)
    await at(0.9 * GB)
    expect(prunings()).toBe(2)
  })

  test('is not looked at more often than every few seconds', async () => {
    let looks = 0
    const clock = virtualClock(0)
    const statfs = async () => ({ bavail: ++looks && GB * 50, blocks: 64 * GB, bsize: 1 })
    const watch = diskWatch({
      folders: ['/'],
      config: CONFIG,
      clock,
      log: () => undefined,
      prune: async () => undefined,
      statfs,
    })
    for (let times = 0; times < 100; times++) await watch.check()
    expect(looks).toBe(1)
  })
})

describe('disk watch: a disk that takes nothing', () => {
  test.each(['ENOSPC', 'EROFS', 'SQLITE_FULL'])(
    'is asked with a trial write after %s, and leaves no trial',
    async (code) => {
      const { watch, folder, log } = await watched(64 * GB)
      watch.noteFailure(Object.assign(new Error('no'), { code }))
      expect(watch.allowsCalls()).toBe(false)
      expect(watch.reasons()).toMatchObject([{ what: `the disk takes nothing (${code}): no vendor is called` }])
      await watch.check()
      expect(watch.allowsCalls()).toBe(true)
      expect(log).toContain('disk.takes_again')
      expect(await readdir(folder)).toEqual([])
    },
  )

  test('is no other failure', async () => {
    const { watch } = await watched(64 * GB)
    watch.noteFailure(Object.assign(new Error('no'), { code: 'ECONNRESET' }))
    watch.noteFailure('nothing at all')
    expect(watch.allowsCalls()).toBe(true)
  })
})

describe('disk watch: a node on a disk without room', () => {
  const room = { free: 50 * GB }
  const statfs = async () => ({ bavail: room.free, blocks: 64 * GB, bsize: 1 })
  beforeEach(() => {
    room.free = 50 * GB
  })
  const short = async (free: number): Promise<void> => {
    room.free = free
    await node!.clock.sleep(6_000)
  }

  test('dispatches no backfill, still collects the newest day, says so, and goes on when there is room', async () => {
    node = await startTestNode({ statfs })
    await node.post('/audit')
    await short(1.5 * GB)
    expect((await node.post('/dispatch-one-task', { lane: 'backfill' })).body).toEqual({
      ok: true,
      more: false,
      nextAt: null,
    })
    await node.post('/ingest-tick')
    const lanes = await node.running().node.db.all(sql`SELECT DISTINCT lane FROM gap_tasks WHERE state = 'done'`)
    expect(lanes).toEqual([{ lane: 'today' }])
    expect((await node.get('/readyz')).body).toMatchObject({
      ok: true,
      status: 'degraded',
      reasons: [{ code: 'disk_low', isDown: false }],
    })
    expect((await node.get('/status')).body.disk).toMatchObject({ level: 'no_backfill', freeBytes: 1.5 * GB })
    expect(node.lines.filter((line) => line.includes('disk.level_changed'))).toHaveLength(1)
    await short(50 * GB)
    expect((await node.night()).every(({ ok }) => ok)).toBe(true)
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 0 })
  })

  test('stops the datasets of lowest priority, then every call', async () => {
    node = await startTestNode({
      statfs,
      change: (config) => ({ ...config, disk: { ...config.disk, lowest_priority: ['equities_bars'] } }),
    })
    await node.post('/audit')
    await short(0.4 * GB)
    const ofBars = () => node!.lab.alpaca.stats().calls + node!.lab.massive.stats().calls
    const before = ofBars()
    await node.post('/ingest-tick')
    expect(ofBars()).toBe(before)
    expect(node.lab.fred.stats().calls).toBeGreaterThan(0)
    const asked = node.asked()
    await short(0.05 * GB)
    for (const call of ['/ingest-tick', '/dispatch-one-task', '/audit'])
      expect((await node.post(call)).status).toBe(200)
    expect(node.asked()).toBe(asked)
  })

  test('removes litter of dead processes and samples of bad answers, nothing else', async () => {
    node = await startTestNode({ statfs })
    await node.night()
    const raw = join(node.env.DATA_ROOT!, 'raw')
    await writeFile(join(raw, '.data.parquet.0123abcd-1-1.tmp'), 'x')
    const { db } = node.running().node
    const now = node.running().node.now()
    const before = (await readdir(raw, { recursive: true })).filter((name) => !name.includes('.tmp')).sort()
    for (let nth = 0; nth < 60; nth++) {
      await db.write([
        sql`INSERT INTO quarantine (vendor, dataset, symbol, dt, at, outcome, message, sample, times)
        VALUES ('alpaca', 'equities_bars', '', '', ${now - 60 + nth}, 'malformed', ${`m${nth}`}, 'x', 1)`,
      ])
    }
    await short(0.9 * GB)
    await node.post('/sweep')
    while (!node.lines.some((line) => line.includes('disk.pruned'))) await new Promise((done) => setTimeout(done, 20))
    expect((await readdir(raw, { recursive: true })).sort()).toEqual(before)
    expect(await db.all(sql`SELECT count(*) AS n FROM quarantine WHERE sample IS NOT NULL`)).toEqual([{ n: 50 }])
  })
})

test('disk watch: a real disk that is full costs one call at the most, is told, and is used again when there is room', async (context) => {
  node = await smallNode()
  const data = node.env.DATA_ROOT!
  await mkdir(data, { recursive: true })
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', data], { encoding: 'utf8' })
  if (mount.status !== 0) return context.skip(`mounting is not permitted here: ${mount.stderr}`)
  mounted = data
  await node.start()
  await node.post('/audit')
  const ballast = join(data, 'ballast')
  for (let size = 12; size > 0; size -= 0.25) {
    if (
      await writeFile(ballast, Buffer.alloc(size * 1e6)).then(
        () => true,
        () => false,
      )
    )
      break
  }
  await writeFile(join(data, 'rest'), Buffer.alloc(4_000_000)).catch(() => undefined)
  for (let calls = 0; calls < 10; calls++) {
    await node.post('/dispatch-one-task')
    await node.clock.sleep(6_000)
  }
  expect(node.asked()).toBeLessThanOrEqual(1)
  expect((await node.get('/readyz')).body).toMatchObject({ ok: true, status: 'degraded' })
  expect((await node.get('/status')).status).toBe(200)
  await rm(ballast)
  await rm(join(data, 'rest'), { force: true })
  await node.clock.sleep(30 * 60_000)
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
  expect((await node.post('/audit')).body).toMatchObject({ gaps: 0 })
  expect((await node.get('/readyz')).body).toMatchObject({ status: 'ok' })
})
