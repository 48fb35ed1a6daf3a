import { expect, test } from 'vitest'
import { listAbsences } from '../../db/absences/absences.ts'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { countCoverage } from '../../db/coverage/count-coverage.ts'
import { listDemotions } from '../../db/demotions/demotions.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { listRefusedKeys } from '../../db/vendor-keys/vendor-keys.ts'
import { dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import { VendorError } from '../../functions/_vendors/vendor.ts'
import { audit } from '../../functions/audit.ts'
import { ASOF, dispatched, drain, EVENING, openBareNode, withGet } from '../_dispatch/bare-node.ts'
import { newTask, snapshot, tasksIn } from '../db/temp-db.ts'
import type { FaultMode } from '../lab/lab.ts'

const MINUTE = 60_000
const ALONE = { vendors: { alpaca: {} }, datasets: { equities_bars: { depth: { sessions: 1 } } } }

test('vendor trouble: a poison symbol does not cost the batch it rides in', async () => {
  const bare = await openBareNode({ symbols: ['AAPL', 'MSFT', 'ZZZ'], lab: { poison: ['ZZZ'] } })
  await audit(bare.node, { at: EVENING })
  expect(await dispatched(bare.node)).toMatchObject({ vendor: 'alpaca', outcomes: { filled: 2, not_entitled: 1 } })
  expect(await listDemotions(bare.node.db, 'equities_bars', EVENING)).toMatchObject([
    { vendor: 'alpaca', symbol: 'ZZZ', fromDt: '0000-01-01', toDt: '9999-12-31' },
  ])
  const rest = await drain(bare)
  expect(rest.filter(({ vendor }) => vendor === 'alpaca').flatMap(({ outcomes }) => Object.keys(outcomes))).toEqual([
    'filled',
  ])
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 9 }])
})

test('vendor trouble: a poison symbol asked for on its own condemns itself, not the vendor', async () => {
  const bare = await openBareNode({ ...ALONE, symbols: ['AAPL', 'ZZZ'], lab: { poison: ['ZZZ'] } })
  await enqueueTasks(
    bare.node.db,
    'equities_bars',
    [newTask('ZZZ', '2024-07-03'), newTask('ZZZ', '2024-07-02')],
    EVENING,
  )
  expect(await dispatched(bare.node)).toMatchObject({ outcomes: { not_entitled: 2 } })
  expect((await listDemotions(bare.node.db, 'equities_bars', EVENING)).map(({ symbol }) => symbol)).toEqual(['ZZZ'])
  await enqueueTasks(bare.node.db, 'equities_bars', [newTask('AAPL', '2024-07-03')], EVENING)
  expect(await dispatched(bare.node)).toMatchObject({ outcomes: { filled: 1 } })
})

test('vendor trouble: a 429 snoozes without burning, and the vendor is left alone as long as it asked for', async () => {
  const bare = await openBareNode(ALONE)
  await audit(bare.node, { at: EVENING })
  bare.lab.alpaca.fault({ kind: 'status-429', retryAfter: '37', requests: 1 })
  expect(await dispatched(bare.node)).toMatchObject({ outcomes: { rate_limited: 3 } })
  expect((await tasksIn(bare.node.db)).map(({ state, attempts }) => [state, attempts])).toEqual(
    Array(3).fill(['queued', 0]),
  )
  expect(await listCircuits(bare.node.db)).toMatchObject([{ vendor: 'alpaca', blockedUntil: EVENING + 37_000 }])
  expect(await dispatchNext(bare.node, null)).toEqual({ nextAt: EVENING + 37_000 })
  expect(bare.lab.alpaca.stats().byStatus[429]).toBe(1)
  await bare.clock.sleep(37_000)
  expect(await dispatched(bare.node)).toMatchObject({ outcomes: { filled: 3 } })
})

test('vendor trouble: a 429 of one vendor leaves the work to the other at once', async () => {
  const bare = await openBareNode({ ...ALONE, vendors: { alpaca: {}, massive: {} } })
  await audit(bare.node, { at: EVENING })
  bare.lab.alpaca.fault({ kind: 'status-429', requests: 1 })
  expect(await dispatched(bare.node)).toMatchObject({ vendor: 'alpaca', outcomes: { rate_limited: 3 } })
  expect(await dispatched(bare.node)).toMatchObject({ vendor: 'massive', outcomes: { filled: 3 } })
  expect(bare.clock.now()).toBe(EVENING)
})

const nonsense: [string, FaultMode][] = [
  ['an HTML page with status 200', { kind: 'html-200' }],
  ['a renamed column', { kind: 'renamed-column' }],
  ['numbers as texts', { kind: 'string-numbers' }],
]
test.each(nonsense)('vendor trouble: %s is malformed, and nothing is written', async (_what, fault) => {
  const bare = await openBareNode(ALONE)
  await audit(bare.node, { at: EVENING })
  bare.lab.alpaca.fault(fault)
  expect(await dispatched(bare.node)).toMatchObject({
    outcomes: { malformed: 3 },
    rows: expect.any(Number),
    settled: true,
  })
  expect(await bare.files()).toEqual([])
  const { coverage, bookmarks, attempts } = await snapshot(bare.node.db)
  expect(bookmarks).toEqual([])
  for (const row of coverage ?? []) expect(row).toMatchObject({ present: 0, absent: 0 })
  expect(attempts).toHaveLength(3)
  for (const row of attempts ?? []) expect(row).toMatchObject({ outcome: 'malformed', rows: 0, digest: null, count: 1 })
})

test('vendor trouble: nonsense without end gives a cell up with the whole story', async () => {
  const bare = await openBareNode({ ...ALONE, symbols: ['AAPL'] })
  await audit(bare.node, { at: EVENING })
  bare.lab.alpaca.fault({ kind: 'string-numbers' })
  const asked = await drain(bare)
  expect(asked.map(({ outcomes }) => outcomes)).toEqual(Array(4).fill({ malformed: 1 }))
  expect(await tasksIn(bare.node.db)).toMatchObject([{ state: 'stalled', attempts: 4, lastOutcome: 'malformed' }])
  expect(await listAbsences(bare.node.db, 'equities_bars', ASOF, ASOF)).toMatchObject([{ reason: 'GIVEN_UP' }])
  expect(await listAttempts(bare.node.db, 'equities_bars', [{ symbol: 'AAPL', dt: ASOF }])).toMatchObject([
    { count: 4 },
  ])
  expect(await audit(bare.node, { at: EVENING })).toMatchObject({ enqueued: 0 })
})

test('vendor trouble: a vendor that resets every connection is left alone after three times, longer each time', async () => {
  const bare = await openBareNode({ ...ALONE, symbols: ['AAPL'] })
  await audit(bare.node, { at: EVENING })
  bare.lab.alpaca.kill()
  for (let failures = 1; failures <= 3; failures++) {
    expect(await dispatched(bare.node)).toMatchObject({ outcomes: { unavailable: 1 } })
    expect(await listCircuits(bare.node.db)).toMatchObject([
      { failures, blockedUntil: failures < 3 ? 0 : expect.any(Number) },
    ])
    const idle = await dispatchNext(bare.node, null)
    const wakes = 'vendor' in idle ? null : idle.nextAt
    expect(wakes).toBeGreaterThan(bare.clock.now())
    if (failures < 3) await bare.clock.sleep((wakes as number) - bare.clock.now())
  }
  expect(await listAbsences(bare.node.db, 'equities_bars', ASOF, ASOF)).toMatchObject([{ reason: 'VENDOR_OUTAGE' }])
  const [open] = await listCircuits(bare.node.db)
  expect(open?.blockedUntil).toBe(bare.clock.now() + 60_000)
  expect(bare.lab.alpaca.stats().byStatus[0]).toBe(3)

  bare.lab.alpaca.revive()
  await drain(bare)
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 1, absent: 0 }])
  expect(await listAbsences(bare.node.db, 'equities_bars', ASOF, ASOF)).toEqual([])
  expect(await listCircuits(bare.node.db)).toMatchObject([{ failures: 0 }])
})

test('vendor trouble: a dead vendor costs the night nothing while another lives', async () => {
  const bare = await openBareNode()
  await audit(bare.node, { at: EVENING })
  bare.lab.alpaca.kill()
  const done = await drain(bare)
  expect(done.filter(({ vendor }) => vendor === 'massive').length).toBeGreaterThan(0)
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 9, absent: 0 }])
  expect(bare.lab.massive.stats().violations).toBe(0)
})

test('vendor trouble: with every vendor dead the queue waits for the first that may be asked again', async () => {
  const bare = await openBareNode({ symbols: ['AAPL'], datasets: { equities_bars: { depth: { sessions: 1 } } } })
  await audit(bare.node, { at: EVENING })
  bare.lab.alpaca.kill()
  bare.lab.massive.kill()
  expect(await dispatched(bare.node)).toMatchObject({ vendor: 'alpaca', outcomes: { unavailable: 1 } })
  expect(await dispatched(bare.node)).toMatchObject({ vendor: 'massive', outcomes: { unavailable: 1 } })
  expect(await dispatchNext(bare.node, null)).toEqual({ nextAt: EVENING + 30_000 })
  expect(await tasksIn(bare.node.db)).toMatchObject([{ state: 'queued', attempts: 2, nextAt: EVENING + 30_000 }])
})

test('vendor trouble: a refused key says nothing about cells, and sends everything to the other vendor', async () => {
  const bare = await openBareNode({ env: { APCA_API_SECRET_KEY: 'lab-alpaca-wrong-secret' } })
  await audit(bare.node, { at: EVENING })
  expect(await dispatched(bare.node)).toMatchObject({ vendor: 'alpaca', tasks: 0, outcomes: {} })
  expect(await listDemotions(bare.node.db, 'equities_bars', EVENING)).toEqual([])
  expect(await listRefusedKeys(bare.node.db)).toContainEqual({ account: 'alpaca', host: 'data', refusedAt: EVENING })
  const rest = await drain(bare)
  expect(new Set(rest.map(({ vendor }) => vendor))).toEqual(new Set(['massive']))
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 9 }])
  expect(bare.log.join('')).not.toContain('lab-alpaca-wrong-secret')
})

test('vendor trouble: of a plan whose key is refused half-way, what came is settled and the rest is queued again at once', async () => {
  const bare = await openBareNode({
    symbols: ['AAPL', 'AMD', 'BA', 'CAT'],
    vendors: { alpaca: {} },
    datasets: { equities_bars_minute: { depth: { sessions: 1 } } },
    terms: { shape: { rows_per_page: 600, symbols_per_call: 500, pages_per_plan: 4 } },
  })
  await audit(bare.node, { at: EVENING })
  let pages = 0
  const refusedHalfWay = withGet(bare.node, (get) => async (request) => {
    if (++pages > 2)
      throw new VendorError('alpaca', 'not_entitled', 'the key was refused', { status: 401, refusesKey: true })
    return await get(request)
  })
  const done = await dispatchNext(refusedHalfWay, null)
  expect(done).toMatchObject({ outcomes: { filled: expect.any(Number), rate_limited: expect.any(Number) } })
  expect(await listDemotions(bare.node.db, 'equities_bars_minute', EVENING)).toEqual([])
  const left = (await tasksIn(bare.node.db)).filter(({ state }) => state === 'queued')
  expect(left.length).toBeGreaterThan(0)
  for (const task of left) expect(task).toMatchObject({ attempts: 0, nextAt: EVENING })
})

test('vendor trouble: a key that only the second host refuses closes the dataset that needs it, and says nothing about cells', async () => {
  const bare = await openBareNode(ALONE)
  await audit(bare.node, { at: EVENING })
  const forbidden = new VendorError('alpaca', 'not_entitled', '403', { status: 403, refusesKey: true, host: 'trading' })
  const refused = withGet(bare.node, () => () => Promise.reject(forbidden))
  expect(await dispatchNext(refused, null)).toMatchObject({ vendor: 'alpaca', tasks: 0 })
  for (const task of await tasksIn(bare.node.db)) expect(task).toMatchObject({ state: 'queued', attempts: 0 })
  expect(await listDemotions(bare.node.db, 'equities_bars', EVENING)).toMatchObject([
    { vendor: 'alpaca', symbol: '*', until: EVENING + 15 * MINUTE },
  ])
  expect(await listCircuits(bare.node.db)).toEqual([])
  expect(await dispatchNext(bare.node, null)).toEqual({ nextAt: EVENING + 15 * MINUTE })
})

test('vendor trouble: when the only vendor refuses its key, the queue says to come back in a quarter of an hour', async () => {
  const bare = await openBareNode({ vendors: { alpaca: {} }, env: { APCA_API_SECRET_KEY: 'lab-alpaca-wrong-secret' } })
  await audit(bare.node, { at: EVENING })
  await dispatched(bare.node)
  const tasks = await tasksIn(bare.node.db)
  expect(tasks).toHaveLength(9)
  for (const task of tasks) expect(task).toMatchObject({ state: 'queued', attempts: 0 })
  expect(await dispatchNext(bare.node, null)).toEqual({ nextAt: EVENING + 15 * MINUTE })
})

test('vendor trouble: days before a vendor reaches back are said to be so, not asked for again and again', async () => {
  const bare = await openBareNode({
    symbols: ['AAPL'],
    vendors: { massive: {} },
    datasets: { equities_bars: { depth: { from: '2021-03-01' } } },
    lab: { plan: 'basic' },
  })
  await enqueueTasks(
    bare.node.db,
    'equities_bars',
    [newTask('AAPL', '2021-03-02'), newTask('AAPL', '2021-03-01')],
    EVENING,
  )
  expect(await dispatched(bare.node)).toMatchObject({ outcomes: { before_history: 2 } })
  const reasons = await listAbsences(bare.node.db, 'equities_bars', '2021-03-01', '2021-03-02')
  expect(reasons.map(({ reason }) => reason)).toEqual(['BEFORE_VENDOR_HISTORY', 'BEFORE_VENDOR_HISTORY'])
  expect(await listDemotions(bare.node.db, 'equities_bars', EVENING)).toMatchObject([
    { symbol: '*', fromDt: '0000-01-01', toDt: '2021-03-02' },
  ])
  expect(await dispatchNext(bare.node, null)).toEqual({ nextAt: null })
})
