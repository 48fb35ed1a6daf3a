import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleOf } from '../../functions/qc-partition/sample.ts'

const cellsOf = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
const oneRow = (): number => 1

test('sample: it is the same for the same version, another for the next version and for another partition', () => {
  const cells = cellsOf(5_000)
  const of = (partition: string, version: number) => sampleOf(cells, partition, version, oneRow)
  expect(of('equities_bars 2024', 7)).toEqual(of('equities_bars 2024', 7))
  expect(of('equities_bars 2024', 7)).toHaveLength(20)
  expect(of('equities_bars 2024', 8)).not.toEqual(of('equities_bars 2024', 7))
  expect(of('equities_bars 2025', 7)).not.toEqual(of('equities_bars 2024', 7))
})

test('sample: every cell is met, whatever the step from one judged version to the next', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 800 }), fc.integer({ min: 1, max: 7 }), fc.string(), (count, step, name) => {
      const cells = cellsOf(count)
      const met = new Set<number>()
      const judgements = Math.ceil(count / 20) * 12
      for (let at = 0; at < judgements; at++) {
        for (const cell of sampleOf(cells, name, 1 + at * step, oneRow)) met.add(cell)
      }
      expect(met.size).toBe(count)
    }),
  )
})

test('sample: in about twice as many judgements as a partition has samples, every cell is met', () => {
  const cells = cellsOf(250_000)
  const met = new Set<number>()
  for (let version = 0; version < 2.7 * (250_000 / 20); version++)
    for (const cell of sampleOf(cells, 'equities_bars 2024', version, oneRow)) met.add(cell)
  expect(met.size).toBe(250_000)
})

test('sample: it is bounded in rows; of few large cells each has its turn, and one larger than a sample has none', () => {
  const rows = [9_000, 9_000, 9_000, 30_000]
  const met = new Set<number>()
  for (let version = 1; version < 5; version++) {
    const sample = sampleOf(cellsOf(4), 'options_bars 2024-07-03', version, (cell) => rows[cell] as number)
    expect(sample.length).toBeLessThanOrEqual(2)
    for (const cell of sample) met.add(cell)
  }
  expect([...met].sort()).toEqual([0, 1, 2])
})

test('sample: of no cells there is none', () => {
  expect(sampleOf([], 'equities_bars 2024', 3, oneRow)).toEqual([])
})
