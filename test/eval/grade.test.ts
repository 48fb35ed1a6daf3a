import { describe, expect, test } from 'vitest'
import { FAULT_CLASSES } from './classes/index.ts'
import { gradeOf } from './grade.ts'
import type { LedgerCell } from './judge-scene.ts'
import { cellOf, emptyScene } from './scene.ts'

const fault = FAULT_CLASSES.find(({ name }) => name === 'daily: prices × 100')!
const day = (n: number): string => `2025-01-${String(n).padStart(2, '0')}`
const cell = (status: LedgerCell['status'], flags = '', action: string | null = null): LedgerCell => ({
  status,
  flags,
  action,
})

describe('grade', () => {
  test('counts flagged and RED cells of a class, and a cell the ledger lacks as missed', () => {
    const scene = emptyScene('small', day(31))
    const labels = [1, 2, 3, 4].map(day)
    scene.injections.push({ fault, symbol: 'AAA', labels })
    for (const dt of labels) scene.touched.add(cellOf('equities_bars', 'AAA', dt))
    const ledger = new Map([
      [cellOf('equities_bars', 'AAA', day(1)), cell('RED', 'X,Y')],
      [cellOf('equities_bars', 'AAA', day(2)), cell('AMBER', 'X')],
      [cellOf('equities_bars', 'AAA', day(3)), cell('GREEN')],
    ])
    const { classes, clean } = gradeOf([{ scene, ledger }])
    expect(classes).toMatchObject([
      {
        cells: 4,
        recall: 50,
        redRecall: 25,
        ok: false,
        flags: { X: 2, Y: 1, '(not judged)': 1 },
        missed: [2, 3, 4].map((n) => cellOf('equities_bars', 'AAA', day(n))),
      },
    ])
    expect(clean).toEqual([])
  })

  test('a RED clean cell is never allowed, an AMBER one once in a thousand, and a large move may be AMBER', () => {
    const scene = emptyScene('small', day(31))
    scene.events.set(cellOf('equities_bars', 'AAA', day(1)), 'crash')
    const cells = (count: number, odd: LedgerCell) =>
      new Map([
        ...Array.from(
          { length: count },
          (_, at) => [cellOf('equities_bars', `S${at}`, day(2)), at === 0 ? odd : cell('GREEN')] as const,
        ),
        [cellOf('equities_bars', 'AAA', day(1)), cell('AMBER', 'X')] as const,
      ])
    const okOf = (count: number, odd: LedgerCell) =>
      gradeOf([{ scene, ledger: cells(count, odd) }]).clean.map(({ name, ok }) => [name, ok])
    expect(okOf(1000, cell('AMBER'))).toEqual([
      ['small: clean, equities_bars', true],
      ['small: large moves, equities_bars', true],
    ])
    expect(okOf(999, cell('AMBER'))[0]).toEqual(['small: clean, equities_bars', false])
    expect(okOf(1000, cell('RED'))[0]).toEqual(['small: clean, equities_bars', false])
  })

  test('a decision between two versions is wrong that keeps a faulty one or gives up a clean one', () => {
    const scene = emptyScene('small', day(31))
    scene.second = { equities_bars: new Map(), equities_bars_minute: new Map() }
    scene.injections.push({ fault, symbol: 'AAA', labels: [day(1), day(2)] })
    const cells = (count: number) =>
      new Map([
        [cellOf('equities_bars', 'AAA', day(1)), cell('GREEN', '', 'replaced')] as const,
        [cellOf('equities_bars', 'AAA', day(2)), cell('RED', 'X', 'kept')] as const,
        ...Array.from(
          { length: count },
          (_, at) => [cellOf('equities_bars', `S${at}`, day(2)), cell('GREEN', '', 'kept')] as const,
        ),
        [cellOf('equities_bars', 'T', day(2)), cell('AMBER', 'X', 'undecided')] as const,
      ])
    const decisionsOf = (count: number) => gradeOf([{ scene, ledger: cells(count) }]).decisions
    expect(decisionsOf(98)).toMatchObject({ cells: 100, wrong: 1, ok: true })
    expect(decisionsOf(97)).toMatchObject({ cells: 99, wrong: 1, ok: false })
    expect(gradeOf([{ scene: emptyScene('small', day(31)), ledger: cells(1) }]).decisions).toBeNull()
  })
})
