import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { openBareNode } from '../_dispatch/bare-node.ts'

const REQUEST = {
  path: '/v2/stocks/bars',
  query: { symbols: 'AAPL', timeframe: '1Day', start: '2024-07-05', end: '2024-07-05' },
}

const connected = async () => {
  const bare = await openBareNode({ vendors: { alpaca: {} } })
  const [connection] = bare.node.vendors
  if (!connection) throw new Error('expected a vendor')
  return {
    ...bare,
    send: () =>
      connection
        .get('today')(REQUEST)
        .then(
          () => null,
          (error: Error) => error.message,
        ),
  }
}

test('connect vendors: a request leaves while the node may write', async () => {
  const { send, lab } = await connected()
  await send()
  expect(lab.alpaca.stats().calls).toBe(1)
})

test('connect vendors: no request leaves, and no call is counted, while the write gate objects', async () => {
  const { node, send, lab } = await connected()
  node.gate.objection = async () => ({ code: 'volume_lost', what: 'the volume is gone', todo: 'mount it' })
  expect(await send()).not.toBeNull()
  expect(lab.alpaca.stats().calls).toBe(0)
  expect(await node.db.all(sql`SELECT * FROM budgets`)).toEqual([])
})

test('connect vendors: no request leaves while the disk is full', async () => {
  const { node, send, lab } = await connected()
  node.disk.allowsCalls = () => false
  expect(await send()).not.toBeNull()
  expect(lab.alpaca.stats().calls).toBe(0)
})
