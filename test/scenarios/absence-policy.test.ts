import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { Datasets } from '../../config/schema.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { chooseNext } from '../../functions/_dispatch/claim.ts'
import { dtsOfMask, monthOf } from '../../functions/_market/dt.ts'
import { audit } from '../../functions/audit.ts'
import { createApp } from '../../functions/index.ts'
import { explanationOf } from '../../functions/why/explanation.ts'
import { type BareNodeTerms, dispatched, drain, openBareNode } from '../_dispatch/bare-node.ts'
import { DATASET } from '../db/temp-db.ts'

type Backfill = NonNullable<NonNullable<BareNodeTerms['datasets']>['equities_bars']>['backfill']

const openWithBackfill = (backfill: Partial<NonNullable<Backfill>>, sessions = 10) =>
  openBareNode({
    vendors: { alpaca: {} },
    datasets: {
      equities_bars: { depth: { sessions }, backfill: { order: 'oldest-first', recent_sessions: 0, ...backfill } },
    },
  })

/** Day by day in the order in which tasks are taken. */
async function daysQueued({ node }: Awaited<ReturnType<typeof openWithBackfill>>): Promise<string[]> {
  const tasks = await node.db.all<{ dt: string; days: number | null; sortKey: number }>(
    sql`SELECT DISTINCT dt, days, sort_key AS sortKey FROM gap_tasks WHERE state = 'queued' ORDER BY lane DESC, priority DESC, sort_key, id`,
  )
  const days = tasks.flatMap(({ dt, days, sortKey }) => {
    const all = days === null ? [dt] : dtsOfMask(monthOf(dt), days)
    return sortKey < 0 ? all.reverse() : all
  })
  return [...new Set(days)]
}

const ASCENDING = ['2024-06-21', '2024-06-24', '2024-06-25', '2024-06-26', '2024-06-27', '2024-06-28', '2024-07-01']

describe('absence policy: the order of a backlog', () => {
  test('is oldest first unless told otherwise, the newest session ahead of all', async () => {
    const bare = await openWithBackfill({})
    await audit(bare.node, {})
    expect((await daysQueued(bare)).slice(0, 8)).toEqual(['2024-07-05', ...ASCENDING])
  })

  test('is newest first where the dataset says so, and a change turns what is queued', async () => {
    const bare = await openWithBackfill({ order: 'newest-first' })
    await audit(bare.node, {})
    const newest = ['2024-07-05', '2024-07-03', '2024-07-02', ...ASCENDING.toReversed()]
    expect(await daysQueued(bare)).toEqual(newest)
    bare.node.config.datasets.equities_bars!.backfill.order = 'oldest-first'
    await audit(bare.node, {})
    expect((await daysQueued(bare)).slice(1, 8)).toEqual(ASCENDING)
    await audit(bare.node, {})
    expect((await daysQueued(bare)).slice(1, 8)).toEqual(ASCENDING)
  })

  test('newest first hands out the newest day, in one call with the days before it', async () => {
    const bare = await openWithBackfill({ order: 'newest-first' })
    await audit(bare.node, {})
    const reach = {
      vendor: 'alpaca',
      dataset: DATASET,
      fromDt: '2000-01-01',
      toDt: '2030-01-01',
      lane: 'backfill',
      now: bare.clock.now(),
    } as const
    expect(await findHead(bare.node.db, reach)).toMatchObject({ dt: '2024-07-01', days: 0b111 })
    const choice = await chooseNext(bare.node, 'backfill')
    if (!('plan' in choice)) throw new Error('expected a plan')
    const days = new Set(choice.plan.wants.map(({ dt }) => dt))
    expect(days.has('2024-07-03')).toBe(true)
    expect(days.size).toBeGreaterThan(4)
    await dispatched(bare.node)
    await drain(bare)
    expect((await audit(bare.node, {})).gaps).toBe(0)
    expect(bare.lab.alpaca.stats().calls).toBeLessThanOrEqual(5)
  })
})

describe('absence policy: a cap on the tasks of one run', () => {
  test.each([
    ['oldest-first', '2024-06-21'],
    ['newest-first', '2024-07-05'],
  ] as const)('%s: the first days of the order are queued, the others by later audits', async (order, first) => {
    const bare = await openWithBackfill({ order, max_tasks_per_run: 3 })
    expect(await audit(bare.node, {})).toMatchObject({ enqueued: 3 })
    if (order === 'newest-first') expect(await daysQueued(bare)).toEqual([first])
    else expect((await daysQueued(bare))[0]).toBe(first)
    expect(await audit(bare.node, {})).toMatchObject({ enqueued: 3 })
  })
})

describe('absence policy: a look-back narrower than the depth', () => {
  test('does not queue older gaps, and says so', async () => {
    const bare = await openWithBackfill({ look_back: { sessions: 3 } })
    const { node } = bare
    expect(await audit(node, {})).toMatchObject({ expected: 30, gaps: 9 })
    expect(await daysQueued(bare)).toEqual(['2024-07-05', '2024-07-02', '2024-07-03'])
    await drain(bare)
    expect(await audit(node, {})).toMatchObject({ gaps: 0 })
    const cell = {
      dataset: 'equities_bars',
      spec: node.config.datasets.equities_bars!,
      symbol: 'AAPL',
      dt: '2024-06-28',
    } as const
    const { absence, next, backfill } = await explanationOf(node, cell)
    expect(absence).toBeNull()
    expect(backfill).toEqual({ order: 'oldest-first', lookBackFrom: '2024-07-02' })
    expect(next).toEqual({
      at: null,
      sentence: 'nothing: outside the look-back of equities_bars, which queues gaps from 2024-07-02 on',
    })
    const app = createApp(node, { full: null, read: null })
    const answer = await app.request('/coverage/equities_bars', { headers: { host: '127.0.0.1' } })
    expect(((await answer.json()) as { total: object }).total).toMatchObject({
      expected: 30,
      present: 9,
      open: 21,
      openBecause: { 'outside the look-back': 21 },
    })
  })
})

describe('absence policy: the configuration', () => {
  const shipped = { calendar: 'xnys', universe: 'symbols', depth: { years: 1 }, expected_rows: 'one', key: ['ts'] }
  const rest = {
    raw_layout: 'date',
    partition: 'year',
    cadence: { ready_at: '20:16' },
    columns: [{ name: 'ts', type: 'instant' }],
  }
  const read = (more: object, top: object = {}) =>
    Datasets.safeParse({ datasets: { equities_bars: { ...shipped, ...rest, ...more } }, ...top })

  test('keeps today’s behaviour where nothing is said', () => {
    expect(read({}).data).toMatchObject({
      datasets: { equities_bars: { backfill: { order: 'oldest-first' } } },
      incidents: { share: 0.5, min_cells: 20 },
    })
  })

  test.each([
    ['an order there is not', { backfill: { order: 'random' } }, {}],
    ['a cap of nothing', { backfill: { max_tasks_per_run: 0 } }, {}],
    ['a look-back of half a year', { backfill: { look_back: { years: 0.5 } } }, {}],
    ['a key there is not', { backfill: { depth: { years: 1 } } }, {}],
    ['a share of nobody', {}, { incidents: { share: 0 } }],
    ['an incident of one cell', {}, { incidents: { min_cells: 1 } }],
  ])('refuses %s', (_what, more, top) => {
    expect(read(more, top).success).toBe(false)
  })
})
