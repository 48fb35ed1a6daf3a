import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Receiver, SECRET_PATH, startReceiver } from './receiver.ts'
import { startTestNode, type TestNode } from './test-node.ts'

const FULL = 'full-token-0123456789'
const READ = 'read-token-0123456789'

let node: TestNode
let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver()
  node = await startTestNode({
    env: { DATA_NODE_TOKEN: FULL, DATA_NODE_READ_TOKEN: READ, WEBHOOK_URL: receiver.url, PING_URL: receiver.url },
    change: (config) => ({
      ...config,
      notifications: { node: 'cellar', webhook: { format: 'ntfy', leave_out: [] } },
    }),
  })
})
afterAll(async () => {
  await node.remove()
  await receiver.close()
})

async function ask(path: string, token: string, body?: string) {
  const answer = await fetch(`${node.running().address}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body }),
    headers: { authorization: `Bearer ${token}` },
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

test('notify: a test message reaches the webhook in its format, and the answer comes back without its address', async () => {
  receiver.answer(200, `{"topic":"${SECRET_PATH}"}`)
  const { status, body } = await ask('/notify', FULL, '{"test":true}')
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      ok: true,
      address: `${new URL(receiver.url).origin}/…`,
      format: 'ntfy',
      delivered: true,
      answer: 'HTTP 200: {"topic":"[secret]"}',
      more: false,
      nextAt: null,
    },
  })
  expect(receiver.received.at(-1)).toMatchObject({
    method: 'POST',
    headers: { title: 'cellar', priority: '3' },
    body: 'This is a test: messages of this node arrive here.',
  })
  expect((await ask('/status', READ)).body.notifications).toMatchObject({
    webhook: { format: 'ntfy', waiting: 0, last: { ok: true } },
    ping: { last: null },
  })
})

test('notify: a receiver that refuses is no failure of the call, and a reason of /readyz until one is taken', async () => {
  receiver.answer(403, 'forbidden')
  expect((await ask('/notify', FULL, '{"test":true}')).body).toMatchObject({
    ok: true,
    delivered: false,
    answer: 'HTTP 403: forbidden',
  })
  expect((await ask('/readyz', READ)).body.reasons).toMatchObject([{ code: 'message_unsent', about: 'webhook' }])
  receiver.answer(200)
  await ask('/notify', FULL, '{"test":true}')
  expect((await ask('/readyz', READ)).body.reasons).toEqual([])
})

test('notify: needs the full token and a body that says test', async () => {
  const before = receiver.received.length
  expect((await ask('/notify', READ, '{"test":true}')).status).toBe(403)
  for (const body of ['', '{}', '{"test":false}', '{"test":true,"to":"http://elsewhere"}']) {
    expect((await ask('/notify', FULL, body)).status).toBe(400)
  }
  expect(receiver.received).toHaveLength(before)
})

test('notify: no log line and no answer holds an address', async () => {
  const shown = [...node.lines, JSON.stringify((await ask('/status', FULL)).body)].join()
  expect(shown).not.toContain(SECRET_PATH)
})

test('notify: without a webhook it says which variable to set', async () => {
  await node.stop()
  Object.assign(node.env, { WEBHOOK_URL: '', PING_URL: '' })
  await node.start()
  expect(await ask('/notify', FULL, '{"test":true}')).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining('set WEBHOOK_URL') },
  })
  expect((await ask('/status', READ)).body.notifications).toEqual({ webhook: null, ping: null })
})
