import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Node } from '../functions/_http/node.ts'
import { createApp } from '../functions/index.ts'
import { demoCron } from './demo/scenario.ts'
import { EVENING, startTestNode, type TestNode } from './test-node.ts'

let node: TestNode
beforeEach(async () => {
  node = await startTestNode({ now: EVENING + 30 * 60_000 + 250 })
})
afterEach(() => node.remove())

interface Shown {
  running: object | null
  last: { scheduledAt: string; ok: boolean } | null
}
const night = async (): Promise<Shown> => ((await node.get('/cron')).body.chains as Shown[])[0]!

/** Asks the map of URLs with a token, of this node with some parts changed. */
async function ask(change: Partial<Node>, token = 'full-token') {
  const app = createApp({ ...node.running().node, ...change }, { full: 'full-token', read: 'read-token' })
  const headers = { authorization: `Bearer ${token}` }
  const answer = await app.request('/run/night', { method: 'POST', headers })
  return { status: answer.status, body: await answer.json() }
}

test('run: a chain begins at once for now, is joined while it runs, and plays to its end', async () => {
  node.lab.alpaca.fault({ kind: 'slow-body', ms: 300 })
  const { steps } = (await demoCron()).chains[0]!
  const begun = { ok: true, chain: 'night', scheduledAt: '2025-07-09T01:00:00.000Z' }
  expect(await node.post('/run/night')).toEqual({ status: 202, body: begun })
  expect(await node.post('/run/night')).toEqual({ status: 202, body: { ...begun, alreadyRunning: true } })
  expect((await night()).running).toMatchObject({ scheduledAt: begun.scheduledAt, steps: steps.length })
  await expect.poll(night, { timeout: 30_000 }).toMatchObject({ running: null, last: { ok: true } })
  expect((await night()).last?.scheduledAt).toBe(begun.scheduledAt)
  expect((await node.post('/audit')).body).toMatchObject({ gaps: 0 })
}, 60_000)

test('run: an unknown chain is refused with those there are', async () => {
  expect(await node.post('/run/nigth')).toEqual({
    status: 404,
    body: { ok: false, error: 'no chain "nigth" here: there are night' },
  })
})

test('run: a node without a schedule refuses every chain', async () => {
  const { schedule: _, ...rest } = node.running().node
  const app = createApp(rest, { full: 'full-token', read: null })
  const headers = { authorization: 'Bearer full-token' }
  const answer = await app.request('/run/night', { method: 'POST', headers })
  expect(answer.status).toBe(404)
  expect(await answer.json()).toEqual({ ok: false, error: 'no chain "night" here: the schedule has none' })
})

test('run: a token that may only read begins nothing', async () => {
  expect((await ask({}, 'read-token')).status).toBe(403)
  expect((await ask({}, 'no-token')).status).toBe(401)
  expect(await night()).toMatchObject({ running: null, last: null })
})

test('run: nothing begins while the node writes nothing', async () => {
  const objection = async () => ({ code: 'clock_doubtful', what: 'the clock is wrong', todo: 'set it' }) as const
  const { status, body } = await ask({ gate: { objection } })
  expect(status).toBe(503)
  expect(body).toMatchObject({ ok: false, nextAt: expect.any(String) })
  expect(await night()).toMatchObject({ running: null, last: null })
})

test('run: a body with any field is refused', async () => {
  const { status, body } = await node.post('/run/night', { at: '2025-07-08T20:30:00-04:00' })
  expect(status).toBe(400)
  expect(body.error).toContain('at')
})
