import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { pauseUntil } from '../../db/budgets/apply-rate-limit.ts'
import { countFailure } from '../../db/circuits/circuits.ts'
import { demote } from '../../db/demotions/demotions.ts'
import { addCallStats } from '../../db/vendor-call-stats/call-stats.ts'
import { cellsPerCall, forecastOf } from '../../functions/_forecast/forecast.ts'
import { audit } from '../../functions/audit.ts'
import { type BareNodeTerms, drain, EVENING, openBareNode } from '../_dispatch/bare-node.ts'

const MINUTE = 60_000
const SYMBOLS = Array.from({ length: 12 }, (_, at) => `S${at}`)
const MASSIVE: BareNodeTerms = {
  symbols: SYMBOLS,
  vendors: { massive: {} },
  datasets: { equities_bars: { depth: { sessions: 30 } } },
}

test('forecast: what is foreseen is what happens: a vendor of few calls takes as long as its calls take', async () => {
  const bare = await openBareNode({ ...MASSIVE, vendors: { massive: { calls_per_minute: 2, today_share: 0 } } })
  const { emptyAt, vendors, datasets } = await forecastOf(bare.node)
  expect(datasets).toMatchObject([{ dataset: 'equities_bars', open: 12 * 30, nobody: {} }])
  expect(vendors).toMatchObject([{ vendor: 'massive', cells: 12 * 30, calls: 12 }])
  await audit(bare.node, { at: EVENING })
  await drain(bare)
  const took = bare.clock.now() - EVENING
  const foreseen = emptyAt! - EVENING
  expect(Math.abs(took - foreseen)).toBeLessThanOrEqual(0.1 * MINUTE)
  expect(await forecastOf(bare.node)).toMatchObject({ emptyAt: bare.clock.now(), datasets: [{ open: 0 }] })
})

test('forecast: cells are counted, not tasks: what no audit has queued yet is foreseen too', async () => {
  const bare = await openBareNode(MASSIVE)
  const before = await forecastOf(bare.node)
  await audit(bare.node, { at: EVENING })
  expect(await forecastOf(bare.node)).toEqual(before)
})

test('forecast: a vendor that is paused, or refuses the dataset, begins later', async () => {
  const bare = await openBareNode(MASSIVE)
  await pauseUntil(bare.node.db, 'massive', EVENING + 60 * MINUTE)
  const paused = (await forecastOf(bare.node)).emptyAt!
  expect(paused).toBeGreaterThan(EVENING + 60 * MINUTE)
  const whole = { vendor: 'massive', dataset: 'equities_bars', symbol: '*', fromDt: '0000-01-01', toDt: '9999-12-31' }
  await demote(bare.node.db, [{ ...whole, outcome: 'not_entitled', until: EVENING + 120 * MINUTE }])
  expect((await forecastOf(bare.node)).emptyAt).toBe(paused + 60 * MINUTE)
})

test('forecast: days before every history and days nobody has yet are counted apart, by their reason', async () => {
  const bare = await openBareNode({
    ...MASSIVE,
    terms: { history: { from: '2024-06-03' }, recency: { days: 1, at: '11:00' } },
  })
  const { datasets } = await forecastOf(bare.node)
  // 30 sessions up to 5 July: seven of them lie in May, one is not out yet.
  expect(datasets).toMatchObject([{ open: 12 * 22, nobody: { BEFORE_VENDOR_HISTORY: 12 * 7, TOO_RECENT: 12 } }])
})

test('forecast: one call settles what a plan promises and the backlog allows, until calls have shown how many', () => {
  expect(cellsPerCall(10_000, 1_000_000, undefined)).toBe(10_000)
  expect(cellsPerCall(10_000, 400, undefined)).toBe(400)
  expect(cellsPerCall(0, 0, undefined)).toBe(1)
  expect(cellsPerCall(10_000, 1_000_000, { asked: 5_000, calls: 5 })).toBe(5_500)
})

test('forecast: the interval holds what is reckoned, and its ends are at most a factor of two apart', async () => {
  const { node } = await openBareNode(MASSIVE)
  const { emptyAt, earliest, latest } = await forecastOf(node)
  expect(earliest).toBeLessThan(emptyAt!)
  expect(latest).toBeGreaterThan(emptyAt!)
  expect((latest! - EVENING) / (earliest! - EVENING)).toBeLessThanOrEqual(2)
})

test('forecast: a vendor is given no cell that it has answered, and a cell that all have answered waits', async () => {
  const { node } = await openBareNode({ ...MASSIVE, vendors: { massive: {}, alpaca: {} } })
  await audit(node, { at: EVENING })
  const block = (symbol: string, blockedFor: string) => sql`
    UPDATE gap_tasks SET blocked_for = ${blockedFor} WHERE symbol = ${symbol} AND lane = 'backfill'`
  await node.db.write([block('S0', 'alpaca'), block('S1', '*')])
  const { datasets } = await forecastOf(node)
  const [{ open, nobody, vendors }] = datasets as [(typeof datasets)[0]]
  expect([open + (nobody.WAITS ?? 0), nobody.WAITS]).toEqual([12 * 30, 29])
  expect(vendors.find(({ vendor }) => vendor === 'massive')?.cells).toBeGreaterThanOrEqual(29)
})

test('forecast: what only a vendor in an outage has is no part of the time', async () => {
  const { node } = await openBareNode(MASSIVE)
  for (let failures = 0; failures < 5; failures++) await countFailure(node.db, 'massive', 'connection reset')
  expect(await forecastOf(node)).toMatchObject({
    emptyAt: EVENING,
    datasets: [{ open: 0, nobody: { VENDOR_OUTAGE: 360 } }],
  })
})

test('forecast: where dispatches take longer than the budgets, the workers set the time', async () => {
  const { node } = await openBareNode(MASSIVE)
  const before = (await forecastOf(node)).emptyAt!
  const hour = 3_600_000
  const seen = { filled: 30, short: 0, empty: 0, refused: 0, postponed: 0, malformed: 0, unavailable: 0 }
  await addCallStats(
    node.db,
    { vendor: 'massive', dataset: 'equities_bars', calls: 1, rows: 30, tookMs: 100, dispatchMs: hour, ...seen },
    EVENING,
  )
  expect((await forecastOf(node)).emptyAt).toBeGreaterThan(before + hour / 2)
})
