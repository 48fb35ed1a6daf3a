import { sql } from 'drizzle-orm'
import { afterEach, expect, test } from 'vitest'
import { bundleFolder } from '../../functions/_lake/paths.ts'
import { ASOF, startTestNode, type TestNode } from '../test-node.ts'
import { BARS, README, writeBundle } from './small-bundle.ts'

const READ = 'read-token-0123456789'
const FULL = 'full-token-0123456789'
const ACK = { puller: 'box', files: 4, rows: 1, bytes: 0 }
const cell = (symbol: string, dt: string, dataset = 'equities_bars') => ({ dataset, symbol, dt })

let node: TestNode
afterEach(() => node.remove())

/** A node that has asked nobody yet, and a bundle of the day. */
async function begin(env: Record<string, string> = {}): Promise<TestNode> {
  node = await startTestNode({ env })
  await writeBundle(bundleFolder(node.env.EXPORT_ROOT!, ASOF), ASOF, { [README]: 'one', [BARS]: 'bars' })
  return node
}

const tasks = () =>
  node
    .running()
    .node.db.all(sql`SELECT symbol, priority FROM gap_tasks WHERE dataset = 'equities_bars' ORDER BY symbol, dt`)

test('ack: counts are recorded once, compared with the bundle, and shown by /status', async () => {
  await begin()
  const list = (await node.get('/exports')).body.bundles as { digest: string; bytes: number }[]
  const { digest, bytes } = list[0]!
  const path = `/exports/${ASOF}/ack`
  const first = await node.post(path, { ...ACK, bytes, digest })
  expect(first).toMatchObject({
    status: 200,
    body: { ok: true, asof: ASOF, puller: 'box', matches: true, missed: 0, enqueued: 0 },
  })
  expect(await node.post(path, { ...ACK, bytes, digest })).toEqual(first)
  const { acknowledged } = (await node.get('/status')).body
  expect(acknowledged).toMatchObject({
    asof: ASOF,
    puller: 'box',
    files: 4,
    rows: 1,
    bytes,
    digest,
    missed: 0,
    at: expect.stringContaining('2025-07-09T'),
  })
  expect((await node.post(path, { ...ACK, bytes, files: 3 })).body).toMatchObject({ matches: false })
  expect((await node.post(path, { ...ACK, bytes, digest: '0'.repeat(64) })).body).toMatchObject({ matches: false })
})

test('ack: missed cells that are expected are queued ahead of the backlog, the others are told by reason', async () => {
  await begin()
  const missed = [
    cell('AAPL', '2025-07-07'),
    cell('AAPL', '2025-07-07'),
    cell('MSFT', '2025-07-07'),
    cell('NOBODY', '2025-07-07'),
    cell('AAPL', '2025-07-05'),
    cell('AAPL', '2025-07-07', 'no_such_dataset'),
  ]
  const answer = await node.post(`/exports/${ASOF}/ack`, { ...ACK, missed })
  expect(answer).toMatchObject({
    status: 200,
    body: {
      missed: 6,
      enqueued: 2,
      alreadyOpen: 0,
      present: 0,
      notExpected: 1,
      unknown: 2,
      because: [expect.stringContaining('NOBODY'), expect.stringContaining('no_such_dataset')],
    },
  })
  expect(await tasks()).toEqual([
    { symbol: 'AAPL', priority: 200 },
    { symbol: 'MSFT', priority: 200 },
  ])
  expect((await node.post(`/exports/${ASOF}/ack`, { ...ACK, missed })).body).toMatchObject({
    enqueued: 0,
    alreadyOpen: 2,
  })
  expect(await tasks()).toHaveLength(2)
})

test('ack: a cell that the node has is not asked for again by a reader', async () => {
  await begin()
  await node.night()
  const before = node.asked()
  const { body } = await node.post(`/exports/${ASOF}/ack`, { ...ACK, missed: [cell('AAPL', '2025-07-07')] })
  expect(body).toMatchObject({ enqueued: 0, present: 1 })
  expect(node.asked()).toBe(before)
})

test.each<[string, unknown, number]>([
  ['no puller', { files: 1, rows: 1, bytes: 1 }, 400],
  ['a puller that is no name', { ...ACK, puller: 'a b\n' }, 400],
  ['a negative count', { ...ACK, rows: -1 }, 400],
  ['an unknown field', { ...ACK, again: true }, 400],
  ['too many cells', { ...ACK, missed: Array.from({ length: 1_001 }, () => cell('AAPL', '2025-07-07')) }, 400],
  [
    'too many days',
    { ...ACK, missed: Array.from({ length: 61 }, (_, at) => cell('AAPL', '2025-07-07', `dataset${at}`)) },
    400,
  ],
  ['no JSON', '{', 400],
])('ack: %s is refused and changes nothing', async (_what, body, status) => {
  await begin()
  expect((await node.post(`/exports/${ASOF}/ack`, body)).status).toBe(status)
  expect((await node.get('/status')).body.acknowledged).toBeNull()
  expect(await tasks()).toEqual([])
})

test('ack: a day without a bundle has nothing to acknowledge', async () => {
  await begin()
  expect((await node.post('/exports/2025-07-07/ack', ACK)).status).toBe(404)
  expect((await node.post('/exports/2025-02-30/ack', ACK)).status).toBe(400)
})

test('ack: the read token may do this and no other write', async () => {
  await begin({ DATA_NODE_TOKEN: FULL, DATA_NODE_READ_TOKEN: READ })
  const { address } = node.running()
  const post = async (path: string, token: string): Promise<number> => {
    const init = { method: 'POST', body: JSON.stringify(ACK), headers: { authorization: `Bearer ${token}` } }
    return (await fetch(`${address}${path}`, init)).status
  }
  expect(await post(`/exports/${ASOF}/ack`, READ)).toBe(200)
  expect(await post(`/exports/${ASOF}/ack`, 'wrong')).toBe(401)
  for (const path of ['/audit', '/export', '/enqueue', '/forget', '/sweep']) expect(await post(path, READ)).toBe(403)
})
