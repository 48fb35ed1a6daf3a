import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { openDb } from '../../db/client.ts'
import { countCoverage } from '../../db/coverage/count-coverage.ts'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import { audit } from '../../functions/audit.ts'
import { dispatched, drain, EVENING, openBareNode } from '../_dispatch/bare-node.ts'
import { tasksIn, tempFolder } from '../db/temp-db.ts'
import { startHrana } from '../hrana/server.ts'

test('server database: a node whose database is a server migrates it, queues, claims, asks and settles', async () => {
  const server = await startHrana({ file: join(await tempFolder(), 'server.db') })
  onTestFinished(() => server.close())
  const bare = await openBareNode({ env: { DATABASE_URL: server.url } })
  expect(bare.node.db.exclusive).toBe(false)
  expect(await audit(bare.node, { at: EVENING })).toMatchObject({ expected: 9, gaps: 9, enqueued: 9 })
  expect(await dispatched(bare.node)).toMatchObject({ settled: true })
  await drain(bare)
  expect(await countCoverage(bare.node.db)).toMatchObject([{ present: 9, absent: 0 }])
  expect((await tasksIn(bare.node.db)).map(({ state }) => state)).toEqual(Array(9).fill('done'))
  expect(server.exchanges()).toBeGreaterThan(10)
})

test('server database: a node that stops gives its leases back and loses no attempt by it; those of other nodes stay', async () => {
  const server = await startHrana({ file: join(await tempFolder(), 'server.db') })
  onTestFinished(() => server.close())
  const { node, stop } = await openBareNode({ env: { DATABASE_URL: server.url } })
  const other = await openDb(server.url)
  onTestFinished(() => other.close())
  await audit(node, { at: EVENING })
  const lease = { vendor: 'alpaca', now: EVENING, leaseExpiresAt: EVENING + 60_000 }
  await claimTasks(node.db, { ...lease, ids: [1, 2], token: 'a', holder: node.holder })
  await claimTasks(other, { ...lease, ids: [3], token: 'b', holder: 'another node' })
  await stop()
  const tasks = await tasksIn(other)
  expect([...new Set(tasks.filter(({ state }) => state === 'leased').map(({ id }) => id))]).toEqual([3])
  const given = tasks.filter(({ id }) => id === 1 || id === 2)
  expect([...new Set(given.map(({ state, attempts }) => `${state} ${attempts}`))]).toEqual(['queued 0'])
  expect(await other.all(sql`SELECT token FROM leases`)).toEqual([{ token: 'b' }])
})
