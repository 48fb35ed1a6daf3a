import { describe, expect, test } from 'vitest'
import { FAULT_CLASSES } from './classes/index.ts'
import { inventedScene, QUICK } from './invented-scene.ts'
import { cellOf } from './scene.ts'

const daily = FAULT_CLASSES.filter(({ name }) => name.startsWith('daily: move'))
const SMALL = { ...QUICK, cleanDaily: 6, cleanMinute: 0, minuteSessions: 8 }

describe('inject', () => {
  test('a scene is the same for the same seed and another for another', () => {
    const [first, again, other] = [4, 4, 5].map((seed) => inventedScene(seed, SMALL, daily))
    expect(again).toEqual(first)
    expect(other?.injections).not.toEqual(first?.injections)
  })

  test('each class is injected as often as asked, into cells that are not counted as clean', () => {
    const scene = inventedScene(4, SMALL, daily)
    for (const fault of daily) {
      const own = scene.injections.filter((injection) => injection.fault === fault)
      expect(own).toHaveLength(QUICK.repetitions)
      for (const { symbol, labels } of own)
        for (const dt of labels) expect(scene.touched).toContain(cellOf('equities_bars', symbol, dt))
    }
  })

  test('refuses more faults than there are slots', () => {
    expect(() => inventedScene(4, { ...SMALL, from: '2025-10-01' }, daily)).toThrow(/expected a slot for each of/)
  })
})
