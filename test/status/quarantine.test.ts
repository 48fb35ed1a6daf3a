import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../config/schema.ts'
import { createApp } from '../../functions/index.ts'
import { ASOF, startTestNode, type TestNode } from '../test-node.ts'

interface Shown {
  vendor: string
  symbol: string | null
  dt: string | null
  at: string
  message: string
}

let node: TestNode
beforeAll(async () => {
  const change = ({ vendors: { alpaca, massive, fred }, ...config }: Config): Config => ({
    ...config,
    vendors: { alpaca: alpaca!, massive: massive!, fred: fred! },
  })
  node = await startTestNode({ change })
  await node.post('/audit')
  node.lab.alpaca.fault({ kind: 'string-numbers' })
  node.lab.fred.fault({ kind: 'html-200' })
  for (let turns = 0; turns < 8; turns++) {
    await node.post('/dispatch-one-task')
    await node.clock.sleep(1000)
  }
})
afterAll(() => node.remove())

const samplesAt = async (path: string): Promise<Shown[]> => {
  const { status, body } = await node.get(path)
  expect(status).toBe(200)
  expect(body.ok).toBe(true)
  return body.samples as Shown[]
}

test('quarantine: what vendors sent that is no data is shown, newest first, with cell, instant and reason', async () => {
  const samples = await samplesAt('/quarantine')
  expect(samples.length).toBeGreaterThan(2)
  expect(samples).toContainEqual({
    vendor: 'alpaca',
    dataset: 'equities_bars',
    symbol: 'AAPL',
    dt: ASOF,
    at: '2025-07-09T00:30:00.000Z',
    outcome: 'malformed',
    status: 200,
    message: expect.stringContaining('does not parse'),
    sample: expect.any(String),
    times: 1,
  })
  const page = samples.find(({ vendor }) => vendor === 'fred')
  expect(page).toMatchObject({ symbol: null, dt: null, sample: expect.stringContaining('maintenance') })
  const instants = samples.map(({ at }) => at)
  expect(new Set(instants).size).toBeGreaterThan(1)
  expect(instants).toEqual([...instants].sort().reverse())
})

test('quarantine: of one vendor, and as many as asked for', async () => {
  const alpaca = await samplesAt('/quarantine?vendor=alpaca&limit=200')
  expect(alpaca.length).toBeGreaterThan(1)
  expect(new Set(alpaca.map(({ vendor }) => vendor))).toEqual(new Set(['alpaca']))
  expect(await samplesAt('/quarantine?limit=1&vendor=alpaca')).toEqual(alpaca.slice(0, 1))
  expect(await samplesAt('/quarantine?vendor=massive')).toEqual([])
})

test('quarantine: reading changes nothing and asks nobody', async () => {
  const before = await node.databaseText()
  const asked = node.asked()
  await samplesAt('/quarantine')
  expect(await node.databaseText()).toBe(before)
  expect(node.asked()).toBe(asked)
})

test('quarantine: what was kept survives a restart', async () => {
  const before = await samplesAt('/quarantine')
  await node.stop()
  await node.start()
  expect(await samplesAt('/quarantine')).toEqual(before)
})

test('quarantine: a node that may only be read shows it too', async () => {
  const app = createApp(node.running().node, { full: 'full-token', read: 'read-token' })
  const ask = (headers: Record<string, string>) => app.request('http://127.0.0.1/quarantine', { headers })
  expect((await ask({ authorization: 'Bearer read-token' })).status).toBe(200)
  expect((await ask({})).status).toBe(401)
})

describe('quarantine: refuses', () => {
  test.each(['0', '201', '-1', '1.5', '1e2', 'ten', '', ' 5', '9'.repeat(30)])('%j as limit', async (limit) => {
    const { status, body } = await node.get(`/quarantine?limit=${encodeURIComponent(limit)}`)
    expect(status).toBe(400)
    expect(body).toEqual({ ok: false, error: 'limit: expected one whole number from 1 to 200' })
  })

  test.each(['alpacca', '', '*', "' OR 1=1 --"])('%j as vendor, and says which there are', async (vendor) => {
    const { status, body } = await node.get(`/quarantine?vendor=${encodeURIComponent(vendor)}`)
    expect(status).toBe(400)
    expect(body.error).toBe(`vendor: no ${JSON.stringify(vendor)} here: there are alpaca, massive, fred`)
  })

  test('a parameter it does not know, or one that is given twice', async () => {
    expect(await node.get('/quarantine?symbol=AAPL')).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('symbol') },
    })
    expect(await node.get('/quarantine?limit=1&limit=2')).toMatchObject({
      status: 400,
      body: { error: 'limit: expected at most once' },
    })
  })

  test('to be posted to', async () => {
    expect((await node.post('/quarantine')).status).toBe(404)
  })
})
