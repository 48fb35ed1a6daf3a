import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, test } from 'vitest'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import { beginTick } from '../../db/ticks/ticks.ts'
import { type ClockEvidence, systemClockEvidence } from '../../functions/_runtime/clock-evidence.ts'
import { EVENING, startTestNode, type TestNode } from '../test-node.ts'
import { type SettableClock, settableClock } from './settable-clock.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

let node: TestNode | undefined
afterEach(async () => {
  await node?.remove()
  node = undefined
})

async function start(at: number, evidence?: Partial<ClockEvidence>): Promise<SettableClock> {
  const clock = settableClock(at)
  const clockEvidence = evidence && { builtAt: EVENING - 300 * DAY, isSynchronised: async () => null, ...evidence }
  node = await startTestNode({ clock, ...(clockEvidence ? { clockEvidence } : {}) })
  return clock
}

const post = (path: string, body?: unknown) => node!.post(path, body)
const log = (event: string) => node!.lines.filter((line) => line.includes(`"${event}"`))

async function dispatched(): Promise<Record<string, unknown>> {
  return (await post('/dispatch-one-task')).body
}

/** Dispatches without waiting for more than a minute's budget, and says what is still missing. */
async function openCells(): Promise<unknown> {
  for (let calls = 0; calls < 50; calls++) {
    const { vendor, nextAt } = await dispatched()
    if (vendor === undefined && nextAt === null) break
    if (vendor === undefined) await node!.clock.sleep(2 * MINUTE)
  }
  return (await post('/audit')).body.gaps
}

describe('clock guard: a clock that was ahead once', () => {
  test.each([1, 730])(
    'by %i days: the queue goes on as soon as it is put right, under the running node',
    async (days) => {
      const clock = await start(EVENING + days * DAY)
      await post('/audit')
      node!.lab.alpaca.fault({ kind: 'status-500', requests: 2 })
      for (let calls = 0; calls < 2; calls++) await dispatched()
      clock.set(EVENING)
      await post('/audit')
      expect(await dispatched()).toMatchObject({ ok: true, vendor: expect.any(String) })
      expect(log('clock.set')).toHaveLength(1)
      expect(await openCells()).toBe(0)
    },
  )

  test.each([1, 730])('by %i days: the queue goes on after a restart with the clock put right', async (days) => {
    const clock = await start(EVENING + days * DAY)
    await post('/audit')
    node!.lab.alpaca.fault({ kind: 'status-500', requests: 2 })
    for (let calls = 0; calls < 2; calls++) await dispatched()
    await node!.stop()
    clock.set(EVENING)
    await node!.start()
    expect(log('start.clock_repaired')).toHaveLength(1)
    await post('/audit')
    expect(await dispatched()).toMatchObject({ ok: true, vendor: expect.any(String) })
    expect(await openCells()).toBe(0)
    await node!.stop()
    await node!.start()
    expect(log('start.clock_repaired')).toHaveLength(0)
  })

  test('the firings of days to come are forgotten, so that those days have theirs', async () => {
    const clock = await start(EVENING + 730 * DAY)
    await beginTick(node!.running().node.db, 'night', EVENING + 730 * DAY, clock.now())
    clock.set(EVENING)
    await post('/sweep')
    const ticks = await node!.running().node.db.all(sql`SELECT * FROM ticks`)
    expect(ticks).toEqual([])
  })
})

describe('clock guard: an hour back while a lease is out', () => {
  test('neither holds it for ever nor gives it to another', async () => {
    const clock = await start(EVENING)
    await post('/audit')
    const { db, holder } = node!.running().node
    const ids = (await db.all<{ id: number }>(sql`SELECT id FROM gap_tasks`)).map(({ id }) => id)
    const now = clock.now()
    const claim = { vendor: 'alpaca', token: 'mine', holder, now, leaseExpiresAt: now + 20 * MINUTE }
    await claimTasks(db, { ids, ...claim })
    clock.set(EVENING - HOUR)
    expect(await dispatched()).not.toHaveProperty('vendor')
    const [lease] = await db.all<{ until: number }>(sql`SELECT lease_expires_at AS until FROM leases`)
    expect(lease?.until).toBe(EVENING - HOUR + 20 * MINUTE)
    await clock.pass(20 * MINUTE)
    expect(await dispatched()).toMatchObject({ vendor: expect.any(String) })
  })

  test('an hour forward leaves a lease to whoever works under it', async () => {
    const clock = await start(EVENING - HOUR)
    await post('/audit')
    const { db, holder } = node!.running().node
    const ids = (await db.all<{ id: number }>(sql`SELECT id FROM gap_tasks`)).map(({ id }) => id)
    const now = clock.now()
    await claimTasks(db, { ids, vendor: 'alpaca', token: 'mine', holder, now, leaseExpiresAt: now + 20 * MINUTE })
    clock.set(EVENING)
    expect(await dispatched()).not.toHaveProperty('vendor')
  })
})

describe('clock guard: a clock that cannot be right', () => {
  test('writes nothing and still answers, until it is set', async () => {
    const clock = await start(0, {})
    const before = await node!.databaseText()
    for (const call of [
      'audit',
      'ingest-tick',
      'dispatch-one-task',
      'curate-partition',
      'sample',
      'export',
      'reference',
      'sweep',
      'enqueue',
    ]) {
      const { status, body } = await post(`/${call}`)
      expect({ call, status }).toEqual({ call, status: 503 })
      expect(body.error).toMatch(/the clock shows 1970-.*before this program was made\. Set the clock/)
      expect(Date.parse(body.nextAt as string)).toBeGreaterThan(clock.now())
    }
    for (const read of ['/status', '/why/equities_bars/AAPL/2025-07-08', '/livez', '/queue']) {
      expect((await node!.get(read)).status).toBe(200)
    }
    expect(await node!.get('/readyz')).toMatchObject({
      status: 200,
      body: {
        ok: true,
        status: 'degraded',
        reasons: [{ code: 'clock_doubtful', sentence: expect.stringMatching(/1970/) }],
      },
    })
    expect(await node!.databaseText()).toBe(before)
    expect(log('clock.refused')).toHaveLength(1)
    await clock.pass(40_000)
    clock.set(EVENING)
    expect((await post('/audit')).body).toMatchObject({ ok: true, enqueued: expect.any(Number) })
    expect(log('start.recovered')).toHaveLength(1)
    expect((await node!.get('/readyz')).body).toEqual({ ok: true, status: 'ok', reasons: [] })
    expect((await node!.night()).every(({ ok }) => ok)).toBe(true)
  })

  test('leaves what an earlier process held as it was, and gives it back when it is set', async () => {
    const clock = await start(EVENING, { isSynchronised: async () => true })
    await post('/audit')
    const { db } = node!.running().node
    const ids = (await db.all<{ id: number }>(sql`SELECT id FROM gap_tasks`)).map(({ id }) => id)
    const claim = { vendor: 'alpaca', token: 'dead', holder: 'dead', now: EVENING, leaseExpiresAt: EVENING + HOUR }
    await claimTasks(db, { ids, ...claim })
    await node!.stop()
    clock.set(0)
    const running = await node!.start()
    const leases = () => running.node.db.all(sql`SELECT * FROM leases`)
    expect(await leases()).toHaveLength(1)
    clock.set(EVENING + MINUTE)
    await post('/audit')
    expect(await leases()).toHaveLength(0)
  })

  test('the schedule fires nothing, and does not catch up on days before the node was there', async () => {
    const clock = await start(0, {})
    const { invoker } = node!.running()
    invoker.start()
    await clock.pass(40_000)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(log('cron.fired')).toEqual([])
    await node!.stop()
    expect(await countTicks()).toBe(0)
  })

  test('a system that says it is not synchronised yet is waited for', async () => {
    let synchronised = false
    await start(EVENING, { isSynchronised: async () => synchronised })
    expect((await post('/audit')).body.error).toMatch(/not synchronised yet.*CLOCK_CHECK=off/)
    synchronised = true
    expect((await post('/audit')).status).toBe(200)
  })
})

describe('clock guard: a clock behind what was written', () => {
  test('is doubted ten minutes where nothing says whether it is right, then believed', async () => {
    const clock = await start(EVENING, {})
    await post('/audit')
    await node!.stop()
    clock.set(EVENING - 60 * DAY)
    await node!.start()
    expect((await post('/audit')).body.error).toMatch(/something was written at 2025-07-09.*10 minutes/)
    await clock.pass(9 * MINUTE)
    expect((await post('/audit')).status).toBe(503)
    await clock.pass(MINUTE)
    expect((await post('/audit')).status).toBe(200)
    expect(log('clock.accepted')).toHaveLength(1)
    // Nothing of the future is left that would be noticed again.
    await node!.stop()
    await node!.start()
    expect((await post('/audit')).status).toBe(200)
  })

  test('is believed at once where the system says it is synchronised', async () => {
    const clock = await start(EVENING, { isSynchronised: async () => true })
    await post('/audit')
    clock.set(EVENING - 60 * DAY)
    expect((await post('/audit')).status).toBe(200)
  })
})

const countTicks = async (): Promise<number> => {
  const running = await node!.start()
  const [row] = await running.node.db.all<{ ticks: number }>(sql`SELECT count(*) AS ticks FROM ticks`)
  return row!.ticks
}

describe('clock guard: what the system says of its clock', () => {
  test('nothing without systemd-timesyncd, no before its first answer, yes after it; and a build is after its newest migration', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'timesync-'))
    try {
      const timesync = join(folder, 'timesync')
      const evidence = await systemClockEvidence('.', timesync)
      expect(await evidence.isSynchronised()).toBeNull()
      await mkdir(timesync)
      expect(await evidence.isSynchronised()).toBe(false)
      await writeFile(join(timesync, 'synchronized'), '')
      expect(await evidence.isSynchronised()).toBe(true)
      expect(evidence.builtAt).toBeGreaterThan(Date.parse('2025-01-01'))
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
