import { sql } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { ASOF, bars, type SmallTerms, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
afterEach(() => node.remove())

const UNIVERSE = ['AAPL', 'MSFT', 'IBM', 'GE', 'XOM', 'KO'].map((symbol) => ({ symbol, from: '2020-01-02', to: null }))

async function start({ change, ...terms }: SmallTerms = {}, asking = { sample_share: 0.3, sample_histories: 0 }) {
  node = await startTestNode({
    universe: UNIVERSE,
    ...terms,
    change: (config) => {
      const own = { ...config, qc: { ...config.qc, asking: { ...config.qc.asking, ...asking } } }
      return change ? change(own) : own
    },
  })
  await node.night()
}

interface Task {
  dataset: string
  symbol: string
  dt: string
  vendor: string
  priority: number
  lane: string
  nextAt: number
}
const queued = () =>
  node
    .running()
    .node.db.all<Task>(
      sql`SELECT dataset, symbol, dt, vendor, priority, lane, next_at AS nextAt FROM gap_tasks WHERE done_at IS NULL ORDER BY symbol, dt`,
    )
const versions = () =>
  node
    .running()
    .node.db.all<{ symbol: string; dt: string }>(
      sql`SELECT symbol, dt FROM attempts WHERE dataset = 'equities_bars' AND vendor = 'massive' AND digest IS NOT NULL ORDER BY symbol, dt`,
    )

test('sample: the newest session of a share of the symbols is read from the other vendor too, and the preferred version stays', async () => {
  await start()
  expect((await node.post('/sample')).body).toMatchObject({
    ok: true,
    asof: ASOF,
    sessions: 2,
    histories: 0,
    enqueued: 2,
    more: false,
  })
  const tasks = await queued()
  expect(tasks).toHaveLength(2)
  for (const task of tasks)
    expect(task).toMatchObject({
      dataset: 'equities_bars',
      dt: ASOF,
      vendor: 'massive',
      lane: 'backfill',
      priority: -1000,
    })
  await node.steps('dispatch-one-task', 'curate-partition', 'qc-partition')
  expect(await versions()).toEqual(tasks.map(({ symbol, dt }) => ({ symbol, dt })))
  const why = (await node.get(`/why/equities_bars/${tasks[0]!.symbol}/${ASOF}`)).body
  expect(why).toMatchObject({ winner: { vendor: 'alpaca' }, qc: { status: 'GREEN' } })
})

test('sample: a second call of the same date queues nothing more, before its cells are read and after', async () => {
  await start()
  await node.post('/sample')
  const tasks = await queued()
  expect((await node.post('/sample')).body).toMatchObject({ enqueued: 0, waiting: 2 })
  expect(await queued()).toEqual(tasks)
  await node.steps('dispatch-one-task', 'curate-partition', 'qc-partition')
  expect((await node.post('/sample')).body).toMatchObject({ enqueued: 0, waiting: 0 })
  expect(await queued()).toEqual([])
})

test('sample: the history of a symbol is asked for in one call where one call holds it', async () => {
  await start({}, { sample_share: 0, sample_histories: 1 })
  expect((await node.post('/sample')).body).toMatchObject({ sessions: 0, histories: 6, enqueued: 6 })
  expect(new Set((await queued()).map(({ symbol }) => symbol)).size).toBe(1)
  const calls = node.lab.massive.stats().calls
  await node.steps('dispatch-one-task')
  expect(node.lab.massive.stats().calls).toBe(calls + 1)
  expect(await versions()).toHaveLength(6)
})

test('sample: a vendor that has the day only later is asked then', async () => {
  const later = { days: 1, at: '11:00' }
  await start({
    change: (config) => {
      const massive = config.vendors.massive!
      const terms = { ...massive.datasets.equities_bars!, recency: later }
      return {
        ...config,
        vendors: {
          ...config.vendors,
          massive: { ...massive, datasets: { ...massive.datasets, equities_bars: terms } },
        },
      }
    },
  })
  await node.post('/sample')
  expect((await queued()).map(({ nextAt }) => nextAt)).toEqual(
    [1, 2].map(() => Date.parse('2025-07-09T11:00:00-04:00')),
  )
})

test('sample: where no second vendor may be asked nothing is queued', async () => {
  await start({
    change: (config) => {
      const massive = config.vendors.massive!
      const terms = { ...massive.datasets.equities_bars!, entitled: false }
      return {
        ...config,
        vendors: {
          ...config.vendors,
          massive: { ...massive, datasets: { ...massive.datasets, equities_bars: terms } },
        },
      }
    },
  })
  expect((await node.post('/sample')).body).toMatchObject({ enqueued: 0, more: false })
  expect(await queued()).toEqual([])
})

test('sample: an empty answer leaves the cell as it is, and the vendor may be asked once more should the cell be lost', async () => {
  await start({
    sources: { massive: { ...bars('massive', UNIVERSE), daily: () => [] } },
  })
  await node.post('/sample')
  await node.steps('dispatch-one-task')
  const rows = await node
    .running()
    .node.db.all<{ outcome: string; askAgainAt: number }>(
      sql`SELECT outcome, ask_again_at AS askAgainAt FROM attempts WHERE vendor = 'massive' AND dataset = 'equities_bars'`,
    )
  expect(rows).toHaveLength(2)
  for (const { outcome, askAgainAt } of rows) {
    expect(outcome).toBe('empty')
    expect(askAgainAt).toBeLessThan(node.running().node.now() + 400 * 86_400_000)
  }
  expect((await node.post('/sample')).body).toMatchObject({ enqueued: 0 })
})
