import { expect, test, vi } from 'vitest'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { recordBaselines } from '../../db/liquidity/liquidity.ts'
import { listScores, recordScore } from '../../db/vendor-scores/scores.ts'
import { HALF_LIFE_MS } from '../../db/vendor-segments/half-life.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { chooseNext } from '../../functions/_dispatch/claim.ts'
import { dispatchOneTask } from '../../functions/dispatch-one-task.ts'
import { type BareNode, drain, EVENING, openBareNode } from '../_dispatch/bare-node.ts'
import { newTask } from '../db/temp-db.ts'
import type { BarSource } from '../lab/lab.ts'
import { syntheticBars } from '../lab/synthetic.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const SYMBOLS = Array.from({ length: 10 }, (_, at) => `S${at}`)
const UNIVERSE = SYMBOLS.map((symbol) => ({ symbol, from: '2005-01-03', to: null }))
const OLD = calendarOf('xnys').sessions('2006-01-03', '2006-03-31')
const RECENT = calendarOf('xnys').sessions('2023-01-03', '2023-03-31')

const EQUAL = {
  preference: 1,
  latency_ms: 400,
  fill_rate: 0.95,
  shape: { rows_per_page: 10_000, symbols_per_call: 1, pages_per_plan: 4 },
}

/** Two vendors that differ in what they have; Alpaca, with more calls, is the better one until it is known to lack something. */
const openTwo = (alpaca: (source: BarSource) => BarSource): Promise<BareNode> =>
  openBareNode({
    universe: UNIVERSE,
    datasets: { equities_bars: { depth: { from: '2005-01-03' } } },
    vendors: { alpaca: { calls_per_minute: 150 }, massive: { calls_per_minute: 100 } },
    terms: EQUAL,
    lab: { limits: { alpaca: 1_000, massive: 1_000 } },
    bars: (vendor) => {
      const source = syntheticBars({ seed: 7, universe: UNIVERSE, vendor })
      return vendor === 'alpaca' ? alpaca(source) : source
    },
  })

async function asked(bare: BareNode, days: readonly string[], symbols: readonly string[] = SYMBOLS): Promise<void> {
  const tasks = symbols.flatMap((symbol) => days.map((dt) => newTask(symbol, dt)))
  await enqueueTasks(bare.node.db, 'equities_bars', tasks, bare.clock.now())
  await drain(bare)
}

/** Who would be asked for one cell, with nothing else in the queue. */
async function choiceFor(bare: BareNode, symbol: string, dt: string): Promise<string> {
  await enqueueTasks(bare.node.db, 'equities_bars', [newTask(symbol, dt)], bare.clock.now())
  const choice = await chooseNext(bare.node, null)
  if (!('plan' in choice)) throw new Error(`expected a choice for ${symbol} ${dt}`)
  await drain(bare)
  return choice.source.connection.name
}

test('score learning: a vendor that has nothing of old days loses the old days only, and has them back some time after its hole is repaired', async () => {
  let isRepaired = false
  const bare = await openTwo((source) => ({
    ...source,
    daily: (symbol, from, to) => source.daily(symbol, from, to).filter(({ dt }) => isRepaired || dt >= '2010-01-01'),
  }))
  await asked(bare, RECENT.slice(0, 30))
  await asked(bare, OLD.slice(0, 30))
  const [alpaca] = await listScores(bare.node.db, EVENING)
  const [recent, old] = alpaca!.segments
  expect(recent).toMatchObject({ ageBucket: 'five_years', asked: 300, filled: 300 })
  expect(old).toMatchObject({ ageBucket: 'older', filled: 0 })
  // After a few answers the other vendor was asked first.
  expect(old!.asked).toBeGreaterThanOrEqual(30)
  expect(old!.asked).toBeLessThan(150)
  expect(await choiceFor(bare, 'S0', RECENT[31]!)).toBe('alpaca')
  expect(await choiceFor(bare, 'S0', OLD[31]!)).toBe('massive')

  isRepaired = true
  await bare.clock.sleep(12 * HALF_LIFE_MS)
  expect(await choiceFor(bare, 'S0', OLD[32]!)).toBe('alpaca')
})

test('score learning: a vendor that is bad at thin symbols keeps the liquid ones', async () => {
  const [thin, liquid] = [SYMBOLS.slice(0, 5), SYMBOLS.slice(5)]
  const bare = await openTwo((source) => ({
    ...source,
    daily: (symbol, from, to) => (thin.includes(symbol) ? [] : source.daily(symbol, from, to)),
  }))
  const { datasets } = bare.node.config
  // The minutes are what tells of liquidity; nothing of them is asked for here.
  datasets.equities_bars_minute ??= { ...datasets.equities_bars!, expected_rows: 'session_minutes' }
  const baselines = SYMBOLS.map((symbol) => ({
    symbol,
    share: thin.includes(symbol) ? 0.05 : 1,
    days: 20,
    through: '2024-07-03',
  }))
  await recordBaselines(bare.node.db, 'equities_bars_minute', baselines)
  await asked(bare, RECENT.slice(0, 40), liquid)
  await asked(bare, RECENT.slice(0, 40), thin)
  expect(await choiceFor(bare, thin[0]!, RECENT[41]!)).toBe('massive')
  expect(await choiceFor(bare, liquid[0]!, RECENT[41]!)).toBe('alpaca')
})

test('score learning: a vendor that lacks old days leaves them to the other from the start of a round, though it is the better one elsewhere', async () => {
  const bare = await openTwo((source) => ({
    ...source,
    daily: (symbol, from, to) => source.daily(symbol, from, to).filter(({ dt }) => dt >= '2010-01-01'),
  }))
  await asked(bare, RECENT.slice(0, 30))
  await asked(bare, OLD.slice(0, 30))
  const calls = () => bare.lab.alpaca.stats().calls
  const before = calls()
  const tasks = SYMBOLS.flatMap((symbol) => [newTask(symbol, OLD[35]!), newTask(symbol, RECENT[35]!)])
  await enqueueTasks(bare.node.db, 'equities_bars', tasks, bare.clock.now())
  const first = await dispatchOneTask(bare.node, { dryRun: true })
  expect(first).toMatchObject({
    ranking: [
      { vendor: 'massive', segment: { ageBucket: 'older', liquidity: 'any' } },
      { vendor: 'alpaca', segment: { ageBucket: 'older', liquidity: 'any' } },
    ],
  })
  const done = await drain(bare)
  const cells = (vendor: string): number =>
    done.filter((one) => one.vendor === vendor).reduce((sum, { tasks }) => sum + tasks, 0)
  expect([cells('alpaca'), cells('massive')]).toEqual([10, 10])
  expect(calls() - before).toBe(10)
})

test('score learning: vendors are compared in the segment of the head in question, not of their own heads', async () => {
  const bare = await openBareNode({
    universe: UNIVERSE,
    datasets: { equities_bars: { depth: { from: '2005-01-03' } } },
    vendors: { alpaca: { calls_per_minute: 5 }, massive: { calls_per_minute: 100 } },
    terms: EQUAL,
    change: (config) => {
      config.vendors.alpaca!.datasets.equities_bars!.history = { from: '2016-01-04' }
      return config
    },
  })
  const { db } = bare.node
  const taught = async (vendor: string, ...segments: [ageBucket: string, filled: number][]): Promise<void> =>
    await recordScore(
      db,
      {
        vendor,
        dataset: 'equities_bars',
        calls: 1,
        latencyMs: 400,
        segments: segments.map(([ageBucket, filled]) => ({ ageBucket, liquidity: 'any', asked: 1_000, filled })),
      },
      EVENING,
    )
  await taught('alpaca', ['five_years', 1_000])
  await taught('massive', ['older', 1_000], ['five_years', 0])
  await enqueueTasks(db, 'equities_bars', [newTask('S0', OLD[0]!), newTask('S0', RECENT[0]!)], EVENING)
  // Massive has old days to itself and would be worse at the new one: the vendor of few calls does not leave that to it.
  const choice = await chooseNext(bare.node, null)
  expect(choice).toMatchObject({ head: { dt: RECENT[0] }, source: { connection: { name: 'alpaca' } } })
})
