import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { QueueView } from '../../functions/queue/view.ts'
import { claim } from '../db/temp-db.ts'
import { ASOF, EVENING, FIRST, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.remove())
beforeEach(async () => {
  const tables = [
    'leases',
    'gap_tasks',
    'attempts',
    'coverage',
    'absences',
    'demotions',
    'bookmarks',
    'partitions',
    'budgets',
  ]
  await db().write(tables.map((table) => sql`DELETE FROM ${sql.identifier(table)}`))
  await node.post('/audit')
})

const db = () => node.running().node.db
const read = async (query = ''): Promise<QueueView> => (await node.get(`/queue${query}`)).body as unknown as QueueView

test('queue: the queue is counted by dataset, lane and state, with its reasons, days and next turn', async () => {
  await db().write([
    sql`UPDATE gap_tasks SET reason = 'recheck', next_at = ${EVENING - 1000} WHERE symbol = 'MSFT' AND dt = ${FIRST}`,
  ])
  const view = await read('?forecast=no')
  expect(view.counts.filter(({ dataset }) => dataset === 'equities_bars')).toEqual([
    {
      dataset: 'equities_bars',
      lane: 'backfill',
      state: 'queued',
      tasks: 2 * (SESSIONS - 1),
      oldestDt: FIRST,
      newestDt: '2025-07-07',
      nextAt: new Date(EVENING - 1000).toISOString(),
      reasons: { missing: 2 * (SESSIONS - 1) - 1, recheck: 1 },
    },
    expect.objectContaining({ lane: 'today', state: 'queued', tasks: 2, oldestDt: ASOF }),
  ])
  expect(view.open).toBe(view.counts.reduce((sum, { tasks }) => sum + tasks, 0))
  expect(view).not.toHaveProperty('tasks')
  expect(view).not.toHaveProperty('forecast')
})

test('queue: every vendor shows what it would take next, best score first', async () => {
  const [bars] = (await read('?forecast=no')).heads
  expect(bars).toMatchObject({
    dataset: 'equities_bars',
    ranking: [
      { vendor: 'alpaca', freeAt: new Date(EVENING).toISOString(), head: { dt: ASOF, lane: 'today' } },
      { vendor: 'massive', head: { dt: ASOF } },
    ],
  })
})

test('queue: a call under way shows its holder and its time, and not its token', async () => {
  const tasks = await db().all<{ id: number; cells: number }>(
    sql`SELECT id, cells FROM gap_tasks WHERE dataset = 'equities_bars' LIMIT 3`,
  )
  const ids = tasks.map(({ id }) => id)
  await claim(db(), ids, 'a-token-that-is-a-right', { now: EVENING, leaseExpiresAt: EVENING + 60_000 })
  const view = await read('?forecast=no')
  expect(view.leases).toEqual([
    expect.objectContaining({
      holder: 'test',
      vendor: 'alpaca',
      tasks: tasks.reduce((sum, { cells }) => sum + cells, 0),
      since: new Date(EVENING).toISOString(),
      until: new Date(EVENING + 60_000).toISOString(),
    }),
  ])
  expect(JSON.stringify(view)).not.toContain('a-token-that-is-a-right')
  expect((await read('?state=leased&forecast=no')).tasks).toHaveLength(3)
})

test('queue: filters narrow the counts and list the tasks in their order', async () => {
  const view = await read(`?dataset=equities_bars&symbol=MSFT&from=2025-07-01&to=${ASOF}&limit=2&forecast=no`)
  expect(view.open).toBe(SESSIONS - 1)
  const days = { symbol: 'MSFT', dt: '2025-07-01', toDt: '2025-07-07', cells: 4 }
  expect(view.tasks![0]).toMatchObject(days)
  expect(view.tasks![1]).toMatchObject({ dt: ASOF, toDt: ASOF, cells: 1 })
  expect((await read(`?dataset=equities_bars&symbol=MSFT&from=2025-07-03&to=2025-07-06&forecast=no`)).open).toBe(1)
  const queued = await read('?state=queued&dataset=equities_bars&forecast=no&limit=3')
  expect(queued.tasks!.map(({ lane, dt }) => `${lane} ${dt}`)).toEqual([
    `today ${ASOF}`,
    `today ${ASOF}`,
    `backfill ${FIRST}`,
  ])
})

test('queue: the forecast empties the backlog at the speed of the budgets, and says what nobody can serve', async () => {
  const { forecast } = await read()
  const bars = forecast!.datasets.find(({ dataset }) => dataset === 'equities_bars')!
  expect(bars).toMatchObject({ open: 2 * SESSIONS, nobody: {} })
  expect(bars.vendors.reduce((sum, { cells }) => sum + cells, 0)).toBe(2 * SESSIONS)
  expect(Date.parse(bars.emptyAt!)).toBeGreaterThan(EVENING)
  expect(Date.parse(bars.emptyAt!)).toBeLessThan(EVENING + 5 * 60_000)
})

test('queue: a dry run shows the ranking with its inputs and the plan, and spends nothing', async () => {
  const [before, asked] = [await node.databaseText(), node.asked()]
  const { body } = await node.post('/dispatch-one-task', { dryRun: true })
  expect(body).toMatchObject({
    head: { dt: ASOF },
    ranking: [
      {
        vendor: 'alpaca',
        score: expect.any(Number),
        fills: expect.any(Number),
        preference: 2,
        cost: expect.any(Number),
        latencyMs: expect.any(Number),
      },
      { vendor: 'massive' },
    ],
    plan: { vendor: 'alpaca', expectedCalls: 1, cells: expect.any(Number), wants: expect.any(Array) },
  })
  await node.get('/queue')
  await node.get('/vendors')
  expect([await node.databaseText(), node.asked()]).toEqual([before, asked])
})

test.each([
  ['?dataset=bonds', 404, /no dataset "bonds"/],
  ['?state=done', 400, /state/],
  ['?symbol=aapl', 400, /symbol/],
  [`?from=${ASOF}&to=${FIRST}`, 400, /from: 2025-07-08 lies after/],
  ['?limit=0', 400, /limit/],
  ['?limit=5&limit=6', 400, /limit: expected at most once/],
  ['?symbols=AAPL', 400, /symbols/],
])('queue: GET /queue%s is refused in words', async (query, status, sentence) => {
  const answer = await node.get(`/queue${query}`)
  expect([answer.status, answer.body.error]).toEqual([status, expect.stringMatching(sentence)])
})

// Last, because the clock of the node goes on by weeks.
test('queue: a given-up task tells its story and where to read on', async () => {
  node.lab.alpaca.fault({ kind: 'string-numbers' })
  node.lab.massive.fault({ kind: 'html-200' })
  for (let turns = 0; turns < 60; turns++) {
    const { body } = await node.post('/dispatch-one-task', {})
    if (body.more) continue
    if (body.nextAt === null) break
    await node.clock.sleep(Date.parse(String(body.nextAt)) - node.clock.now())
  }
  node.lab.alpaca.fault(null)
  node.lab.massive.fault(null)
  const { stalled, forecast } = await read('?dataset=equities_bars&limit=5')
  expect(stalled).toHaveLength(5)
  expect(stalled[0]).toMatchObject({
    symbol: 'AAPL',
    dt: FIRST,
    state: 'stalled',
    lastOutcome: 'malformed',
    why: `/why/equities_bars/AAPL/${FIRST}`,
  })
  expect(stalled[0]!.answers.map(({ vendor, outcome }) => `${vendor} ${outcome}`).sort()).toEqual([
    'alpaca malformed',
    'massive malformed',
  ])
  expect(forecast!.datasets[0]).toMatchObject({ dataset: 'equities_bars', nobody: { GIVEN_UP: 2 * SESSIONS } })
  expect((await node.get(stalled[0]!.why)).body).toMatchObject({ absence: { reason: 'GIVEN_UP' } })
})
