import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { listAbsences } from '../../db/absences/absences.ts'
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import { takeCalls } from '../../db/budgets/take-calls.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { countCoverage } from '../../db/coverage/count-coverage.ts'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { recordAnswer } from '../../db/symbol-references/record-answer.ts'
import { listScores } from '../../db/vendor-scores/scores.ts'
import { dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import type { Node } from '../../functions/_http/node.ts'
import { recover } from '../../functions/_runtime/recover.ts'
import type { HttpAnswer } from '../../functions/_vendors/vendor.ts'
import { audit } from '../../functions/audit.ts'
import { snapshot, tasksIn } from '../db/temp-db.ts'
import { type Hole, syntheticYields } from '../lab/synthetic.ts'
import { ASOF, type BareNode, dispatched, drain, EVENING, openBareNode, withGet } from './bare-node.ts'

const hole = (vendor: 'alpaca' | 'massive', dt = '2024-07-03'): Hole => ({
  vendor,
  dataset: 'equities_bars',
  symbol: 'MSFT',
  dt,
  kind: 'missing',
})
const MSFT = [{ symbol: 'MSFT', dt: '2024-07-03' }]

/** The node as a holder that loses its lease: its first answer takes 21 minutes, and `meanwhile` runs before it reads the answer. */
const outlivingItsLease = ({ node, clock }: BareNode, meanwhile: (answer: HttpAnswer) => Promise<HttpAnswer>): Node =>
  withGet(node, (get) => async (request) => {
    const answer = await get(request)
    // The vendor may serve a second, empty page: only the first answer takes too long.
    if (clock.now() > EVENING) return answer
    await clock.sleep(21 * 60_000)
    return await meanwhile(answer)
  })

test('dispatch: an empty queue has nothing to do and nothing to wait for', async () => {
  const { node, lab } = await openBareNode()
  expect(await dispatchNext(node, null)).toEqual({ nextAt: null })
  expect(lab.alpaca.stats().calls).toBe(0)
})

test('dispatch: one call answers the cells of a day, the next the days before it, and all are filled', async () => {
  const bare = await openBareNode()
  const { node, lab } = bare
  expect(await audit(node, { at: EVENING })).toMatchObject({ expected: 9, gaps: 9, enqueued: 9 })
  expect(await dispatched(node)).toEqual({
    vendor: 'alpaca',
    dataset: 'equities_bars',
    tasks: 3,
    outcomes: { filled: 3 },
    calls: 1,
    rows: 3,
    settled: true,
  })
  expect(await dispatched(node)).toMatchObject({ vendor: 'alpaca', tasks: 6, outcomes: { filled: 6 }, calls: 1 })
  expect(await dispatchNext(node, null)).toEqual({ nextAt: null })
  expect(await countCoverage(node.db)).toEqual([
    { dataset: 'equities_bars', symbols: 3, present: 9, short: 0, absent: 0, held: 0 },
  ])
  expect(await bare.files()).toEqual([
    'manifests/alpaca/equities_bars/manifest-2024-07-06.jsonl',
    ...['2024-07-02', '2024-07-03', ASOF].map((dt) => `raw/alpaca/equities_bars/date=${dt}/data.parquet`),
  ])
  expect(await audit(node, { at: EVENING })).toMatchObject({ gaps: 0, enqueued: 0 })
  expect(await listScores(node.db, EVENING)).toMatchObject([{ vendor: 'alpaca', asked: 9, filled: 9, calls: 2 }])
  expect(lab.massive.stats().calls).toBe(0)
})

test('dispatch: a hole of one vendor is filled by the other', async () => {
  const bare = await openBareNode({ holes: [hole('alpaca')] })
  await audit(bare.node, { at: EVENING })
  await dispatched(bare.node)
  expect(await dispatched(bare.node)).toMatchObject({ outcomes: { filled: 5, empty: 1 } })
  expect(await listAbsences(bare.node.db, 'equities_bars', '2024-07-03', '2024-07-03')).toMatchObject([
    { symbol: 'MSFT', reason: 'VENDOR_EMPTY_ONCE' },
  ])
  expect(await dispatched(bare.node)).toMatchObject({ vendor: 'massive', tasks: 1, outcomes: { filled: 1 } })
  expect(await listAbsences(bare.node.db, 'equities_bars', '2024-07-03', '2024-07-03')).toEqual([])
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 9, absent: 0 }])
  const known = await listAttempts(bare.node.db, 'equities_bars', MSFT)
  expect(known.map(({ vendor, outcome }) => [vendor, outcome])).toEqual([
    ['alpaca', 'empty'],
    ['massive', 'filled'],
  ])
})

test('dispatch: a vendor whose own lists say nothing of a symbol is no witness that its days are empty', async () => {
  const days = ['2024-07-02', '2024-07-03', '2024-07-05']
  const bare = await openBareNode({ holes: days.flatMap((dt) => [hole('alpaca', dt), hole('massive', dt)]) })
  const { db } = bare.node
  const massive = { vendor: 'massive', question: 'listed', asof: ASOF } as const
  await recordAnswer(db, { ...massive, statements: [{ symbol: 'MSFT', isListed: false }] }, EVENING)
  await audit(bare.node, { at: EVENING })
  await drain(bare)
  const absent = await listAbsences(db, 'equities_bars', '2024-01-01', ASOF)
  expect(absent.map(({ symbol, dt, reason, recheckAt }) => [symbol, dt, reason, recheckAt !== null])).toEqual(
    days.map((dt) => ['MSFT', dt, 'VENDOR_EMPTY_ONCE', true]),
  )
})

test('dispatch: a cell both vendors answer as empty is absent for good, and no gap any more', async () => {
  const bare = await openBareNode({ holes: [hole('alpaca'), hole('massive')] })
  await audit(bare.node, { at: EVENING })
  await drain(bare)
  expect(await listAbsences(bare.node.db, 'equities_bars', '2024-01-01', ASOF)).toEqual([
    { symbol: 'MSFT', dt: '2024-07-03', reason: 'VENDORS_AGREE_EMPTY', recheckAt: null },
  ])
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 8, absent: 1 }])
  expect(await audit(bare.node, { at: EVENING })).toMatchObject({ gaps: 0, enqueued: 0, rechecks: 0 })
  expect((await tasksIn(bare.node.db)).every(({ state }) => state === 'done')).toBe(true)
})

test('dispatch: a holder that loses its lease while it asks leaves its files and changes nothing else', async () => {
  const bare = await openBareNode({ symbols: ['AAPL'], vendors: { alpaca: {} } })
  const { node, clock } = bare
  await audit(node, { at: EVENING })
  const { attempts: _1, ...before } = await snapshot(node.db)
  const robbed = outlivingItsLease(bare, async (answer) => {
    const now = clock.now()
    expect(await reapLeases(node.db, 12, now)).toBe(1)
    const ids = (await tasksIn(node.db)).map(({ id }) => id)
    await claimTasks(node.db, { ids, vendor: 'alpaca', token: 'thief', holder: 'b', now, leaseExpiresAt: now + 1 })
    return answer
  })
  expect(await dispatchNext(robbed, 'today')).toMatchObject({ tasks: 1, outcomes: { filled: 1 }, settled: false })
  const after = await snapshot(node.db)
  expect(after.attempts).toEqual([])
  for (const table of ['coverage', 'absences', 'bookmarks', 'partitions']) expect(after[table]).toEqual(before[table])
  expect(after.leases?.every((lease) => (lease as { token: string }).token === 'thief')).toBe(true)
  expect(await bare.files()).toHaveLength(2)
  expect(bare.log.join('')).toContain('dispatch.lease_lost')

  // The thief dies too; asking again finds the same rows on disk and now remembers them.
  await clock.sleep(1)
  expect(await drain(bare)).toMatchObject([{ settled: true }, { settled: true }])
  expect(await countCoverage(node.db)).toMatchObject([{ present: 3 }])
})

test('dispatch: a holder that is slow, page by page, keeps its lease', async () => {
  const bare = await openBareNode({
    symbols: ['AAPL', 'AMD', 'BA', 'CAT'],
    vendors: { alpaca: {} },
    datasets: { equities_bars_minute: { depth: { sessions: 1 } } },
    terms: { shape: { rows_per_page: 600, symbols_per_call: 500, pages_per_plan: 4 } },
  })
  const { node, clock } = bare
  await audit(node, { at: EVENING })
  let pages = 0
  const slow = withGet(node, (get) => async (request) => {
    const answer = await get(request)
    await clock.sleep(15 * 60_000)
    pages++
    // A claim looks for lapsed leases first.
    expect(await reapLeases(node.db, 12, clock.now())).toBe(0)
    return answer
  })
  expect(await dispatchNext(slow, null)).toMatchObject({ tasks: 4, outcomes: { filled: 4 }, settled: true })
  expect(pages).toBeGreaterThan(2)
})

test('dispatch: a late holder whose rows differ does no harm: its file is one more version, told of as a correction at once', async () => {
  const bare = await openBareNode({
    symbols: ['AAPL'],
    vendors: { alpaca: {} },
    datasets: { equities_bars: { depth: { sessions: 1 } } },
  })
  const { node } = bare
  await audit(node, { at: EVENING })
  const changed = (body: string): string => body.replace(/"c":(\d+)/g, (_, close) => `"c":${Number(close) + 1}`)
  const cell = [{ symbol: 'AAPL', dt: ASOF }]
  let known: Attempt | undefined
  const late = outlivingItsLease(bare, async (answer) => {
    // Another dispatch takes the task and settles it before this answer is read.
    expect(await dispatched(node)).toMatchObject({ outcomes: { filled: 1 }, settled: true })
    known = (await listAttempts(node.db, 'equities_bars', cell))[0]
    return { ...answer, body: changed(answer.body) }
  })
  expect(await dispatchNext(late, null)).toMatchObject({ tasks: 1, settled: false })
  expect(known).toMatchObject({ vendor: 'alpaca', outcome: 'filled', rows: 1 })
  expect(await tasksIn(node.db)).toMatchObject([{ state: 'done', attempts: 2 }])
  expect(await node.db.all(sql`SELECT * FROM leases`)).toEqual([])
  const [corrected] = await listAttempts(node.db, 'equities_bars', cell)
  expect(corrected?.digest).not.toBe(known?.digest)
  const corrections = [{ symbol: 'AAPL', dt: ASOF, previous: known?.digest, digest: corrected?.digest }]
  expect(await node.db.all(sql`SELECT symbol, dt, previous, digest FROM corrections`)).toEqual(corrections)
  expect(await countCoverage(node.db)).toMatchObject([{ present: 1, short: 0, absent: 0 }])
  // The next start reads the manifest and learns nothing new.
  const settled = await snapshot(node.db)
  await recover(node)
  expect(await snapshot(node.db)).toEqual(settled)
})

test('dispatch: FRED: what the source says is none is final, and a curve without all its series is short', async () => {
  const honest = syntheticYields(7)
  const bare = await openBareNode({
    datasets: { macro_treasury: { depth: { from: '2024-07-01' } } },
    vendors: { fred: {} },
    yields: {
      ...honest,
      observations: (id, from, to) =>
        honest
          .observations(id, from, to)
          .map((row) =>
            row.date === '2024-07-02' || (id === 'DGS20' && row.date === '2024-07-03') ? { ...row, value: '.' } : row,
          ),
    },
  })
  await audit(bare.node, { at: EVENING })
  const done = await drain(bare)
  expect(done[0]).toMatchObject({ vendor: 'fred', calls: 11 })
  expect(await listAbsences(bare.node.db, 'macro_treasury', '2024-07-01', ASOF)).toEqual([
    { symbol: 'UST', dt: '2024-07-02', reason: 'SOURCE_SAYS_NONE', recheckAt: null },
  ])
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 3, short: 1, absent: 1 }])
})

test('dispatch: a night within five calls a minute spends as long as it takes, and never a call too many', async () => {
  const symbols = ['AAPL', 'AMD', 'BA', 'CAT', 'DIS', 'GS', 'HD', 'IBM']
  const bare = await openBareNode({
    symbols,
    vendors: { massive: { calls_per_minute: 5 } },
    datasets: { equities_bars_minute: { depth: { sessions: 2 } } },
  })
  await audit(bare.node, { at: EVENING })
  const done = await drain(bare)
  expect(done.reduce((sum, { calls }) => sum + calls, 0)).toBe(bare.lab.massive.stats().calls)
  expect(bare.lab.massive.stats()).toMatchObject({ violations: 0, byStatus: { 200: bare.lab.massive.stats().calls } })
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: symbols.length * 2 }])
  expect(bare.clock.now() - EVENING).toBeGreaterThan(60_000)
})

test('dispatch: a plan whose budget ends half-way keeps what was answered and snoozes the rest', async () => {
  const bare = await openBareNode({
    symbols: ['AAPL', 'AMD', 'BA', 'CAT'],
    vendors: { alpaca: { calls_per_minute: 3, today_share: 0 } },
    datasets: { equities_bars_minute: { depth: { sessions: 1 } } },
    terms: { shape: { rows_per_page: 600, symbols_per_call: 500, pages_per_plan: 4 } },
    lab: { limits: { alpaca: 3 } },
  })
  await audit(bare.node, { at: EVENING })
  const connection = bare.node.vendors[0]!
  const { get: getOf } = connection
  let others = 1
  connection.get = (lane) => async (request) => {
    const answer = await getOf(lane)(request)
    // Another process sends a call of the same account meanwhile.
    if (others-- > 0) await takeCalls(bare.node.db, { vendor: 'alpaca', perMinute: 3, perDay: null }, 1, EVENING)
    return answer
  }
  const first = await dispatched(bare.node)
  expect(first.outcomes.filled).toBeGreaterThan(0)
  expect(first.outcomes.rate_limited).toBeGreaterThan(0)
  const open = (await tasksIn(bare.node.db)).filter(({ state }) => state === 'queued')
  expect(open).toHaveLength(first.outcomes.rate_limited as number)
  expect(open.every(({ attempts, nextAt }) => attempts === 0 && nextAt > EVENING)).toBe(true)
  expect((await listCircuits(bare.node.db)).every(({ blockedUntil }) => blockedUntil === 0)).toBe(true)
  await drain(bare)
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 4 }])
  expect(bare.lab.alpaca.stats().violations).toBe(0)
})

test('dispatch: every lease is given back in the end', async () => {
  const bare = await openBareNode({ holes: [hole('alpaca')] })
  await audit(bare.node, { at: EVENING })
  await drain(bare)
  expect(await bare.node.db.all(sql`SELECT * FROM leases`)).toEqual([])
})

test('dispatch: an answer of thousands of cells is judged and settled in parts, and all of it is', async () => {
  const symbols = Array.from(
    { length: 110 },
    (_, at) => `S${String.fromCharCode(65 + (at % 26), 65 + Math.floor(at / 26))}`,
  )
  const bare = await openBareNode({ symbols, datasets: { equities_bars: { depth: { sessions: 60 } } } })
  await audit(bare.node, { at: EVENING })
  expect(await dispatched(bare.node)).toMatchObject({ tasks: 110 })
  const done = await dispatched(bare.node)
  expect(done).toMatchObject({ tasks: 6_490, outcomes: { filled: 6_490 }, calls: 1, rows: 6_490, settled: true })
  expect(await dispatchNext(bare.node, null)).toEqual({ nextAt: null })
  expect(await countCoverage(bare.node.db)).toMatchObject([{ symbols: 110, present: 6_600, absent: 0 }])
  expect((await bare.files()).filter((path) => path.startsWith('raw/'))).toHaveLength(60)
  const cells = symbols.map((symbol) => ({ symbol, dt: ASOF }))
  expect(await listAttempts(bare.node.db, 'equities_bars', [...cells, ...cells])).toHaveLength(220)
  expect(await audit(bare.node, { at: EVENING })).toMatchObject({ gaps: 0, enqueued: 0 })
})
