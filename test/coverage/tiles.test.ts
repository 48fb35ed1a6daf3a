import { describe, expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { columnsOf, fittingColumns } from '../../functions/coverage/columns.ts'
import { type Counts, noCounts } from '../../functions/coverage/grid.ts'
import { COLOURS, STATES, stateOf } from '../../functions/coverage/states.ts'
import { symbolsText, tilesOf } from '../../functions/coverage/tiles.ts'

const sessions = (from: string, to: string): string[] => calendarOf('xnys').sessions(from, to)
const counts = (more: Partial<Counts>): Counts => ({ ...noCounts(), ...more })

describe('tiles: columns', () => {
  test('are as fine as there is room for', () => {
    const unitOf = (from: string, to: string): string => fittingColumns(sessions(from, to), 100).unit
    expect(unitOf('2025-06-30', '2025-07-08')).toBe('day')
    expect(unitOf('2024-07-08', '2025-07-08')).toBe('week')
    expect(unitOf('2018-07-08', '2025-07-08')).toBe('month')
    expect(unitOf('2005-07-08', '2025-07-08')).toBe('quarter')
    expect(unitOf('1990-01-01', '2025-07-08')).toBe('year')
  })

  test('hold every session once, in order', () => {
    const all = sessions('2019-12-25', '2025-07-08')
    for (const unit of ['day', 'week', 'month', 'quarter', 'year'] as const) {
      const columns = columnsOf(all, unit)
      expect(columns.flatMap((column) => column.sessions)).toEqual(all)
      for (const { from, to, sessions: own } of columns) expect([own[0], own.at(-1)]).toEqual([from, to])
    }
  })

  test('are named after their period; a week after its Monday, a holiday or not', () => {
    const names = (unit: 'week' | 'quarter'): string[] =>
      columnsOf(sessions('2025-05-23', '2025-07-01'), unit).map(({ name }) => name)
    expect(names('week').slice(0, 2)).toEqual(['2025-05-19', '2025-05-26'])
    expect(names('quarter')).toEqual(['2025-Q2', '2025-Q3'])
  })
})

describe('tiles: the state of a tile', () => {
  test('is the most serious one, in a step of the share that it concerns', () => {
    expect(stateOf(noCounts())).toBe(null)
    expect(stateOf(counts({ expected: 100, present: 100 }))).toBe('present')
    expect(stateOf(counts({ expected: 100, present: 100, short: 1 }))).toBe('short')
    expect(stateOf(counts({ expected: 1000, present: 1000, short: 9 }))).toBe('present')
    expect(stateOf(counts({ expected: 100, present: 50, short: 50, absent: 50, held: 3 }))).toBe('held-1')
    expect(stateOf(counts({ expected: 100, present: 100, held: 20 }))).toBe('held-1')
    expect(stateOf(counts({ expected: 100, present: 100, held: 21 }))).toBe('held-2')
    const missing = [1, 20, 21, 200, 201, 600, 601, 1000]
    expect(missing.map((open) => stateOf(counts({ expected: 1000, present: 1000 - open, held: 1, open })))).toEqual([
      'nearly',
      'nearly',
      'open-1',
      'open-1',
      'open-2',
      'open-2',
      'open-3',
      'open-3',
    ])
  })

  test('shows what is absent only where that is most of a tile, and as quiet where nothing happens on most days', () => {
    expect(stateOf(counts({ expected: 100, present: 51, absent: 49 }))).toBe('present')
    expect(stateOf(counts({ expected: 100, present: 50, absent: 50 }))).toBe('absent')
    expect(stateOf(counts({ expected: 100, absent: 100 }), true)).toBe('quiet')
    expect(stateOf(counts({ expected: 100, present: 1, absent: 99 }), true)).toBe('present')
    expect(stateOf(counts({ expected: 100, present: 1, absent: 96, open: 3 }), true)).toBe('open-1')
    expect(stateOf(counts({ expected: 100, present: 98, absent: 1, open: 1 }), true)).toBe('nearly')
  })

  test('takes no cell for missing that no vendor has yet', () => {
    expect(stateOf(counts({ expected: 100, present: 40, open: 60, recent: 60 }))).toBe('recent')
    expect(stateOf(counts({ expected: 100, present: 99, open: 1, recent: 1 }))).toBe('present')
    expect(stateOf(counts({ expected: 100, present: 40, open: 60, recent: 57 }))).toBe('open-1')
  })

  test('can be told apart in greyscale: each step of a share is at least ten darker than the one before', () => {
    for (const kind of ['held', 'open']) {
      const steps = STATES.filter((state) => state.startsWith(kind))
      const lightness = ['present' as const, ...steps].map((state) => lightnessOf(COLOURS[state]))
      for (const [at, value] of lightness.entries()) {
        if (at > 0) expect(lightness[at - 1]! - value, `${kind} ${at}`).toBeGreaterThan(9.5)
      }
    }
    const calm = ['quiet', 'present', 'nearly', 'recent', 'absent'] as const
    for (const state of calm) expect(lightnessOf(COLOURS[state]), state).toBeGreaterThan(70)
  })
})

/** CIE L* of an sRGB colour, 0 to 100. */
function lightnessOf(hex: string): number {
  const linear = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  const luminance = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!
  return 116 * Math.cbrt(luminance) - 16
}

describe('tiles', () => {
  const columns = columnsOf(sessions('2005-01-03', '2012-12-31'), 'year')
  const whole = (): Counts => counts({ expected: 250, present: 250 })

  test('join equal neighbours, but never more than a quarter of the time', () => {
    const cells = columns.map(whole)
    expect(tilesOf(0, cells, columns, 1).map(({ column, width }) => [column, width])).toEqual([
      [0, 2],
      [2, 2],
      [4, 2],
      [6, 2],
    ])
    expect(tilesOf(0, cells, columns, 1)[1]).toMatchObject({
      counts: { expected: 500 },
      from: '2007-01-03',
      to: '2008-12-31',
    })
    expect(cells.every(({ expected }) => expected === 250)).toBe(true)
  })

  test('end where the state changes or nothing is expected', () => {
    const cells = columns.map((_, at) =>
      at === 1 ? noCounts() : at === 4 ? counts({ expected: 250, open: 250 }) : whole(),
    )
    expect(tilesOf(0, cells, columns, 1).map(({ column, width, state }) => [column, width, state])).toEqual([
      [0, 1, 'present'],
      [2, 2, 'present'],
      [4, 1, 'open-3'],
      [5, 2, 'present'],
      [7, 1, 'present'],
    ])
  })

  test('never join single cells, because each has its story', () => {
    const days = columnsOf(sessions('2025-06-02', '2025-06-30'), 'day')
    const cells = days.map(() => counts({ expected: 1, present: 1 }))
    expect(tilesOf(0, cells, days, 1).every(({ isCell, width }) => isCell && width === 1)).toBe(true)
    expect(tilesOf(0, cells, days, 2).some(({ isCell }) => isCell)).toBe(false)
  })
})

test('tiles: symbols side by side are a range, others a list', () => {
  const members = ['A', 'B', 'C', 'D']
  expect(symbolsText(['B'], members)).toBe('B')
  expect(symbolsText(['B', 'C', 'D'], members)).toBe('B..D')
  expect(symbolsText(['A', 'C'], members)).toBe('A,C')
})
