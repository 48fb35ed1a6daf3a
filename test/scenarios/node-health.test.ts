import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { beginTick, endTick, findTick } from '../../db/ticks/ticks.ts'
import type { VendorConnection } from '../../functions/_catalog/context.ts'
import { stateFile } from '../../functions/_lake/paths.ts'
import { checkKeys } from '../../functions/_runtime/check-keys.ts'
import type { StepEnding } from '../../functions/_runtime/run-chain.ts'
import { againWhileHeld } from '../db/again-while-held.ts'
import { LAB_KEYS } from '../lab/lab.ts'
import { EVENING, type SmallTerms, smallNode, startTestNode, type TestNode } from '../test-node.ts'

const GB = 1e9
const HOUR = 3_600_000

let node: TestNode | undefined
afterEach(async () => {
  await node?.remove()
  node = undefined
})

interface Shown {
  code: string
  about?: string
  sentence: string
  isDown: boolean
}

interface Line {
  level: number
  msg: string
  code?: string
  sentence?: string
}

const begin = async (terms: SmallTerms = {}): Promise<TestNode> => {
  node = await startTestNode(terms)
  return node
}

/** Log lines that a reason began or is over. */
const logged = ({ lines }: TestNode): Line[] =>
  lines.map((line) => JSON.parse(line) as Line).filter(({ msg }) => msg.startsWith('health.'))

/** Reasons, seen the same way by who asks for the readiness, for the status, and by who reads the log. */
async function reasonsOf(of: TestNode): Promise<Shown[]> {
  const ready = await of.get('/readyz')
  const reasons = ready.body.reasons as Shown[]
  const isDown = reasons.some((reason) => reason.isDown)
  expect(ready.status).toBe(isDown ? 503 : 200)
  expect(ready.body.status).toBe(isDown ? 'down' : reasons.length > 0 ? 'degraded' : 'ok')
  expect((await of.get('/status')).body.health).toEqual(reasons)
  const begun = logged(of).filter(({ msg }) => msg !== 'health.recovered')
  for (const { sentence, code } of reasons) {
    expect(begun.filter((line) => line.sentence === sentence && line.code === code)).toHaveLength(1)
    // One sentence: an upper-case letter or a figure first, one full stop at the end.
    expect(sentence).toMatch(/^[A-Z0-9].*[^.]\.$/s)
  }
  return reasons
}

const connectionOf = (on: TestNode, vendor: string): VendorConnection =>
  on.running().node.vendors.find(({ name }) => name === vendor) as VendorConnection

/** The address of a server that gives everybody the same answer. */
async function answering(status: number, body: object): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const restarted = async (of: TestNode, env: Record<string, string>): Promise<void> => {
  await of.stop()
  Object.assign(of.env, env)
  await of.start()
}

/** The night of the evening, ended as it is said, a minute from now. */
async function endNight(on: TestNode, endings: readonly StepEnding[]): Promise<void> {
  const { db, now } = on.running().node
  await on.clock.sleep(60_000)
  const tick = (await beginTick(db, 'night', EVENING, now())) ?? (await findTick(db, 'night', EVENING))
  await endTick(db, tick!, JSON.stringify(endings), now())
}

describe('health: a wrong key', () => {
  const WRONG = 'wrong-secret-0123456789'

  test.each([
    [
      'alpaca',
      { APCA_API_SECRET_KEY: WRONG },
      /^Alpaca refuses the key at http:.*; correct APCA_API_KEY_ID and APCA_API_SECRET_KEY in \.env/,
    ],
    ['massive', { MASSIVE_API_KEY: WRONG }, /^Massive refuses the key; correct MASSIVE_API_KEY in \.env/],
    ['fred', { FRED_API_KEY: 'a'.repeat(32) }, /^Fred refuses the key; correct FRED_API_KEY in \.env/],
    [
      'fred, with spaces in it',
      { FRED_API_KEY: 'a key with spaces' },
      /^Fred refuses the key; correct FRED_API_KEY in \.env/,
    ],
  ])('of %s is found at start, and the sentence names the variables', async (_, env, sentence) => {
    const on = await begin({ env })
    await checkKeys(on.running().node)
    expect(await reasonsOf(on)).toMatchObject([{ code: 'key_refused', sentence: expect.stringMatching(sentence) }])
    expect(logged(on)).toMatchObject([{ msg: 'health.key_refused', level: 50 }])
    expect(on.lines.join('')).not.toContain(Object.values(env)[0])
  })

  test('costs one call an account at start, counted by the rate limiter, and nothing is concluded about cells', async () => {
    const on = await begin({ env: { APCA_API_SECRET_KEY: WRONG } })
    await checkKeys(on.running().node)
    expect(on.asked()).toBe(3)
    const { vendors } = (await on.get('/status')).body as { vendors: { vendor: string; callsToday: number }[] }
    expect(vendors.find(({ vendor }) => vendor === 'massive')?.callsToday).toBe(1)
    await on.post('/audit')
    await on.post('/dispatch-one-task')
    const reasons = (await on.get('/coverage/equities_bars')).body as { total: { absent: number } }
    expect(reasons.total.absent).toBe(0)
  })

  test('is corrected: the next start forgets the refusal, and the first call delivers', async () => {
    const on = await begin({ env: { APCA_API_SECRET_KEY: WRONG, MASSIVE_API_KEY: '' } })
    await on.post('/audit', { at: new Date(EVENING).toISOString() })
    await on.post('/dispatch-one-task')
    expect(await reasonsOf(on)).toMatchObject([
      {
        code: 'key_refused',
        about: 'alpaca',
        sentence: expect.stringMatching(/^Alpaca refuses the key; correct APCA_/),
      },
      { code: 'key_refused', about: 'alpaca trading' },
    ])
    await restarted(on, { APCA_API_SECRET_KEY: LAB_KEYS.alpaca.secret })
    expect(await reasonsOf(on)).toEqual([])
    expect((await on.post('/dispatch-one-task')).body).toMatchObject({ vendor: 'alpaca', outcomes: { filled: 2 } })
  })

  test('that is still the same after a restart stays refused, and the log says so again', async () => {
    const on = await begin({ env: { MASSIVE_API_KEY: WRONG } })
    await checkKeys(on.running().node)
    await restarted(on, {})
    expect(await reasonsOf(on)).toMatchObject([{ code: 'key_refused', about: 'massive' }])
  })

  test('that the vendor takes after all is a reason no more, and the log says that it is over', async () => {
    const on = await begin({ env: { MASSIVE_API_KEY: WRONG } })
    await checkKeys(on.running().node)
    await restarted(on, {})
    const takesIt = await answering(200, { market: 'open' })
    connectionOf(on, 'massive').config.base_url = takesIt
    await checkKeys(on.running().node)
    expect(await reasonsOf(on)).toEqual([])
    expect(logged(on).at(-1)).toMatchObject({ msg: 'health.recovered', code: 'key_refused' })
  })

  test('that only the trading host refuses is a reason, and everything else is collected', async () => {
    const on = await begin({ env: { MASSIVE_API_KEY: '' } })
    connectionOf(on, 'alpaca').config.trading_url = await answering(403, { message: 'forbidden.' })
    await checkKeys(on.running().node)
    expect(await reasonsOf(on)).toMatchObject([
      { code: 'key_refused', about: 'alpaca trading', sentence: expect.stringContaining('or trading_url in config/') },
    ])
    await on.night()
    expect((await on.get('/coverage/equities_bars')).body).toMatchObject({ total: { expected: 12, present: 12 } })
    expect(await reasonsOf(on)).toMatchObject([{ about: 'alpaca trading' }])
  })

  test('is not what a network that fails, or a budget that is spent, says', async () => {
    const on = await begin()
    for (const vendor of [on.lab.alpaca, on.lab.massive, on.lab.fred]) vendor.kill()
    await checkKeys(on.running().node)
    expect(await reasonsOf(on)).toEqual([])
    expect(on.lines.filter((line) => line.includes('start.key_check_failed'))).toHaveLength(3)
  })
})

describe('health: what the configuration lacks', () => {
  test('no key: each dataset names the variables that would serve it, once', async () => {
    const keys = { APCA_API_KEY_ID: '', APCA_API_SECRET_KEY: '', MASSIVE_API_KEY: '', FRED_API_KEY: '' }
    const on = await begin({ env: keys })
    expect((await reasonsOf(on)).map(({ sentence }) => sentence)).toEqual([
      'No vendor of equities_bars has its key; set APCA_API_KEY_ID and APCA_API_SECRET_KEY, or MASSIVE_API_KEY in .env or in the environment, and restart the node.',
      'No vendor of macro_treasury has its key; set MASSIVE_API_KEY, or FRED_API_KEY in .env or in the environment, and restart the node.',
    ])
    await checkKeys(on.running().node)
    expect(on.asked()).toBe(0)
    await restarted(on, { MASSIVE_API_KEY: LAB_KEYS.massive })
    expect(await reasonsOf(on)).toEqual([])
  })

  test('no vendor for a dataset: the sentence names the dataset and both files', async () => {
    const on = await begin({
      change: (config) => {
        for (const vendor of Object.values(config.vendors)) delete vendor.datasets.macro_treasury
        return config
      },
    })
    expect(await reasonsOf(on)).toMatchObject([
      {
        code: 'no_vendor',
        about: 'macro_treasury',
        sentence:
          'No vendor serves macro_treasury; list it, entitled and enabled, under a vendor in config/vendor_capabilities.yaml, or write enabled: false under macro_treasury in config/datasets.yaml.',
      },
    ])
  })

  test('keys that others may read: the sentence says what to run', async () => {
    const on = await smallNode()
    node = on
    const envFile = join(on.root, '.env')
    await writeFile(envFile, `FRED_API_KEY=${on.env.FRED_API_KEY}\n`, { mode: 0o644 })
    on.env.FRED_API_KEY = ''
    await on.start({ envFile })
    expect(await reasonsOf(on)).toMatchObject([
      {
        code: 'env_file_readable',
        sentence: `Others on this machine may read the keys in ${envFile}; run chmod 600 ${envFile} and restart the node.`,
      },
    ])
    expect((await on.night()).every(({ ok }) => ok)).toBe(true)
  })
})

describe('health: the machine and the nights', () => {
  test('a disk that is nearly full is a reason until there is room again', async () => {
    let free = 300 * GB
    const on = await begin({ statfs: async () => ({ bavail: free, blocks: 500 * GB, bsize: 1 }) })
    expect(await reasonsOf(on)).toEqual([])
    free = 0.1 * GB
    await on.clock.sleep(6_000)
    expect(await reasonsOf(on)).toMatchObject([
      {
        code: 'disk_low',
        sentence: expect.stringMatching(/^100\.0 MB of 500\.0 GB .* are not collected any more; free space/),
      },
    ])
    free = 300 * GB
    await on.clock.sleep(6_000)
    expect(await reasonsOf(on)).toEqual([])
    expect(logged(on).map(({ msg, code }) => [msg, code])).toEqual([
      ['health.degraded', 'disk_low'],
      ['health.recovered', 'disk_low'],
    ])
  })

  test('a new node without a bundle has twelve hours from its start, and a night without one is a reason then', async () => {
    const on = await begin()
    await on.clock.sleep(11 * HOUR)
    expect((await reasonsOf(on)).map(({ code }) => code)).toEqual(['night_missed'])
    await on.clock.sleep(2 * HOUR)
    const late = (await reasonsOf(on)).find(({ code }) => code === 'no_new_bundle')
    expect(late).toMatchObject({
      code: 'no_new_bundle',
      sentence: expect.stringMatching(
        /^No bundle of 2025-07-0[78] was made within 12 hours of its night \(there is none yet\); look at/,
      ),
    })
    await on.night()
    expect(await reasonsOf(on)).toEqual([])
  })

  test('a restart does not hide that the bundle is late where there was one before', async () => {
    const on = await begin()
    await on.night()
    await on.clock.sleep(37 * HOUR)
    await restarted(on, {})
    expect((await reasonsOf(on)).map(({ code }) => code)).toEqual(['no_new_bundle'])
  })

  test('a night that has not begun an hour after it was due is a reason until it begins', async () => {
    const on = await begin()
    const { db } = on.running().node
    const missed = async () =>
      ((await on.get('/readyz')).body.reasons as Shown[]).filter(({ code }) => code === 'night_missed')
    await beginTick(db, 'night', EVENING, EVENING)
    await on.clock.sleep(24.5 * HOUR)
    expect(await missed()).toEqual([])
    await on.clock.sleep(HOUR)
    const found = await missed()
    expect(found).toMatchObject([
      { sentence: expect.stringMatching(/^The night due at 2025-07-10T00:30:00\.000Z has not begun; look in the log/) },
    ])
    // However many follow, it is the same trouble.
    await on.clock.sleep(26 * HOUR)
    expect(await missed()).toEqual(found)
    await beginTick(db, 'night', on.clock.now(), on.clock.now())
    expect(await missed()).toEqual([])
  })

  test('a night that ended with failed steps, and a bundle that is incomplete, are reasons until a night ends well', async () => {
    const on = await begin()
    const folder = join(on.env.EXPORT_ROOT!, 'nightly/2025-07-08')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'MANIFEST.json'), '{"complete": false}')
    await endNight(on, [{ call: 'export', calls: 1, ok: false, error: 'the disk is full' }])
    expect(await reasonsOf(on)).toMatchObject([
      {
        code: 'night_failed',
        sentence:
          'The night of 2025-07-09T00:30:00.000Z ended with steps that were not ok (export); see why under chains in GET /status, then call POST /run/night.',
      },
      {
        code: 'bundle_incomplete',
        sentence:
          'The bundle of 2025-07-08 is incomplete; see incomplete and lacking in its MANIFEST.json; the next night tries again.',
      },
    ])
    await restarted(on, {})
    expect((await reasonsOf(on)).map(({ code }) => code)).toEqual(['night_failed', 'bundle_incomplete'])
    await writeFile(join(folder, 'MANIFEST.json'), '{"complete": true }')
    await endNight(on, [{ call: 'export', calls: 1, ok: true }])
    expect(await reasonsOf(on)).toEqual([])
  })

  test('a damaged database that was set aside is a reason until a night ends well', async () => {
    const on = await begin()
    await on.stop()
    await truncate(stateFile(on.env.DATA_ROOT!), 1_000)
    await on.start()
    expect(await reasonsOf(on)).toMatchObject([
      {
        code: 'database_set_aside',
        sentence: expect.stringMatching(/^The database was damaged and was set aside as node\.db\.damaged-2025-07-/),
      },
    ])
    await restarted(on, {})
    expect((await reasonsOf(on)).map(({ code }) => code)).toEqual(['database_set_aside'])
    await endNight(on, [{ call: 'export', calls: 1, ok: false, error: 'the disk is full' }])
    expect((await reasonsOf(on)).map(({ code }) => code)).toContain('database_set_aside')
    await endNight(on, [{ call: 'export', calls: 1, ok: true }])
    expect(await reasonsOf(on)).toEqual([])
  })

  test('a queue from which nothing is taken for six hours after the schedule sent for work is stuck', async () => {
    const on = await begin()
    await on.post('/audit', { at: new Date(EVENING).toISOString() })
    await on.post('/dispatch-one-task')
    await on.clock.sleep(5 * HOUR)
    expect((await reasonsOf(on)).filter(({ code }) => code === 'queue_stuck')).toEqual([])
    // The next evening's firing, and six hours.
    await on.clock.sleep(26 * HOUR)
    expect(await reasonsOf(on)).toContainEqual(
      expect.objectContaining({
        code: 'queue_stuck',
        sentence: expect.stringMatching(
          /^No cell was settled since 2025-07-09T00:3.* may take tasks of equities_bars; look/,
        ),
      }),
    )
    await on.post('/dispatch-one-task')
    expect((await reasonsOf(on)).map(({ code }) => code)).not.toContain('queue_stuck')
  })

  test('a vendor that fails for minutes is out, and is back with its next answer', async () => {
    const on = await begin({ env: { MASSIVE_API_KEY: '' } })
    await on.post('/audit', { at: new Date(EVENING).toISOString() })
    on.lab.fred.kill()
    const calls = on.lab.alpaca.stats().calls
    on.lab.alpaca.fault({ kind: 'status-500', requests: 6 })
    for (let tries = 0; tries < 40; tries++) {
      await on.post('/dispatch-one-task')
      if (on.lab.alpaca.stats().calls - calls >= 6) break
      await on.clock.sleep(60_000)
    }
    const out = (await reasonsOf(on)).find(({ about }) => about === 'alpaca')
    expect(out).toMatchObject({
      code: 'vendor_out',
      sentence: expect.stringMatching(/^Alpaca has failed 6 times in a row or more \(.*; look at/),
    })
    await on.clock.sleep(HOUR)
    for (let tries = 0; tries < 4; tries++) await on.post('/dispatch-one-task')
    expect((await reasonsOf(on)).filter(({ about }) => about === 'alpaca')).toEqual([])
  })
})

test('health: a node that is started twice over the same folders says the same', async () => {
  const on = await begin({ env: { FRED_API_KEY: '', MASSIVE_API_KEY: '' } })
  const before = await reasonsOf(on)
  await on.stop()
  await againWhileHeld(() => on.start())
  expect(await reasonsOf(on)).toMatchObject(before.map(({ code, sentence }) => ({ code, sentence })))
})
