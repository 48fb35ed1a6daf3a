import { expect, test } from 'vitest'
import { takeCalls } from '../../db/budgets/take-calls.ts'
import { blockVendor } from '../../db/circuits/circuits.ts'
import { demote } from '../../db/demotions/demotions.ts'
import { limitsOf } from '../../functions/_catalog/account-limits.ts'
import { chooseNext, claimNext } from '../../functions/_dispatch/claim.ts'
import type { Choice } from '../../functions/_dispatch/plan-call.ts'
import type { Node } from '../../functions/_http/node.ts'
import { cellKey } from '../../functions/_market/cell.ts'
import { audit } from '../../functions/audit.ts'
import { dispatchOneTask } from '../../functions/dispatch-one-task.ts'
import { snapshot, tasksIn } from '../db/temp-db.ts'
import { ASOF, type BareNodeTerms, EVENING, openBareNode } from './bare-node.ts'

async function audited(terms: BareNodeTerms = {}) {
  const bare = await openBareNode(terms)
  await audit(bare.node, { at: EVENING })
  return bare
}

const connectionOf = (node: Node, name: string) => node.vendors.find((connection) => connection.name === name)!
const chosen = async (node: Node, lane: 'today' | 'backfill' | null = null): Promise<Choice> => {
  const choice = await chooseNext(node, lane)
  if (!('plan' in choice)) throw new Error(`expected a choice, got ${JSON.stringify(choice)}`)
  return choice
}

test.each([
  [200, 0.1, 200, 180],
  [5, 0.2, 5, 4],
  [5, 0, 5, 5],
  [10, 0.25, 10, 8],
  [1, 0.9, 1, 1],
  [0, 0.1, 0, 0],
])(
  'claim: of %d calls a minute with a share of %d for today, today may take %d and backfill %d',
  async (calls, share, today, backfill) => {
    const { node } = await openBareNode({
      vendors: { alpaca: { calls_per_minute: calls, today_share: share, calls_per_day: 99 } },
    })
    const connection = connectionOf(node, 'alpaca')
    expect(limitsOf(connection, 'today')).toEqual({ vendor: 'alpaca', perMinute: today, perDay: 99, isToday: true })
    expect(limitsOf(connection, 'backfill')).toMatchObject({ perMinute: backfill, reserved: today - backfill })
  },
)

test('claim: the vendor with the better score is chosen, and the ranking says why', async () => {
  const { node } = await audited()
  const { source, ranking, head, plan } = await chosen(node)
  expect(source.connection.name).toBe('alpaca')
  expect(head).toMatchObject({ dt: ASOF, lane: 'today' })
  expect(plan.wants).toHaveLength(3)
  expect(ranking.map(({ vendor }) => vendor)).toEqual(['alpaca', 'massive'])
  expect(ranking[0]?.score).toBeGreaterThan(ranking[1]?.score as number)
  expect(ranking[1]).toMatchObject({ preference: 1, fills: 0.95, latencyMs: 800 })
})

test('claim: preference can turn the ranking round', async () => {
  const { node } = await audited({ vendors: { alpaca: { calls_per_minute: 5 }, massive: {} } })
  expect((await chosen(node)).source.connection.name).toBe('massive')
})

test('claim: a vendor without budget is passed over for the next', async () => {
  const { node } = await audited()
  expect(await takeCalls(node.db, { vendor: 'alpaca', perMinute: 200, perDay: null }, 200, EVENING)).toBe(true)
  const { source, ranking } = await chosen(node)
  expect(source.connection.name).toBe('massive')
  expect(ranking.map(({ vendor }) => vendor)).toEqual(['massive'])
})

test('claim: a plan is no longer than what is left of the budget, so that none is cut and leaves a scatter of cells', async () => {
  const { node } = await audited({
    vendors: { alpaca: {} },
    datasets: { equities_bars: { depth: { sessions: 40 } } },
    terms: { shape: { rows_per_page: 12, symbols_per_call: 500, pages_per_plan: 4 } },
  })
  const planned = async (): Promise<number[]> => {
    const { plan } = await chosen(node, 'backfill')
    return [plan.expectedCalls, plan.wants.length]
  }
  expect(await planned()).toEqual([4, 48])
  expect(await takeCalls(node.db, { vendor: 'alpaca', perMinute: 200, perDay: null }, 178, EVENING)).toBe(true)
  expect(await planned()).toEqual([2, 24])
})

test('claim: a vendor whose circuit is open is passed over until it closes', async () => {
  const { node, clock } = await audited()
  await blockVendor(node.db, 'alpaca', EVENING + 5_000, 'resets')
  expect((await chosen(node)).source.connection.name).toBe('massive')
  await clock.sleep(5_000)
  expect((await chosen(node)).source.connection.name).toBe('alpaca')
})

test('claim: a vendor that refused the head is passed over, and still chosen for what it may do', async () => {
  const { node } = await audited()
  const refusal = {
    vendor: 'alpaca',
    dataset: 'equities_bars',
    symbol: '*',
    outcome: 'not_entitled',
    until: EVENING + 1,
  }
  await demote(node.db, [{ ...refusal, fromDt: ASOF, toDt: ASOF }])
  expect((await chosen(node)).source.connection.name).toBe('massive')
  expect((await chosen(node, 'backfill')).source.connection.name).toBe('alpaca')
})

test('claim: when every vendor is busy, the first instant at which one is free is named', async () => {
  const { node } = await audited()
  await blockVendor(node.db, 'alpaca', EVENING + 90_000, 'resets')
  await takeCalls(node.db, { vendor: 'massive', perMinute: 5, perDay: null }, 5, EVENING)
  expect(await chooseNext(node, null)).toEqual({ nextAt: EVENING + 60_300 })
})

test('claim: the share kept for today is refused to backfill and given to today', async () => {
  const { node } = await audited({ vendors: { massive: { calls_per_minute: 5, today_share: 0.2 } } })
  await takeCalls(node.db, limitsOf(connectionOf(node, 'massive'), 'backfill'), 4, EVENING)
  expect(await chooseNext(node, 'backfill')).toEqual({ nextAt: EVENING + 60_300 })
  expect((await chosen(node, 'today')).source.connection.name).toBe('massive')
})

test('claim: a vendor without its keys is never chosen', async () => {
  const { node } = await audited({ env: { APCA_API_KEY_ID: '' } })
  expect((await chosen(node)).source.connection.name).toBe('massive')
})

test('claim: a dry choice claims nothing, spends nothing and asks nobody', async () => {
  const { node, lab } = await audited()
  const before = await snapshot(node.db)
  const calls = () => [lab.alpaca.stats().calls, lab.massive.stats().calls]
  const asked = calls()
  const shown = await dispatchOneTask(node, { dryRun: true })
  expect(shown).toMatchObject({ plan: { vendor: 'alpaca', cells: 3 }, more: true })
  expect(JSON.stringify(shown)).not.toMatch(/LABKEY|lab-alpaca-secret/)
  expect(await snapshot(node.db)).toEqual(before)
  expect(calls()).toEqual(asked)
})

test('claimers at once share the queue without overlap, and each is told what it got', async () => {
  const { node } = await audited()
  const claims = await Promise.all(Array.from({ length: 6 }, () => claimNext(node, null)))
  const taken = claims.flatMap((claim) =>
    'token' in claim ? claim.plan.wants.map(({ symbol, dt }) => cellKey(symbol, dt)) : [],
  )
  expect(new Set(taken).size).toBe(taken.length)
  const leased = (await tasksIn(node.db)).filter(({ state }) => state === 'leased')
  expect(taken.sort()).toEqual(leased.map(({ symbol, dt }) => cellKey(symbol, dt)).sort())
})

test('claim: two plans at once do not count on the same calls', async () => {
  const { node } = await audited({
    datasets: { equities_bars: { depth: { sessions: 200 }, backfill: { order: 'oldest-first', recent_sessions: 0 } } },
    vendors: { alpaca: { calls_per_minute: 6, today_share: 0 } },
    terms: { shape: { rows_per_page: 50, symbols_per_call: 1, pages_per_plan: 4 } },
  })
  const claims = await Promise.all([claimNext(node, 'backfill'), claimNext(node, 'backfill')])
  const calls = claims.map((claim) => ('token' in claim ? claim.plan.expectedCalls : 0))
  expect(calls.sort()).toEqual([2, 4])
  for (const claim of claims) if ('token' in claim) node.reservations.release(claim.token)
  expect(node.reservations.reserved('alpaca')).toBe(0)
})

test('claim: on an account of few calls one worker at a time plans, and the other looks again', async () => {
  const { node } = await audited({
    datasets: { equities_bars: { depth: { sessions: 200 }, backfill: { order: 'oldest-first', recent_sessions: 0 } } },
    vendors: { alpaca: { calls_per_minute: 4, today_share: 0 }, massive: { calls_per_minute: 0 } },
    terms: { shape: { rows_per_page: 50, symbols_per_call: 1, pages_per_plan: 4 } },
  })
  const first = await claimNext(node, 'backfill')
  expect('token' in first && first.plan.expectedCalls).toBe(4)
  const second = await claimNext(node, 'backfill')
  expect(second).toEqual({ nextAt: node.now() + 5_000 })
})

test('claim: a plan for a cell that was not offered is a bug, and says so', async () => {
  const { node } = await audited()
  const { connector } = connectionOf(node, 'alpaca')
  const stranger = { symbol: 'STRANGE', dt: ASOF, expectedRows: 1 }
  connectionOf(node, 'alpaca').connector = {
    ...connector,
    plan: (...asked) => ({ ...connector.plan(...asked), wants: [stranger] }),
  }
  const choice = await chooseNext(node, null)
  expect('error' in choice && String(choice.error)).toContain(
    'alpaca planned STRANGE 2024-07-05, which it was not offered',
  )
})

test('claim: while the disk stops the backfill, only tasks of today are taken', async () => {
  const { node } = await audited()
  node.disk.allowsBackfill = () => false
  const lanes: string[] = []
  for (let claim = await claimNext(node, null); 'token' in claim; claim = await claimNext(node, null))
    for (const task of claim.tasks.values()) lanes.push(task.lane)
  expect(lanes.length).toBeGreaterThan(0)
  expect(new Set(lanes)).toEqual(new Set(['today']))
  expect((await tasksIn(node.db)).some(({ state }) => state === 'queued')).toBe(true)
})

test.each(['today', 'backfill', null] as const)(
  'claim: a full disk lets nothing be claimed in lane %s',
  async (lane) => {
    const { node } = await audited()
    node.disk.allowsCalls = () => false
    expect('token' in (await claimNext(node, lane))).toBe(false)
    expect((await tasksIn(node.db)).every(({ state, attempts }) => state === 'queued' && attempts === 0)).toBe(true)
  },
)
