import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TaskRow, tasksIn } from '../db/temp-db.ts'
import { ASOF, FIRST, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

const BARS = { dataset: 'equities_bars', symbols: 'all', from: FIRST, to: ASOF } as const

let node: TestNode
beforeAll(async () => {
  node = await startTestNode({
    env: { DATA_NODE_TOKEN: 'full-token-0000001', DATA_NODE_READ_TOKEN: 'read-token-0000001' },
  })
})
afterAll(() => node.remove())

const send = async (path: string, body: unknown, token = 'full-token-0000001') => {
  const answer = await fetch(`${node.running().address}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}
const enqueue = async (body: object) => (await send('/enqueue', { ...BARS, ...body })).body
const db = () => node.running().node.db
const tasks = (): Promise<(TaskRow & { lane: string; priority: number; reason: string; vendor: string | null })[]> =>
  db().all(
    sql`SELECT id, symbol, dt, state, attempts, lane, priority, reason, vendor FROM gap_tasks WHERE state <> 'done' ORDER BY dt, symbol`,
  )
const dispatchAll = async (): Promise<void> => {
  while ((await send('/dispatch-one-task', {})).body.more);
}

beforeEach(async () => {
  const tables = ['leases', 'gap_tasks', 'attempts', 'coverage', 'absences', 'demotions', 'bookmarks', 'partitions']
  await db().write(tables.map((table) => sql`DELETE FROM ${sql.identifier(table)}`))
})

describe('enqueue: POST /enqueue', () => {
  test('queues every gap of the range once, with the place that was wished for', async () => {
    const first = await enqueue({ symbols: ['MSFT'], priority: 70, lane: 'today' })
    expect(first).toMatchObject({ ok: true, enqueued: SESSIONS, alreadyOpen: 0, more: false, after: null })
    expect(await tasks()).toEqual(
      Array(SESSIONS).fill(
        expect.objectContaining({ symbol: 'MSFT', lane: 'today', priority: 70, reason: 'manual', vendor: null }),
      ),
    )
    const before = await node.databaseText()
    expect(await enqueue({ symbols: ['MSFT'], priority: 70, lane: 'today' })).toMatchObject({
      enqueued: 0,
      raised: 0,
      alreadyOpen: SESSIONS,
    })
    expect(await node.databaseText()).toBe(before)
  })

  test('moves what is queued already forward, and never back', async () => {
    await enqueue({ priority: 10 })
    expect(await enqueue({ symbols: ['AAPL'], priority: 90 })).toMatchObject({ enqueued: 0, raised: SESSIONS })
    expect(await enqueue({ priority: 20 })).toMatchObject({ enqueued: 0, raised: SESSIONS })
    expect((await tasks()).map(({ symbol, priority }) => `${symbol} ${priority}`).slice(0, 2)).toEqual([
      'AAPL 90',
      'MSFT 20',
    ])
    expect(await enqueue({ priority: 0, lane: 'today' })).toMatchObject({ raised: 2 * SESSIONS })
    expect(new Set((await tasks()).map(({ lane }) => lane))).toEqual(new Set(['today']))
  })

  test('counts what is not expected by reason', async () => {
    expect(await enqueue({ from: '2025-06-27', to: '2025-07-10' })).toMatchObject({
      enqueued: 2 * SESSIONS,
      // Two weekends but for one Friday, and the Fourth of July; then two days that have not closed.
      notExpected: { NO_SESSION: 2 * 5, BEYOND_DEPTH: 2, NOT_CLOSED_YET: 2 * 2 },
      notServed: {},
    })
  })

  test('leaves present and explained cells alone, and with again reads and asks them again', async () => {
    await enqueue({ symbols: ['AAPL'] })
    await dispatchAll()
    expect(await tasks()).toEqual([])
    expect(await enqueue({ symbols: ['AAPL'] })).toMatchObject({ enqueued: 0, present: SESSIONS, explained: {} })
    await db().write([
      sql`UPDATE coverage SET present = present & ~1, absent = 1 WHERE symbol = 'AAPL' AND month = '2025-07'`,
      sql`INSERT INTO absences VALUES ('equities_bars', 'AAPL', '2025-07-01', 'VENDORS_AGREE_EMPTY', 0, NULL)`,
      sql`UPDATE attempts SET digest = NULL, outcome = 'empty', ask_again_at = ${Number.MAX_SAFE_INTEGER} WHERE dt = '2025-07-01'`,
    ])
    expect(await enqueue({ symbols: ['AAPL'] })).toMatchObject({
      enqueued: 0,
      present: SESSIONS - 1,
      explained: { VENDORS_AGREE_EMPTY: 1 },
    })
    const asked = node.asked()
    expect(await enqueue({ symbols: ['AAPL'], again: true })).toMatchObject({ enqueued: SESSIONS, present: 0 })
    expect((await tasks()).map(({ dt, reason, vendor }) => `${dt} ${reason} ${vendor}`)).toContain(
      '2025-07-01 manual null',
    )
    expect((await tasks()).filter(({ reason, vendor }) => reason === 're_read' && vendor === 'alpaca')).toHaveLength(
      SESSIONS - 1,
    )
    await dispatchAll()
    expect(await tasks()).toEqual([])
    expect(node.asked()).toBeGreaterThan(asked)
    expect(await enqueue({ symbols: ['AAPL'] })).toMatchObject({ present: SESSIONS, explained: {} })
  })

  test('asks a vendor that is named once, and what it does not have stays a gap for the others', async () => {
    expect(await enqueue({ symbols: ['AAPL'], vendor: 'massive' })).toMatchObject({ enqueued: SESSIONS })
    expect((await tasks())[0]).toMatchObject({ vendor: 'massive' })
    await dispatchAll()
    const vendors = await db().all(sql`SELECT DISTINCT vendor FROM attempts`)
    expect(vendors).toEqual([{ vendor: 'massive' }])
    expect(await enqueue({ symbols: ['AAPL'] })).toMatchObject({ enqueued: 0, present: SESSIONS })
  })

  test('says when a range holds tasks that were given up, and redrive gives them back', async () => {
    await enqueue({ symbols: ['AAPL'] })
    await db().write([sql`UPDATE gap_tasks SET state = 'stalled', attempts = 12`])
    expect(await enqueue({})).toMatchObject({ enqueued: SESSIONS, alreadyOpen: SESSIONS, stalled: SESSIONS })
    expect((await send('/redrive', { symbol: 'AAPL', from: ASOF })).body).toMatchObject({
      ok: true,
      redriven: 1,
      more: false,
    })
    const [given] = (await tasksIn(db())).filter(({ symbol, state }) => symbol === 'AAPL' && state === 'queued')
    expect(given).toMatchObject({ dt: ASOF, attempts: 0 })
    const ids = (await tasks()).filter(({ state }) => state === 'stalled').map(({ id }) => id)
    expect((await send('/redrive', { ids: ids.slice(0, 2) })).body).toMatchObject({ redriven: 2 })
    expect((await send('/redrive', { dataset: 'macro_treasury' })).body).toMatchObject({ redriven: 0 })
    expect((await send('/redrive', {})).body).toMatchObject({ redriven: SESSIONS - 3 })
    expect((await send('/redrive', {})).body).toMatchObject({ redriven: 0 })
  })
})

test.each<[string, object, number, RegExp]>([
  ['/enqueue', { ...BARS, dataset: 'bonds' }, 404, /no dataset "bonds" here: there are equities_bars/],
  ['/enqueue', { ...BARS, symbols: ['AAPL', 'NOPE'] }, 404, /symbols: no NOPE in equities_bars/],
  ['/enqueue', { ...BARS, symbols: 'some' }, 400, /symbols: expected "all" or a list/],
  ['/enqueue', { ...BARS, symbols: [] }, 400, /symbols/],
  ['/enqueue', { ...BARS, symbols: ['../x'] }, 400, /symbols/],
  ['/enqueue', { ...BARS, from: '2025-02-30' }, 400, /from: expected a day/],
  ['/enqueue', { ...BARS, from: ASOF, to: FIRST }, 400, /from: 2025-07-08 lies after to/],
  [
    '/enqueue',
    { ...BARS, vendor: 'fred' },
    400,
    /vendor: "fred" may not be asked for equities_bars: .*alpaca, massive/,
  ],
  ['/enqueue', { ...BARS, priority: 1.5 }, 400, /priority/],
  ['/enqueue', { ...BARS, again: 'yes' }, 400, /again/],
  ['/enqueue', { ...BARS, after: '2025-13' }, 400, /after: expected a month/],
  ['/enqueue', { dataset: 'equities_bars' }, 400, /symbols.*from.*to/],
  ['/enqueue', { ...BARS, force: true }, 400, /force/],
  ['/redrive', { dataset: 'bonds' }, 404, /no dataset "bonds"/],
  ['/redrive', { symbol: 'aapl' }, 400, /symbol: expected a symbol/],
  ['/redrive', { from: ASOF, to: FIRST }, 400, /from: 2025-07-08 lies after to/],
  ['/redrive', { ids: [0] }, 400, /ids/],
  ['/redrive', { all: true }, 400, /all/],
])('enqueue: POST %s %j is refused in words and changes nothing', async (path, body, status, sentence) => {
  const before = await node.databaseText()
  const answer = await send(path, body)
  expect([answer.status, String(answer.body.error)]).toEqual([status, expect.stringMatching(sentence)])
  expect(await node.databaseText()).toBe(before)
})

test.each(['/enqueue', '/redrive'])('enqueue: a token that may only read may not %s', async (path) => {
  expect(await send(path, BARS, 'read-token-0000001')).toMatchObject({ status: 403 })
})
