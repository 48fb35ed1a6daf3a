import { expect, test } from 'vitest'
import { eventClock } from './event-clock.ts'
import { mostOf } from './linear-program.ts'

test('event clock: sleeps of two actors overlap, and time moves from waking to waking', async () => {
  const clock = eventClock(1_000)
  const told: string[] = []
  const actor = (name: string, ms: number) => async () => {
    for (let turn = 0; turn < 2; turn++) {
      await clock.sleep(ms)
      told.push(`${name} ${clock.now()}`)
    }
  }
  await clock.run([actor('a', 300), actor('b', 400)])
  expect(told).toEqual(['a 1300', 'b 1400', 'a 1600', 'b 1800'])
})

test('event clock: work between two sleeps takes no time and is not interrupted', async () => {
  const clock = eventClock(0)
  let inside = 0
  const actor = async () => {
    for (let turn = 0; turn < 20; turn++) {
      const before = clock.now()
      expect(++inside).toBe(1)
      for (let wait = 0; wait < 5; wait++) await new Promise((resolve) => setImmediate(resolve))
      inside--
      expect(clock.now()).toBe(before)
      await clock.sleep(10)
    }
  }
  await clock.run([actor, actor, actor])
  expect(clock.now()).toBe(200)
})

test('event clock: a linear program finds the corner that pays most', () => {
  const rows = [
    { weights: [1, 0], most: 4 },
    { weights: [0, 2], most: 12 },
    { weights: [3, 2], most: 18 },
  ]
  expect(mostOf([3, 5], rows)).toBeCloseTo(36)
  expect(mostOf([1, 1], [{ weights: [1, 1], most: 0 }])).toBe(0)
  expect(() => mostOf([1], [{ weights: [-1], most: 1 }])).toThrow('bound')
})

test('event clock: an actor that runs others goes on when they have ended, and nobody else had its turn', async () => {
  const clock = eventClock(0)
  const told: string[] = []
  const worker = (name: string, ms: number) => async () => {
    await clock.sleep(ms)
    told.push(`${name} ${clock.now()}`)
  }
  const watcher = async () => {
    for (let turn = 0; turn < 3; turn++) {
      await clock.sleep(40)
      told.push(`watcher ${clock.now()}`)
    }
  }
  const chain = async () => {
    await clock.run([worker('a', 30), worker('b', 50)])
    told.push(`chain ${clock.now()}`)
    await clock.sleep(10)
    told.push(`chain ${clock.now()}`)
  }
  await clock.run([chain, watcher])
  expect(told).toEqual(['a 30', 'watcher 40', 'b 50', 'chain 50', 'chain 60', 'watcher 80', 'watcher 120'])
})
