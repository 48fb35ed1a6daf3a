import { expect, test } from 'vitest'
import {
  beginTick,
  endTick,
  findTick,
  lastEnded,
  lastScheduled,
  openTicks,
  reachStep,
  restartTick,
} from '../../../db/ticks/ticks.ts'
import { freshDb, NOW } from '../temp-db.ts'

test('ticks: a firing is taken once, however many look at it', async () => {
  const db = await freshDb()
  const taken = await Promise.all(Array.from({ length: 20 }, (_, i) => beginTick(db, 'night', NOW, NOW + i)))
  expect(taken.filter(Boolean)).toEqual([
    { chain: 'night', scheduledAt: NOW, step: 0, stepBegunAt: NOW, endedAt: null },
  ])
  expect(await beginTick(db, 'noon', NOW, NOW)).toBeDefined()
  expect(await beginTick(db, 'night', NOW + 1, NOW)).toBeDefined()
  expect(await lastScheduled(db, 'night')).toBe(NOW + 1)
  expect(await lastScheduled(db, 'never')).toBeNull()
})

test('ticks: a chain that was killed is found at the step it had reached, with the time that step began', async () => {
  const db = await freshDb()
  const tick = (await beginTick(db, 'night', NOW, NOW + 5))!
  await reachStep(db, tick, 2, NOW + 100)
  expect(await openTicks(db)).toEqual([{ ...tick, step: 2, stepBegunAt: NOW + 100 }])
  expect(await findTick(db, 'night', NOW)).toMatchObject({ step: 2 })
})

test('ticks: a step is never taken back, and reaching it twice does not restart its time', async () => {
  const db = await freshDb()
  const tick = (await beginTick(db, 'night', NOW, NOW))!
  await reachStep(db, tick, 2, NOW + 100)
  await reachStep(db, tick, 2, NOW + 200)
  await reachStep(db, tick, 1, NOW + 300)
  expect(await findTick(db, 'night', NOW)).toMatchObject({ step: 2, stepBegunAt: NOW + 100 })
})

test('ticks: a firing that ended is no longer open and may be played again from its first step', async () => {
  const db = await freshDb()
  const tick = (await beginTick(db, 'night', NOW, NOW))!
  await reachStep(db, tick, 3, NOW + 1)
  await restartTick(db, 'night', NOW, NOW + 2)
  expect(await findTick(db, 'night', NOW)).toMatchObject({ step: 3 })
  await endTick(db, tick, '[]', NOW + 3)
  expect(await openTicks(db)).toEqual([])
  expect(await findTick(db, 'night', NOW)).toMatchObject({ step: 3, endedAt: NOW + 3 })
  await restartTick(db, 'night', NOW, NOW + 4)
  expect(await openTicks(db)).toEqual([{ ...tick, step: 0, stepBegunAt: NOW + 4 }])
})

test('ticks: the last firing that ended is found with its result, also while a newer one runs', async () => {
  const db = await freshDb()
  expect(await lastEnded(db, 'night')).toBeUndefined()
  for (const scheduledAt of [NOW + 1, NOW]) {
    const tick = (await beginTick(db, 'night', scheduledAt, NOW))!
    await endTick(db, tick, `[${scheduledAt}]`, NOW + 5)
  }
  await beginTick(db, 'night', NOW + 2, NOW)
  await beginTick(db, 'day', NOW + 3, NOW)
  expect(await lastEnded(db, 'night')).toEqual({ scheduledAt: NOW + 1, endedAt: NOW + 5, result: `[${NOW + 1}]` })
})
