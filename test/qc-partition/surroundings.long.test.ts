import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { withTable } from '../../functions/_lake/duck-table.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { curatedFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import { draw, seedOf } from '../lab/chance.ts'
import { dailyBar, QC, smallLake, specOf, type TestBar, writeBoth, writeCurated } from './small-lake.ts'

const xnys = calendarOf('xnys')
const DAYS = xnys.sessions('2023-06-01', '2024-12-31')
const at = (dt: string): number => DAYS.indexOf(dt)

/** A random walk that moves about 1 % a day. */
function walk(symbol: string, days = DAYS): TestBar[] {
  const seed = seedOf(7, symbol)
  let price = 100
  return days.map((dt, day) => {
    const step = (n: number, size: number): number =>
      Math.exp(size * (draw(seed + n, day) + draw(seed + n + 9, day) - 1))
    const open = price * step(1, 0.01)
    const close = open * step(2, 0.03)
    price = close
    const high = Math.max(open, close) * (1 + 0.008 * draw(seed + 3, day))
    const low = Math.min(open, close) * (1 - 0.008 * draw(seed + 4, day))
    return dailyBar(symbol, dt, { open, high, low, close, vwap: null, volume: Math.round(1e6 * step(5, 0.8)) })
  })
}

const times = (bar: TestBar, factor: number): TestBar => ({
  ...bar,
  open: (bar.open ?? 0) * factor,
  high: (bar.high ?? 0) * factor,
  low: (bar.low ?? 0) * factor,
  close: (bar.close ?? 0) * factor,
})

const change = (bars: TestBar[], dt: string, how: (bar: TestBar) => TestBar): TestBar[] =>
  bars.map((bar) => (bar.dt === dt ? how(bar) : bar))

let lake: Lake
beforeEach(async () => {
  lake = await smallLake()
})

interface Split {
  symbol: string
  dt: string
  old: number
  new: number
}

async function writeSplits(splits: Split[]): Promise<string[]> {
  const columns = { symbol: 'VARCHAR', dt: 'DATE', old_shares: 'DOUBLE', new_shares: 'DOUBLE' }
  const path = curatedFile(lake.root, 'corporate_actions', 'year', '2024')
  await mkdir(dirname(path), { recursive: true })
  const rows = splits.map((split) => [split.symbol, split.dt, split.old, split.new])
  await withTable(lake.duck, 'splits', columns, rows, (table) =>
    lake.duck.run(
      `COPY (SELECT *, 'split' AS kind, NULL::DOUBLE AS cash, NULL::VARCHAR AS currency FROM ${table}) TO ${sqlText(path)} (FORMAT parquet)`,
    ),
  )
  return [path]
}

/** Judges 2024; `before` false leaves the year before out. Returns `symbol dt status flags` of what is not GREEN. */
async function judged(
  bars: TestBar[],
  { splits = [] as Split[], before = true, to = '2024-12-31' } = {},
): Promise<string[]> {
  const own = bars.filter(({ dt }) => dt.startsWith('2024') && dt <= to)
  await writeBoth(lake, 'equities_bars', '2024', own)
  const earlier = bars.filter(({ dt }) => dt.startsWith('2023'))
  if (before) await writeCurated(lake, 'equities_bars', '2023', earlier)
  const result = await judgePartition(lake, {
    dataset: 'equities_bars',
    spec: specOf('equities_bars'),
    partition: '2024',
    sessions: xnys.sessions('2023-10-05', '2024-12-31').flatMap((dt) => xnys.session(dt) ?? []),
    cells: own.map(({ symbol, dt }) => ({ symbol, dt, expectedRows: 1, present: true, reason: null, digest: null })),
    qc: QC,
    checkedAt: 0,
    neighbours: before ? ['2023'] : [],
    ...(splits.length > 0 ? { actions: { spec: specOf('corporate_actions'), files: await writeSplits(splits) } } : {}),
  })
  return result.flagged.map(({ symbol, dt, status, flags }) => `${symbol} ${dt} ${status} ${flags.join(',')}`)
}

describe('surroundings: a daily bar', () => {
  test('that moves as its symbol does is GREEN, for many symbols', async () => {
    expect(await judged(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].flatMap((symbol) => walk(symbol)))).toEqual([])
  })

  test.each([
    [
      'a close that is undone overnight',
      (bar: TestBar) => ({ ...bar, close: (bar.close ?? 0) * 1.06, high: (bar.high ?? 0) * 1.07 }),
      'AMBER MOVE_UNDONE',
    ],
    ['a wick', (bar: TestBar) => ({ ...bar, low: (bar.low ?? 0) * 0.9 }), 'AMBER BAD_PRINT'],
    ['an enormous wick', (bar: TestBar) => ({ ...bar, high: (bar.high ?? 0) * 10 }), 'RED BAD_PRINT'],
    ['cents for dollars', (bar: TestBar) => times(bar, 100), 'RED MOVE_UNDONE,OTHER_SCALE'],
    ['thousands', (bar: TestBar) => times(bar, 0.001), 'RED MOVE_UNDONE,OTHER_SCALE'],
    [
      'the volume of one exchange',
      (bar: TestBar) => ({ ...bar, volume: (bar.volume ?? 0) * 0.025 }),
      'AMBER PARTIAL_VOLUME',
    ],
  ])('with %s is found, and its neighbours stay GREEN', async (_, how, says) => {
    for (const dt of ['2024-01-02', '2024-07-03']) {
      expect(await judged(change(walk('A'), dt, how))).toEqual([`A ${dt} ${says}`])
    }
  })

  test('in another unit is found twice within two months, and no bar between or after is', async () => {
    const days = ['2024-05-10', '2024-07-08']
    const bars = days.reduce((all, dt) => change(all, dt, (bar) => times(bar, 1000)), walk('A'))
    expect(await judged(bars)).toEqual(days.map((dt) => `A ${dt} RED MOVE_UNDONE,OTHER_SCALE`))
  })

  test('that repeats the one before is found', async () => {
    const bars = walk('A')
    const copied = change(bars, '2024-05-07', (bar) => ({ ...bars[at('2024-05-06')]!, dt: bar.dt, ts: bar.ts }))
    expect(await judged(copied)).toEqual(['A 2024-05-07 AMBER REPEATED_DAY'])
  })

  test('that fell with the whole market and came back is GREEN', async () => {
    const all = Array.from({ length: 12 }, (_, n) =>
      change(walk(`S${n}`), '2024-08-05', (bar) => ({
        ...bar,
        close: (bar.close ?? 0) * 0.95,
        low: (bar.low ?? 0) * 0.94,
      })),
    )
    expect((await judged(all.flat())).filter((line) => line.includes('MOVE_UNDONE'))).toEqual([])
  })

  test('that fell by a fifth and stayed there is GREEN: a crash is data', async () => {
    const bars = walk('A').map((bar) => (bar.dt >= '2024-08-05' ? times(bar, 0.78) : bar))
    expect(await judged(bars)).toEqual([])
  })

  test('after many sessions without one is found', async () => {
    const bars = walk('A').filter(({ dt }) => dt < '2023-12-01' || dt > '2024-01-10')
    expect(await judged(bars)).toEqual(['A 2024-01-11 AMBER LONG_SILENCE'])
  })

  test('after more sessions without one than are read is found by the year before, and a first one is none', async () => {
    const bars = walk('A').filter(({ dt }) => dt < '2023-09-01' || dt > '2024-03-12')
    expect(await judged(bars)).toEqual(['A 2024-03-13 AMBER LONG_SILENCE'])
    expect(await judged(walk('A').filter(({ dt }) => dt > '2024-03-12'))).toEqual([])
  })

  test('is compared across the file of the year before, and without it where that is gone', async () => {
    const bars = change(walk('A'), '2024-01-02', (bar) => times(bar, 100))
    expect(await judged(bars)).toEqual(['A 2024-01-02 RED MOVE_UNDONE,OTHER_SCALE'])
    await lake.duck.run(
      `COPY (SELECT 1 AS one) TO ${sqlText(curatedFile(lake.root, 'equities_bars', 'year', '2023'))} (FORMAT parquet)`,
    )
    expect(await judged(walk('A'), { before: false })).toEqual([])
  })

  test('of the newest session is judged by the past alone, and is provisional', async () => {
    const to = '2024-06-28'
    const bars = change(walk('A'), to, (bar) => times(bar, 100))
    expect(await judged(bars, { to })).toEqual([`A ${to} RED OTHER_SCALE`])
    const rows = await lake.duck.all<{ dt: string }>(
      `SELECT dt FROM read_parquet(${sqlText(`${lake.root}/qc/ledger/equities_bars/2024.parquet`)}) WHERE provisional`,
    )
    expect(rows).toEqual([{ dt: to }])
  })

  describe('around a split', () => {
    const SPLIT = { symbol: 'A', dt: '2024-09-16', old: 1, new: 4 }
    const splitBars = walk('A').map((bar) =>
      bar.dt >= SPLIT.dt ? { ...times(bar, 0.25), volume: (bar.volume ?? 0) * 4 } : bar,
    )
    const inBlock = (bar: TestBar): boolean => bar.dt >= '2024-06-03' && bar.dt <= '2024-06-06'

    test('that is told of is GREEN, and one that is not is doubted', async () => {
      expect(await judged(splitBars, { splits: [SPLIT] })).toEqual([])
      expect(await judged(splitBars)).toEqual([`A ${SPLIT.dt} AMBER UNTOLD_SPLIT`])
    })

    test('that the prices do not show is doubted', async () => {
      expect(await judged(walk('A'), { splits: [SPLIT] })).toEqual([`A ${SPLIT.dt} AMBER ACTION_WITHOUT_STEP`])
    })

    test('is RED where one day is adjusted for it, or several, and GREEN after them', async () => {
      const day = change(splitBars, '2024-06-03', (bar) => times(bar, 0.25))
      expect(await judged(day, { splits: [SPLIT] })).toEqual([
        'A 2024-06-03 RED MIXED_ADJUSTMENT,MOVE_UNDONE,OTHER_SCALE',
      ])
      const block = splitBars.map((bar) => (inBlock(bar) ? times(bar, 0.25) : bar))
      expect(await judged(block, { splits: [SPLIT] })).toEqual(
        ['2024-06-03', '2024-06-04', '2024-06-05', '2024-06-06'].map((dt) => `A ${dt} RED MIXED_ADJUSTMENT`),
      )
    })

    test('is RED where the block begins and ends while the market falls', async () => {
      const crash = (bar: TestBar): TestBar =>
        bar.dt >= '2024-06-05' ? times(bar, 0.8) : bar.dt >= '2024-06-03' ? times(bar, 0.9) : bar
      const market = ['B', 'C', 'D', 'E', 'F'].flatMap((symbol) => walk(symbol).map(crash))
      const block = splitBars.map((bar) => (inBlock(bar) ? times(bar, 0.25) : bar)).map(crash)
      const found = await judged([...block, ...market], { splits: [SPLIT] })
      expect(found.filter((line) => line.startsWith('A'))).toEqual(
        ['2024-06-03', '2024-06-04', '2024-06-05', '2024-06-06'].map((dt) => `A ${dt} RED MIXED_ADJUSTMENT`),
      )
    })

    test('is RED for the days before it that are adjusted already', async () => {
      const early = splitBars.map((bar) => (bar.dt >= '2024-09-12' && bar.dt < SPLIT.dt ? times(bar, 0.25) : bar))
      expect(await judged(early, { splits: [SPLIT] })).toEqual([
        'A 2024-09-12 RED MIXED_ADJUSTMENT',
        'A 2024-09-13 RED MIXED_ADJUSTMENT',
      ])
    })
  })
})
