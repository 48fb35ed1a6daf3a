import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../functions/index.ts'
import { startTestNode, type TestNode } from './test-node.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.remove())

const NIGHT = { id: 'night', running: null, nextAt: '2025-07-10T00:30:00.000Z' }

test('cron: every chain is listed with its last firing and its next instant, as in /status', async () => {
  const before = { ok: true, chains: [{ ...NIGHT, last: null }] }
  expect(await node.get('/cron')).toEqual({ status: 200, body: before })
  await node.night()
  const { body } = await node.get('/cron')
  expect(body.chains).toEqual([
    {
      ...NIGHT,
      last: {
        scheduledAt: '2025-07-09T00:30:00.000Z',
        endedAt: expect.stringMatching(/^2025-07-09T/),
        ok: true,
        failed: [],
        left: [],
      },
    },
  ])
  expect((await node.get('/status')).body.chains).toEqual(body.chains)
})

test('cron: a node without a schedule has no chains', async () => {
  const { schedule: _, ...rest } = node.running().node
  const app = createApp(rest, { full: null, read: null })
  const answer = await app.request('http://127.0.0.1/cron', { headers: { host: '127.0.0.1' } })
  expect(await answer.json()).toEqual({ ok: true, chains: [] })
})

test('cron: a read token may read it, and an unknown parameter is refused', async () => {
  const app = createApp(node.running().node, { full: 'full-token', read: 'read-token' })
  const headers = { authorization: 'Bearer read-token' }
  expect((await app.request('/cron', { headers })).status).toBe(200)
  expect((await app.request('/cron?chain=night', { headers })).status).toBe(400)
})
