import { describe, expect, test } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { nextWindow, openWindows, windowAt } from '../../functions/_expected/reread-windows.ts'
import { specOf } from '../_lake/lake-fixture.ts'

const DAILY = specOf('equities_bars')
const dueAt = (dt: string, at: number): number | undefined =>
  openWindows(DAILY, at).find((window) => window.dt === dt)?.dueAt
const MINUTE = 60_000

describe('reread windows: windows are counted in sessions', () => {
  // Wednesday the 2nd; the 3rd ends at 13:00, the 4th is a holiday, the 5th and 6th a weekend.
  const HALF_DAY_CLOSE = instantOf('2025-07-03', '13:00')
  const THIRD_CLOSE = instantOf('2025-07-08', '16:00')

  test('the first opens with the early close of a half day, the third after a long weekend', () => {
    expect(dueAt('2025-07-02', HALF_DAY_CLOSE - MINUTE)).toBeUndefined()
    expect(dueAt('2025-07-02', HALF_DAY_CLOSE)).toBe(HALF_DAY_CLOSE)
    expect(dueAt('2025-07-02', THIRD_CLOSE - MINUTE)).toBe(HALF_DAY_CLOSE)
    expect(dueAt('2025-07-02', THIRD_CLOSE)).toBe(THIRD_CLOSE)
  })

  test('none opens on the holiday or at the weekend', () => {
    for (const dt of ['2025-07-04', '2025-07-05', '2025-07-06']) {
      expect(dueAt('2025-07-03', instantOf(dt, '20:00')), dt).toBeUndefined()
      expect(dueAt('2025-07-02', instantOf(dt, '20:00')), dt).toBe(HALF_DAY_CLOSE)
    }
    expect(dueAt('2025-07-03', instantOf('2025-07-07', '16:00'))).toBe(instantOf('2025-07-07', '16:00'))
  })

  test('the next one and the newest one agree with them at every hour', () => {
    for (let at = instantOf('2025-07-02', '12:00'); at < instantOf('2025-07-12', '00:00'); at += 60 * MINUTE) {
      const next = nextWindow(DAILY, '2025-07-02', at)
      const window = windowAt(DAILY, '2025-07-02', at)
      if (window === null) expect(next).toBe(HALF_DAY_CLOSE)
      else if (window === 1) expect(next).toBe(THIRD_CLOSE)
      else expect(next).toBeNull()
      const due = dueAt('2025-07-02', at)
      expect(due).toBe(window === null ? undefined : window === 1 ? HALF_DAY_CLOSE : THIRD_CLOSE)
    }
  })

  test('a day long ago is in its widest window, and a dataset that is never read again in none', () => {
    expect(windowAt(DAILY, '2015-07-02', HALF_DAY_CLOSE)).toBe(3)
    expect(windowAt(specOf('macro_treasury'), '2025-07-02', HALF_DAY_CLOSE)).toBeNull()
  })
})
