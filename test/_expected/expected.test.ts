import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Config, type DatasetConfig, Datasets, Notifications, Qc } from '../../config/schema.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import {
  asofAt,
  expectedPartitions,
  expectedRange,
  expectedRows,
  monthMasks,
  symbolRanges,
} from '../../functions/_expected/expected.ts'
import { addDays, dtsOfMask, isDt } from '../../functions/_market/dt.ts'
import { partitionOf } from '../../functions/_market/partition.ts'
import { specOf } from '../_lake/lake-fixture.ts'

const xnys = calendarOf('xnys')
const daily = specOf('equities_bars')
const minute = specOf('equities_bars_minute')
const macro = specOf('macro_treasury')
const completeness = { amber_below: 0.98, red_below: 0.8, baseline_sessions: 3 }

const config = (universe: Config['universe']): Config => ({
  vendors: {},
  datasets: {},
  disabledDatasets: {},
  disabled: [],
  incidents: { share: 0.5, min_cells: 20 },
  maxOpenTasks: 250_000,
  disk: Datasets.parse({ datasets: {} }).disk,
  scrub: {},
  retention: Datasets.parse({ datasets: {} }).retention,
  universe,
  notifications: Notifications.parse({}),
  qc: Qc.parse({ ruleset: 'test', completeness, continuity: { max_gap_minutes: 10, liquid_share: 0.95 } }),
})
const listed = (symbol: string, from = '1990-01-02', to: string | null = null) => ({ symbol, from, to })
const deep = (depth: DatasetConfig['depth'], spec = daily): DatasetConfig => ({ ...spec, depth })

test('expected: an evening speaks for its own session once that has closed', () => {
  expect(asofAt(instantOf('2024-07-05', '15:59'))).toBe('2024-07-03')
  expect(asofAt(instantOf('2024-07-05', '16:00'))).toBe('2024-07-05')
  expect(asofAt(instantOf('2024-07-03', '13:00'))).toBe('2024-07-03')
  expect(asofAt(instantOf('2024-07-07', '12:00'))).toBe('2024-07-05')
})

test.each([
  [{ from: '2020-03-01' }, '2024-07-05', '2020-03-01'],
  [{ from: '1900-01-01' }, '2024-07-05', xnys.first],
  [{ years: 2 }, '2024-07-05', '2022-07-05'],
  [{ years: 100 }, '2024-07-05', xnys.first],
  [{ years: 0.5 }, '2024-07-05', '2024-01-05'],
  [{ years: 1.25 }, '2024-02-05', '2022-11-05'],
  // There is no 29 February 2022.
  [{ years: 2 }, '2024-02-29', '2022-03-01'],
  [{ years: 4 }, '2024-02-29', '2020-02-29'],
  [{ sessions: 1 }, '2024-07-05', '2024-07-05'],
  [{ sessions: 2 }, '2024-07-05', '2024-07-03'],
  [{ sessions: 1 }, '2024-07-04', '2024-07-03'],
  [{ sessions: 2 }, '2024-07-04', '2024-07-02'],
] as const)('expected: a depth of %j as of %s begins on %s', (depth, asof, fromDt) => {
  expect(expectedRange(deep(depth), asof)).toEqual({ fromDt, toDt: asof })
})

test('expected: any depth of any day begins on a real day', () => {
  const anyDepth = fc.oneof(
    fc.record({ years: fc.double({ min: 0.01, max: 60, noNaN: true }) }),
    fc.record({ sessions: fc.integer({ min: 1, max: 400 }) }),
  )
  fc.assert(
    fc.property(anyDepth, fc.integer({ min: 0, max: 6_000 }), (depth, days) => {
      const asof = addDays('2012-01-03', days)
      const { fromDt, toDt } = expectedRange(deep(depth), asof)
      expect(isDt(fromDt)).toBe(true)
      expect(fromDt >= xnys.first && fromDt <= toDt).toBe(true)
      if ('sessions' in depth) expect(xnys.sessions(fromDt, toDt)).toHaveLength(depth.sessions)
    }),
    { numRuns: 300 },
  )
})

test('expected: a life is what the listing and the depth have in common', () => {
  const spec = deep({ from: '2024-01-02' })
  const ranges = symbolRanges(
    config([
      listed('OLD', '1990-01-02', '2023-12-29'),
      listed('GONE', '1990-01-02', '2024-03-01'),
      listed('LIVES', '1990-01-02'),
      listed('NEW', '2024-06-03'),
      listed('LATER', '2024-07-08'),
      listed('BRIEF', '2024-02-01', '2024-02-01'),
    ]),
    spec,
    '2024-07-05',
  )
  expect(ranges).toEqual([
    { symbol: 'GONE', fromDt: '2024-01-02', toDt: '2024-03-01' },
    { symbol: 'LIVES', fromDt: '2024-01-02', toDt: '2024-07-05' },
    { symbol: 'NEW', fromDt: '2024-06-03', toDt: '2024-07-05' },
    { symbol: 'BRIEF', fromDt: '2024-02-01', toDt: '2024-02-01' },
  ])
})

test('expected: a group lives from its first series on', () => {
  const groups = {
    UST: {
      series: [
        { id: 'DGS10', from: '1995-01-03' },
        { id: 'DGS2', from: '1994-02-01' },
      ],
    },
  }
  const spec = { ...deep({ from: '1991-01-02' }, macro), groups }
  expect(symbolRanges(config([]), spec, '2024-07-05')).toEqual([
    { symbol: 'UST', fromDt: '1994-02-01', toDt: '2024-07-05' },
  ])
  expect(expectedRows(spec, 'UST', '1994-12-30')).toBe(1)
  expect(expectedRows(spec, 'UST', '1995-01-03')).toBe(2)
  expect(expectedRows(spec, 'JGB', '1995-01-03')).toBeNull()
})

test('expected: a complete cell holds one bar, or the minutes of its session', () => {
  expect(expectedRows(daily, 'AAPL', '2024-07-03')).toBe(1)
  expect(expectedRows(minute, 'AAPL', '2024-07-05')).toBe(390)
  expect(expectedRows(minute, 'AAPL', '2024-07-03')).toBe(210)
  expect(expectedRows(minute, 'AAPL', '2024-07-04')).toBeNull()
})

test('expected: the months of a range follow each other over the turns of years, with all their sessions', () => {
  const masks = monthMasks(deep({ from: '2022-11-15' }), '2024-02-02')
  expect(masks.map(({ month }) => month).join(' ')).toBe(
    '2022-11 2022-12 2023-01 2023-02 2023-03 2023-04 2023-05 2023-06 2023-07 2023-08 2023-09 2023-10 2023-11 2023-12 2024-01 2024-02',
  )
  const sessions = masks.flatMap(({ month, mask }) => dtsOfMask(month, mask))
  expect(sessions).toEqual(xnys.sessions('2022-11-01', '2024-02-29'))
})

const DT = fc.integer({ min: -20, max: 90 }).map((days) => addDays('2023-12-01', days))
const anyUniverse = fc
  .uniqueArray(fc.record({ symbol: fc.constantFrom('A', 'B', 'C', 'D'), a: DT, b: fc.option(DT, { nil: null }) }), {
    selector: ({ symbol }) => symbol,
    minLength: 1,
  })
  .map((all) => all.map(({ symbol, a, b }) => listed(symbol, b !== null && b < a ? b : a, b !== null && b < a ? a : b)))

/** The expected cells of every partition, one by one. */
function naivePartitions(universe: Config['universe'], spec: DatasetConfig, asof: string): Map<string, string[]> {
  const cells = new Map<string, string[]>()
  for (const { symbol, fromDt, toDt } of symbolRanges(config(universe), spec, asof)) {
    for (const dt of xnys.sessions(fromDt, toDt)) {
      const partition = partitionOf(spec.partition, dt)
      cells.set(partition, [...(cells.get(partition) ?? []), `${dt} ${symbol}`])
    }
  }
  return cells
}

test('expected: partitions count their cells as a naive walk does', () => {
  fc.assert(
    fc.property(anyUniverse, fc.constantFrom('date' as const, 'year' as const), (universe, partition) => {
      const spec = { ...deep({ from: '2023-12-01' }), partition }
      const found = expectedPartitions(config(universe), spec, '2024-01-31')
      const naive = naivePartitions(universe, spec, '2024-01-31')
      expect(found.map((row) => [row.partition, row.cells])).toEqual(
        [...naive].map(([name, cells]) => [name, cells.length]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      )
    }),
    { numRuns: 200 },
  )
})

test('expected: a fingerprint changes exactly when the cells of its partition do', () => {
  fc.assert(
    fc.property(anyUniverse, anyUniverse, fc.constantFrom('date' as const, 'year' as const), (one, two, partition) => {
      const spec = { ...deep({ from: '2023-12-01' }), partition }
      const printsOf = (universe: Config['universe']) =>
        new Map(expectedPartitions(config(universe), spec, '2024-01-31').map((row) => [row.partition, row.expected]))
      const [before, after] = [printsOf(one), printsOf(two)]
      const [cellsBefore, cellsAfter] = [one, two].map((all) => naivePartitions(all, spec, '2024-01-31'))
      for (const name of new Set([...before.keys(), ...after.keys()])) {
        const cells = (all: Map<string, string[]> | undefined) => all?.get(name)?.toSorted().join()
        expect(before.get(name) === after.get(name)).toBe(cells(cellsBefore) === cells(cellsAfter))
      }
    }),
    { numRuns: 300 },
  )
})

test('expected: the order of the universe leaves no trace in a fingerprint', () => {
  const universe = [listed('A', '2023-12-05'), listed('B'), listed('C', '1990-01-02', '2023-12-12')]
  const spec = deep({ from: '2023-12-01' })
  expect(expectedPartitions(config(universe.toReversed()), spec, '2024-01-31')).toEqual(
    expectedPartitions(config(universe), spec, '2024-01-31'),
  )
})
