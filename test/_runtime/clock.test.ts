import { expect, test } from 'vitest'
import { shownAt, simulatedClock, systemClock, virtualClock } from '../../functions/_runtime/clock.ts'

const START = Date.UTC(2025, 6, 9, 0, 30)
const YEAR = 365 * 86_400_000

test('clock: a virtual clock stands still until somebody sleeps on it', async () => {
  const clock = virtualClock(START)
  await new Promise((resolve) => setImmediate(resolve))
  expect(clock.now()).toBe(START)
  expect(clock.elapsed()).toBe(0)
  await clock.sleep(90_000)
  expect(clock.now()).toBe(START + 90_000)
  expect(clock.elapsed()).toBe(90_000)
})

test('clock: a virtual year takes no time, and hands the event loop back', async () => {
  const clock = virtualClock(START)
  let turned = false
  setImmediate(() => {
    turned = true
  })
  await clock.sleep(YEAR)
  expect(clock.now()).toBe(START + YEAR)
  expect(turned).toBe(true)
})

test('clock: a sleep of no length, or into the past, never turns a virtual clock back', async () => {
  const clock = virtualClock(START)
  await clock.sleep(0)
  await clock.sleep(-5_000)
  expect(clock.now()).toBe(START)
})

test('clock: the system clock reads epoch milliseconds, and its durations only grow', async () => {
  const [instant, elapsed] = [systemClock.now(), systemClock.elapsed()]
  await systemClock.sleep(1)
  expect(instant).toBeGreaterThan(Date.UTC(2024, 0, 1))
  expect(systemClock.elapsed()).toBeGreaterThanOrEqual(elapsed)
})

test('clock: a sleep ends without an error when its signal aborts, before or meanwhile', async () => {
  const stop = new AbortController()
  const sleeping = systemClock.sleep(YEAR, stop.signal)
  stop.abort()
  await sleeping
  await systemClock.sleep(YEAR, stop.signal)
})

test('clock: a sleep into the past is over at once', async () => {
  await systemClock.sleep(-YEAR)
})

test('clock: a simulated clock goes on from its instant, as many times as fast as told, also between its sleeps', async () => {
  const base = virtualClock(START)
  const simulation = { shown: START - YEAR, machine: START - 1_000, speed: 10 }
  const clock = simulatedClock(simulation, base)
  expect(clock.now()).toBe(START - YEAR + 10_000)
  const begun = clock.elapsed()
  await clock.sleep(60_000)
  expect(base.now()).toBe(START + 6_000)
  expect(clock.now()).toBe(START - YEAR + 70_000)
  expect(clock.elapsed() - begun).toBe(60_000)
  expect(shownAt(simulation, base.now())).toBe(clock.now())
})
