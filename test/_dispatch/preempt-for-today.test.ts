import { expect, test } from 'vitest'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { findNeighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { chooseNext } from '../../functions/_dispatch/claim.ts'
import { preemptible } from '../../functions/_dispatch/preempt-for-today.ts'
import type { Get } from '../../functions/_vendors/vendor.ts'
import { audit } from '../../functions/audit.ts'
import { ASOF, EVENING, openBareNode } from './bare-node.ts'

const REQUEST = { path: '/', query: {} }
const served: Get = async () => ({ status: 200, contentType: 'application/json', headers: {}, body: '{}' })
const today = (symbol: string, nextAt: number) =>
  ({ symbol, dt: ASOF, lane: 'today', priority: 100, expectedRows: 1, reason: 'manual', nextAt }) as const

test('preempt for today: a backfill sends one more page after a task of today has come, and then that goes first', async () => {
  const { node, clock } = await openBareNode()
  const order: string[] = []
  const page: Get = async (request) => {
    order.push('page')
    return await served(request)
  }
  const { get, preemptedMs } = preemptible(node, page, async () => {
    order.push('today')
    await clock.sleep(700)
  })
  await get(REQUEST)
  await clock.sleep(400)
  await enqueueTasks(node.db, 'equities_bars', [today('AAPL', clock.now())], clock.now())
  await get(REQUEST)
  await clock.sleep(400)
  await expect(get(REQUEST)).resolves.toMatchObject({ status: 200 })
  expect(order).toEqual(['page', 'page', 'today', 'page'])
  expect(preemptedMs()).toBe(700)
})

test('preempt for today: a first page never waits, nor does any for a task of today that no vendor may take', async () => {
  const never = () => Promise.reject(new Error('nothing goes first'))
  const { node, clock } = await openBareNode()
  await enqueueTasks(node.db, 'equities_bars', [today('AAPL', EVENING)], EVENING)
  await expect(preemptible(node, served, never).get(REQUEST)).resolves.toMatchObject({ status: 200 })
  const { node: other } = await openBareNode()
  await enqueueTasks(other.db, 'equities_bars', [today('AAPL', EVENING + 3_600_000)], EVENING)
  const { get } = preemptible(other, served, never)
  await get(REQUEST)
  await clock.sleep(400)
  await expect(get(REQUEST)).resolves.toMatchObject({ status: 200 })
})

test('preempt for today: a task of today takes its whole day along, however many older tasks wait', async () => {
  const { node } = await openBareNode({ datasets: { equities_bars: { depth: { years: 12 } } } })
  await audit(node, { at: EVENING })
  const choice = await chooseNext(node, 'today')
  if (!('plan' in choice)) throw new Error('expected a choice')
  expect(choice.plan.wants.map(({ dt }) => dt)).toEqual([ASOF, ASOF, ASOF])
  const reach = {
    vendor: 'alpaca',
    dataset: 'equities_bars',
    fromDt: '2000-01-03',
    toDt: ASOF,
    lane: null,
    now: EVENING,
  }
  const near = await findNeighbours(node.db, reach, choice.head, 10).then(({ tasks }) => tasks)
  const others = near.filter(({ symbol }) => symbol !== choice.head.symbol)
  expect(others.map(({ dt }) => dt)).toEqual([ASOF, ASOF])
})
