import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tasksIn } from '../db/temp-db.ts'
import { ASOF, EVENING, FIRST, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

const RANGE = `dataset=equities_bars&from=${FIRST}&to=${ASOF}`

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.remove())
beforeEach(async () => {
  const tables = ['leases', 'gap_tasks', 'attempts', 'coverage', 'absences', 'demotions', 'bookmarks', 'partitions']
  await node.running().node.db.write(tables.map((table) => sql`DELETE FROM ${sql.identifier(table)}`))
})

const preview = async (query = RANGE) => await node.get(`/enqueue?${query}`)
const page = async (query = RANGE): Promise<string> => {
  const answer = await fetch(`${node.running().address}/enqueue?${query}`, { headers: { accept: 'text/html' } })
  expect(answer.status).toBe(200)
  return (await answer.text()).replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
}
const press = (fields: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${node.running().address}/enqueue/form`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: fields,
  })
const dispatchAll = () => node.steps('dispatch-one-task')

describe('enqueue preview: GET /enqueue', () => {
  test('counts what would be queued and what each vendor would take, and writes nothing', async () => {
    const before = await node.databaseText()
    const { status, body } = await preview()
    expect(status).toBe(200)
    expect(body).toMatchObject({
      ...{ ok: true, dataset: 'equities_bars', from: FIRST, to: ASOF, symbols: 2, again: false },
      ...{ queues: 2 * SESSIONS, alreadyOpen: 0, stalled: 0, present: 0, explained: 0 },
      notExpected: { NO_SESSION: 2 * 3 },
      notServed: {},
    })
    const vendors = body.vendors as { vendor: string; cells: number; calls: number; doneAt: string }[]
    expect(vendors.map(({ vendor, cells }) => [vendor, cells])).toEqual([
      ['alpaca', 2 * SESSIONS],
      ['massive', 2 * SESSIONS],
    ])
    for (const { calls, doneAt } of vendors) {
      expect(calls).toBeGreaterThanOrEqual(1)
      expect(calls).toBeLessThanOrEqual(2 * SESSIONS)
      expect(Date.parse(doneAt)).toBeGreaterThanOrEqual(EVENING)
    }
    expect(await node.databaseText()).toBe(before)
  })

  test('foresees the calls that the vendor then really takes', async () => {
    const { body } = await preview()
    const [alpaca] = body.vendors as { calls: number }[]
    await node.post('/enqueue', { dataset: 'equities_bars', symbols: 'all', from: FIRST, to: ASOF })
    const asked = node.asked()
    await dispatchAll()
    expect(node.asked() - asked).toBeLessThanOrEqual((alpaca?.calls ?? 0) + 1)
  })

  test('counts with again what is there and explained as well', async () => {
    await press(RANGE)
    await dispatchAll()
    expect((await preview()).body).toMatchObject({ queues: 0, present: 2 * SESSIONS })
    expect((await preview(`${RANGE}&again=true`)).body).toMatchObject({ queues: 2 * SESSIONS, again: true })
  })

  test('takes symbols one by one and in ranges, and refuses what makes no sense in words', async () => {
    expect((await preview(`${RANGE}&symbols=AAPL`)).body).toMatchObject({ symbols: 1, queues: SESSIONS })
    expect((await preview(`${RANGE}&symbols=A..N`)).body).toMatchObject({ symbols: 2 })
    expect(await preview(`${RANGE}&symbols=TYPO`)).toMatchObject({
      status: 404,
      body: { error: 'symbols: no TYPO in equities_bars: it has 2 others' },
    })
    expect(await preview(`dataset=equities_bars&from=${ASOF}&to=${FIRST}`)).toMatchObject({
      status: 400,
      body: { error: `from: ${ASOF} lies after to, ${FIRST}` },
    })
    expect(await preview('dataset=equities_bars')).toMatchObject({
      status: 400,
      body: { error: 'from: expected a day as YYYY-MM-DD, once; to: expected a day as YYYY-MM-DD, once' },
    })
    expect(await preview(`dataset=nothing&from=${FIRST}&to=${ASOF}`)).toMatchObject({ status: 404 })
  })

  test('is a page for a browser, with the button that queues', async () => {
    const text = await page()
    expect(text).toContain('12 cells would be queued.')
    expect(text).toContain('Queue 12 cells')
    expect(text).toMatch(/alpaca 12 1 under a minute/)
  })
})

describe('enqueue preview: the button', () => {
  test('queues what was previewed, once, and leads back to a page that says so', async () => {
    const pressed = await press(`${RANGE}&symbols=AAPL`)
    expect(pressed.status).toBe(303)
    expect(pressed.headers.get('location')).toBe(
      `../enqueue?dataset=equities_bars&symbols=AAPL&from=${FIRST}&to=${ASOF}`,
    )
    expect((await tasksIn(node.running().node.db)).map(({ symbol }) => symbol)).toEqual(Array(SESSIONS).fill('AAPL'))
    expect(await page(`${RANGE}&symbols=AAPL`)).toContain('Nothing to add: 6 cells of it are queued.')
    expect((await press(`${RANGE}&symbols=AAPL`)).status).toBe(303)
    expect(await tasksIn(node.running().node.db)).toHaveLength(SESSIONS)
    await dispatchAll()
    expect(await page(`${RANGE}&symbols=AAPL`)).toContain('Nothing to ask for: all of it is there or explained.')
  })

  test('queues nothing for a form that is incomplete, or sent by a page of another site', async () => {
    const incomplete = await press('dataset=equities_bars')
    expect(incomplete.status).toBe(400)
    expect((await press(RANGE, { origin: 'http://elsewhere.example' })).status).toBe(403)
    expect(await tasksIn(node.running().node.db)).toEqual([])
  })
})
