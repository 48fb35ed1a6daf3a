import { expect, test } from 'vitest'
import { waitForBudget } from '../../functions/_dispatch/wait-for-budget.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { type Get, VendorError } from '../../functions/_vendors/vendor.ts'

const REQUEST = { path: '/', query: {} }
const START = Date.UTC(2025, 6, 9)

/** A budget that is free from `freeAt` on, and every attempt to send. */
function budget(freeAt: number, status: number | null = null) {
  const clock = virtualClock(START)
  const tries: number[] = []
  const get: Get = async () => {
    tries.push(clock.now() - START)
    if (clock.now() >= freeAt) return { status: 200, contentType: 'application/json', headers: {}, body: '{}' }
    throw new VendorError('toy', 'rate_limited', 'not now', { status, retryAt: freeAt })
  }
  return { ...waitForBudget(clock, get), tries }
}

test('wait for budget: a page waits for a call that is free within seconds', async () => {
  const { get, tries, waitedMs } = budget(START + 4_000)
  await expect(get(REQUEST)).resolves.toMatchObject({ status: 200 })
  expect(waitedMs()).toBe(4_000)
  expect(tries).toEqual([0, 4_000])
})

test('wait for budget: a page does not wait for a call that is free in half a minute', async () => {
  const { get, tries } = budget(START + 30_000)
  await expect(get(REQUEST)).rejects.toMatchObject({ fault: 'rate_limited' })
  expect(tries).toEqual([0])
})

test('wait for budget: a vendor that answers 429 itself is not tried again', async () => {
  const { get, tries } = budget(START + 1_000, 429)
  await expect(get(REQUEST)).rejects.toMatchObject({ status: 429 })
  expect(tries).toEqual([0])
})

test('wait for budget: a budget that others empty each time is given up after five seconds', async () => {
  const clock = virtualClock(START)
  let tries = 0
  const { get } = waitForBudget(clock, async () => {
    tries++
    throw new VendorError('toy', 'rate_limited', 'not now', { retryAt: clock.now() + 1_000 })
  })
  await expect(get(REQUEST)).rejects.toMatchObject({ fault: 'rate_limited' })
  expect(tries).toBe(6)
  expect(clock.now() - START).toBe(5_000)
})
