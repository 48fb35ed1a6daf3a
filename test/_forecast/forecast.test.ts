import { expect, test } from 'vitest'
import { pauseUntil } from '../../db/budgets/apply-rate-limit.ts'
import { demote } from '../../db/demotions/demotions.ts'
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
  // Calls come in twos a minute, and the last of them take no time: the real night may be one minute shorter or longer.
  expect(Math.abs(took - foreseen)).toBeLessThanOrEqual(1.1 * MINUTE)
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

test('forecast: one call settles what its shape and the backlog allow, until calls have shown how many', () => {
  const terms = { shape: { rows_per_page: 10_000, symbols_per_call: 100, pages_per_plan: 4 } }
  const of = (open: number, symbols: number, learned?: { asked: number; calls: number }) =>
    cellsPerCall({ terms } as Parameters<typeof cellsPerCall>[0], 1, { open, symbols }, learned)
  expect(of(1_000_000, 500)).toBe(10_000)
  expect(of(2_000, 500)).toBe(400)
  expect(of(0, 0)).toBe(1)
  expect(of(1_000_000, 500, { asked: 5_000, calls: 5 })).toBe(5_500)
})
