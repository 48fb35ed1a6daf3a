/** Files of older nodes, made up: bars as they are, and one of the many ways in which somebody wrote them down. */
import fc from 'fast-check'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf, type Zone } from '../../functions/_calendar/zone.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { type Dt, dayNumber } from '../../functions/_market/dt.ts'
import type { Bar } from '../../functions/_market/row.ts'

/** How the stamps are written: the SQL of one, from the instant it means and the milliseconds New York is ahead of UTC (less than 0). */
const STAMPS = {
  zoned: (ts: number) => `TIMESTAMPTZ '${new Date(ts).toISOString()}'`,
  seconds: (ts: number) => `${ts / 1000}::BIGINT`,
  milliseconds: (ts: number) => `${ts}::BIGINT`,
  microseconds: (ts: number) => `${ts}000::BIGINT`,
  nanoseconds: (ts: number) => `${ts}000000::BIGINT`,
  zonedText: (ts: number) => `'${new Date(ts).toISOString().slice(0, 19)}Z'`,
  offsetText: (ts: number, ahead: number) => `'${wall(ts + ahead).replace(' ', 'T')}-0${-ahead / 3_600_000}:00'`,
  utc: (ts: number) => `TIMESTAMP '${wall(ts)}'`,
  utcText: (ts: number) => `'${wall(ts)}'`,
  newYork: (ts: number, ahead: number) => `TIMESTAMP '${wall(ts + ahead)}'`,
  newYorkNanos: (ts: number, ahead: number) => `TIMESTAMP_NS '${wall(ts + ahead)}'`,
  newYorkText: (ts: number, ahead: number) => `'${wall(ts + ahead).replace(' ', 'T')}'`,
}
const wall = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')

export interface ForeignFile {
  dataset: DatasetName
  dt: Dt
  bars: Bar[]
  stamp: keyof typeof STAMPS
  /** Where in its day a daily bar is stamped, in minutes since midnight of New York. */
  dayMinute: number
  names: Record<keyof Bar, string>
  /** What stands for an unknown vwap or number of trades. */
  unknown: 'null' | 'nan' | 'zero'
  number: 'DOUBLE' | 'FLOAT' | 'DECIMAL(12,3)'
  /** Stands in the last row, where nothing may stand: such a file is refused. */
  fault: null | { column: 'open' | 'close' | 'volume' | 'vwap'; value: 'nan' | 'inf' | 'null' }
}

/** The zone its stamps are in, where they carry none. */
export const zoneOfFile = ({ stamp }: ForeignFile): Zone | null =>
  stamp.startsWith('newYork') ? 'America/New_York' : stamp.startsWith('utc') ? 'UTC' : null

/** The query whose rows are the file's. */
export function rowsSql({ dataset, dt, bars, stamp, dayMinute, names, unknown, number, fault }: ForeignFile): string {
  const ahead = dayNumber(dt) * 86_400_000 - instantOf(dt, '00:00')
  const isDaily = dataset === 'equities_bars'
  return bars
    .map((bar, at) => {
      const cells = (Object.keys(names) as (keyof Bar)[]).map((name) => {
        const isFaulty = fault !== null && fault.column === name && at === bars.length - 1
        if (isFaulty) return `${fault.value === 'null' ? 'NULL' : `'${fault.value}'`}::DOUBLE AS "${names[name]}"`
        if (name === 'ts')
          return `${STAMPS[stamp](bar.ts + (isDaily ? dayMinute * 60_000 : 0), ahead)} AS "${names.ts}"`
        const value = bar[name]
        if (value !== null)
          return `${value}::${name === 'trades' ? 'DOUBLE' : fault ? 'DOUBLE' : number} AS "${names[name]}"`
        return `${{ null: 'NULL', nan: "'nan'", zero: '0' }[unknown]}::DOUBLE AS "${names[name]}"`
      })
      return `SELECT ${cells.join(', ')}`
    })
    .join(' UNION ALL ')
}

/** The days around both changes of the clocks, and two half days. */
const SESSIONS = [
  ['2013-03-08', '2013-03-11'],
  ['2013-11-01', '2013-11-04'],
  ['2024-07-03', '2024-07-05'],
  ['2024-12-24', '2024-12-24'],
].flatMap(([from = '', to = '']) => calendarOf('xnys').sessions(from, to))
const names: fc.Arbitrary<ForeignFile['names']> = fc.record({
  ts: fc.constantFrom('ts', 'timestamp', 'Datetime', 't', 'date'),
  open: fc.constantFrom('open', 'Open', 'o'),
  high: fc.constantFrom('high', 'HIGH', 'h'),
  low: fc.constantFrom('low', 'l'),
  close: fc.constantFrom('close', 'c'),
  volume: fc.constantFrom('volume', 'v'),
  vwap: fc.constantFrom('vwap', 'vw'),
  trades: fc.constantFrom('trades', 'n', 'trade_count'),
})

/** Values that every kind of number above holds exactly. */
const eighths = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min * 8, max: max * 8 }).map((count) => count / 8)
const prices = fc.record({
  open: eighths(10, 20),
  close: eighths(10, 20),
  volume: fc.integer({ min: 1, max: 100_000 }),
  vwap: fc.option(eighths(10, 20)),
  trades: fc.option(fc.integer({ min: 1, max: 500 })),
})
const barAt = (
  ts: number,
  { open, close, ...more }: { open: number; close: number } & Omit<Bar, 'ts' | 'high' | 'low' | 'open' | 'close'>,
): Bar => ({
  ts,
  open,
  high: Math.max(open, close) + 1,
  low: Math.min(open, close) - 1,
  close,
  ...more,
})

const barsOf = (dataset: DatasetName, dt: Dt): fc.Arbitrary<Bar[]> => {
  if (dataset === 'equities_bars') return prices.map((one) => [barAt(instantOf(dt, '00:00'), one)])
  const hours = fc.constantFrom<[string, string]>(
    ['09:30', '16:00'],
    ['04:00', '20:00'],
    ['11:00', '12:00'],
    ['13:00', '15:00'],
  )
  return fc.tuple(hours, fc.array(prices, { minLength: 2, maxLength: 6 })).map(([[from, to], rows]) => {
    const [first, last] = [instantOf(dt, from), instantOf(dt, to) - 60_000]
    const step = Math.floor((last - first) / 60_000 / (rows.length - 1)) * 60_000
    return rows.map((one, at) => barAt(at === rows.length - 1 ? last : first + at * step, one))
  })
}

/** A file of a dataset, right or with one fault. */
export const foreignFile = (dataset: DatasetName): fc.Arbitrary<ForeignFile> =>
  fc.constantFrom(...SESSIONS).chain((dt) =>
    fc.record({
      dataset: fc.constant(dataset),
      dt: fc.constant(dt),
      bars: barsOf(dataset, dt),
      stamp: fc.constantFrom(...(Object.keys(STAMPS) as (keyof typeof STAMPS)[])),
      dayMinute: fc.constantFrom(0, 300, 570, 960, 1199),
      names,
      unknown: fc.constantFrom('null', 'nan', 'zero'),
      number: fc.constantFrom('DOUBLE', 'FLOAT', 'DECIMAL(12,3)'),
      fault: fc.option(
        fc.record({
          column: fc.constantFrom('open', 'close', 'volume', 'vwap'),
          value: fc.constantFrom('nan', 'inf', 'null'),
        }),
        { freq: 8 },
      ),
    }),
  )

/** Is the fault of a file one? An optional column may be empty. */
export const isFaulty = ({ fault }: ForeignFile): boolean =>
  fault !== null && !(fault.column === 'vwap' && fault.value !== 'inf')
