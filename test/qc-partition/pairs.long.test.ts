import { writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { rawFile } from '../../functions/_lake/paths.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import type { SecondVersion } from '../../functions/qc-partition/second-version.ts'
import { draw, seedOf } from '../lab/chance.ts'
import {
  dailyBar,
  minuteBars,
  QC,
  smallLake,
  specOf,
  type TestBar,
  upTo,
  writeCurated,
  writeRaw,
} from './small-lake.ts'

// Sixty raw files a test: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000 })

const xnys = calendarOf('xnys')
const DAYS = xnys.sessions('2024-02-20', '2024-05-24')
const DT = '2024-05-15'
const MASSIVE = { vendor: 'massive', feed: 'consolidated' }

/** A random walk that moves about 1 % a day. */
function walk(symbol: string): TestBar[] {
  const seed = seedOf(7, symbol)
  let price = 100
  return DAYS.map((dt, day) => {
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

const enclosed = (bar: TestBar): TestBar => ({
  ...bar,
  high: Math.max(bar.high!, bar.open!, bar.close!),
  low: Math.min(bar.low!, bar.open!, bar.close!),
})
const on = (dt: string, bars: TestBar[], how: (bar: TestBar) => TestBar): TestBar[] =>
  bars.map((bar) => (bar.dt === dt ? enclosed(how(bar)) : bar))

/** As another vendor shows the same days: other roundings, auctions apart by up to half a percent, a few percent more volume. */
const asMassive = (bars: TestBar[]): TestBar[] =>
  bars.map((bar, day) =>
    enclosed({
      ...bar,
      ...MASSIVE,
      open: Math.round(bar.open! * (1 + 0.008 * (draw(3, day) - 0.5)) * 100) / 100,
      close: Math.round(bar.close! * (1 + 0.008 * (draw(4, day) - 0.5)) * 100) / 100,
      high: Math.ceil(bar.high! * 100) / 100,
      low: Math.floor(bar.low! * 100) / 100,
      volume: Math.round(bar.volume! * (1.02 + 0.06 * draw(5, day))),
    }),
  )

let lake: Lake
beforeEach(async () => {
  lake = await smallLake()
})

interface Terms {
  seconds?: Partial<SecondVersion>
  decision?: 'release' | 'hold'
  damage?: () => Promise<void>
}

async function judged(first: TestBar[], second: TestBar[], { seconds, decision, damage }: Terms = {}) {
  await writeRaw(lake, 'equities_bars', [...first, ...second])
  await writeCurated(lake, 'equities_bars', '2024', first)
  await damage?.()
  const result = await judgePartition(lake, {
    dataset: 'equities_bars',
    spec: specOf('equities_bars'),
    partition: '2024',
    sessions: DAYS.map((dt) => xnys.session(dt)!),
    cells: first.map(({ symbol, dt }) => ({
      symbol,
      dt,
      expectedRows: 1,
      present: true,
      reason: null,
      digest: 'd'.repeat(64),
      decision: dt === DT ? (decision ?? null) : null,
    })),
    qc: QC,
    checkedAt: Date.UTC(2024, 6, 1),
    neighbours: [],
    seconds: second.map(({ symbol, dt }) => ({
      ...{ symbol, dt, vendor: 'massive', isRefused: false, mayReturn: false },
      ...(dt === DT ? seconds : {}),
    })),
  })
  return {
    flagged: result.flagged.map(({ symbol, dt, status, flags }) => `${symbol} ${dt} ${status} ${flags.join(',')}`),
    actions: result.seconds.map(
      ({ symbol, dt, secondVendor, second: found }) => `${symbol} ${dt} ${secondVendor} ${found?.action}`,
    ),
    seconds: result.seconds,
  }
}

const clean = walk('A')

describe('pairs: daily bars of two vendors', () => {
  test('say nothing where they differ as vendors differ in life', async () => {
    expect(await judged(clean, asMassive(clean))).toMatchObject({ flagged: [], actions: [] })
  })

  test.each([
    ['a wrong close', (bar: TestBar) => ({ ...bar, close: bar.close! * 1.06 }), 'VENDORS_PRICE_DIFFERS'],
    ['a wrong open', (bar: TestBar) => ({ ...bar, open: bar.open! * 0.95 }), 'VENDORS_PRICE_DIFFERS'],
    [
      'a bar at another scale',
      (bar: TestBar) => ({
        ...bar,
        open: bar.open! / 2,
        high: bar.high! / 2,
        low: bar.low! / 2,
        close: bar.close! / 2,
      }),
      'VENDORS_PRICE_DIFFERS',
    ],
  ])('replace %s, which leaves its neighbours and returns', async (_what, how, flag) => {
    const { flagged, actions, seconds } = await judged(on(DT, clean, how), asMassive(clean))
    expect(flagged).toEqual([expect.stringMatching(new RegExp(`^A ${DT} RED .*${flag}`))])
    expect(actions).toEqual([`A ${DT} massive replacing`])
    expect(seconds[0]?.second?.numbers.second_excursion).toBeGreaterThan(0)
  })

  test('keep the first where the second is the one that does so, and have nothing against it', async () => {
    const { flagged, actions } = await judged(
      clean,
      on(DT, asMassive(clean), (bar) => ({ ...bar, close: bar.close! * 1.06 })),
    )
    expect(flagged).toEqual([])
    expect(actions).toEqual([`A ${DT} massive kept`])
  })

  test('stay undecided about a small difference that either history allows', async () => {
    const { flagged, actions } = await judged(
      on(DT, clean, (bar) => ({ ...bar, close: bar.close! * 1.013 })),
      clean.map((bar) => ({ ...bar, ...MASSIVE })),
    )
    expect(flagged).toEqual([`A ${DT} AMBER VENDORS_PRICE_DIFFERS`])
    expect(actions).toEqual([`A ${DT} massive undecided`])
  })

  test('see a doubled volume against the ratio that the pair usually has', async () => {
    const { flagged, actions } = await judged(
      on(DT, clean, (bar) => ({ ...bar, volume: bar.volume! * 2 })),
      asMassive(clean),
    )
    expect(flagged).toEqual([`A ${DT} AMBER VENDORS_VOLUME_DIFFERS`])
    expect(actions).toEqual([`A ${DT} massive undecided`])
  })

  test('say nothing of volume while too few pairs are known', async () => {
    const few = asMassive(clean).filter(({ dt }) => dt > '2024-05-10' && dt < '2024-05-20')
    const { flagged } = await judged(
      on(DT, clean, (bar) => ({ ...bar, volume: bar.volume! * 2 })),
      few,
    )
    expect(flagged).toEqual([])
  })

  test('say nothing of a feed that has a fortieth of the volume each day', async () => {
    const iex = clean.map((bar, day) => ({
      ...bar,
      ...MASSIVE,
      volume: Math.round(bar.volume! * (0.015 + 0.02 * draw(9, day))),
    }))
    expect(await judged(clean, iex)).toMatchObject({ flagged: [], actions: [] })
  })

  test('see open and close in each other’s column', async () => {
    const large = on(DT, clean, (bar) => ({ ...bar, close: bar.open! * 1.03 }))
    const after = large.map((bar) =>
      bar.dt > DT
        ? {
            ...bar,
            ...scaled(bar, large.find(({ dt }) => dt === DT)!.close! / clean.find(({ dt }) => dt === DT)!.close!),
          }
        : bar,
    )
    const swapped = on(DT, after, (bar) => ({ ...bar, open: bar.close, close: bar.open }))
    const { flagged, actions } = await judged(
      swapped,
      after.map((bar) => ({ ...bar, ...MASSIVE })),
    )
    expect(flagged).toEqual([expect.stringContaining('VENDORS_OPEN_CLOSE_SWAPPED')])
    expect(actions[0]).toMatch(/replacing|undecided/)
  })

  test('release a bar whose doubt both share', async () => {
    const wick = on(DT, clean, (bar) => ({ ...bar, high: bar.high! * 2.2 }))
    const alone = await judged(wick, [])
    expect(alone.flagged).toEqual([`A ${DT} RED BAD_PRINT`])
    const both = await judged(wick, asMassive(wick))
    expect(both.flagged).toEqual([`A ${DT} AMBER BAD_PRINT,CONFIRMED_BY_SECOND`])
    expect(both.actions).toEqual([`A ${DT} massive released`])
  })

  test('condemn a cell whose second version was refused as well', async () => {
    const wick = on(DT, clean, (bar) => ({ ...bar, high: bar.high! * 2.2 }))
    const other = on(DT, clean, (bar) => ({ ...bar, ...MASSIVE, high: bar.high! * 3 }))
    const { flagged, actions } = await judged(
      wick,
      other.map((bar) => ({ ...bar, ...MASSIVE })),
      { seconds: { isRefused: true, mayReturn: true } },
    )
    expect(flagged).toEqual([expect.stringContaining(`A ${DT} RED`)])
    expect(actions).toEqual([`A ${DT} massive condemned`])
  })

  test('say of a good bar whose other version was refused that it replaced it', async () => {
    const wrong = on(DT, asMassive(clean), (bar) => ({ ...bar, close: bar.close! * 1.06 }))
    const { flagged, actions } = await judged(clean, wrong, { seconds: { isRefused: true, mayReturn: true } })
    expect({ flagged, actions }).toEqual({ flagged: [], actions: [`A ${DT} massive replaced`] })
  })

  test('let a refused version return once both agree', async () => {
    const { seconds } = await judged(clean, asMassive(clean), { seconds: { isRefused: true, mayReturn: true } })
    expect(seconds.map(({ second }) => second)).toMatchObject([{ action: 'released', lifts: true }])
  })

  test('change nothing that a person decided', async () => {
    const wrong = on(DT, clean, (bar) => ({ ...bar, close: bar.close! * 1.06 }))
    const released = await judged(wrong, asMassive(clean), { decision: 'release' })
    expect(released.flagged).toEqual([expect.stringMatching(/AMBER .*RELEASED_BY_PERSON/)])
    expect(released.actions).toEqual([])
    const held = await judged(clean, asMassive(clean), { decision: 'hold' })
    expect(held.flagged).toEqual([`A ${DT} RED HELD_BY_PERSON`])
  })

  test('are none where the file of the second is damaged: the others are compared all the same', async () => {
    const wrong = clean.map((bar) =>
      bar.dt === DT || bar.dt === DAYS[40] ? enclosed({ ...bar, close: bar.close! * 1.06 }) : bar,
    )
    const damage = () =>
      writeFile(rawFile(lake.root, 'massive', 'equities_bars', specOf('equities_bars').raw_layout, DT, 'A'), 'torn')
    const { actions } = await judged(wrong, asMassive(clean), { damage })
    expect(actions).toEqual([`A ${DAYS[40]} massive replacing`])
  })
})

const scaled = (bar: TestBar, factor: number) => ({
  open: bar.open! * factor,
  high: bar.high! * factor,
  low: bar.low! * factor,
  close: bar.close! * factor,
})

describe('pairs: minutes of two vendors', () => {
  const SYMBOLS = Array.from({ length: 24 }, (_, at) => `S${String.fromCharCode(65 + at)}`)
  const D = '2024-07-03'
  const DAY = '2024-07-05'
  const session = [xnys.session(D)!, xnys.session(DAY)!]

  async function minutesJudged(
    change: (bars: TestBar[]) => TestBar[],
    other: (bars: TestBar[]) => TestBar[] = (bars) => bars,
  ) {
    const day = (symbol: string): TestBar[] =>
      minuteBars(symbol, DAY, upTo(390)).map((bar) => ({
        ...bar,
        close: bar.open! + 0.02,
        high: bar.open! + 0.05,
        low: bar.open! - 0.03,
      }))
    const first = SYMBOLS.flatMap((symbol) => (symbol === 'SA' ? change(day(symbol)) : day(symbol)))
    const second = SYMBOLS.flatMap((symbol) => (symbol === 'SA' ? other(day(symbol)) : day(symbol))).map((bar) => ({
      ...bar,
      ...MASSIVE,
    }))
    await writeRaw(lake, 'equities_bars_minute', [...first, ...second])
    await writeCurated(lake, 'equities_bars_minute', DAY, first)
    const result = await judgePartition(lake, {
      dataset: 'equities_bars_minute',
      spec: specOf('equities_bars_minute'),
      partition: DAY,
      sessions: session,
      cells: SYMBOLS.map((symbol) => ({
        symbol,
        dt: DAY,
        expectedRows: 390,
        present: true,
        reason: null,
        digest: 'd'.repeat(64),
      })),
      qc: QC,
      checkedAt: Date.UTC(2024, 6, 6),
      neighbours: [],
      seconds: SYMBOLS.map((symbol) => ({ symbol, dt: DAY, vendor: 'massive', isRefused: false, mayReturn: false })),
    })
    const own = result.flagged.filter(({ flags }) =>
      flags.some((flag) => flag.startsWith('VENDORS') || flag.startsWith('CONFIRMED')),
    )
    return [
      ...own.map(
        ({ symbol, status, flags }) =>
          `${symbol} ${status} ${flags.filter((flag) => flag !== 'NO_BASELINE').join(',')}`,
      ),
      ...result.seconds.map(({ second }) => second?.action),
    ]
  }

  test('say nothing of two that are alike', async () => {
    expect(await minutesJudged((bars) => bars)).toEqual([])
  })
  test('see doubled volume', async () => {
    expect(await minutesJudged((bars) => bars.map((bar) => ({ ...bar, volume: bar.volume! * 2 })))).toEqual([
      'SA AMBER VENDORS_VOLUME_DIFFERS',
      'undecided',
    ])
  })
  test('see lost minutes in the number of rows', async () => {
    const found = await minutesJudged((bars) => bars.filter((_, at) => at % 4 !== 1))
    expect(found[0]).toContain('VENDORS_ROWS_DIFFER')
  })
  test('see a high that the other does not have', async () => {
    const found = await minutesJudged((bars) => bars.map((bar, at) => (at === 200 ? { ...bar, high: 130 } : bar)))
    expect(found).toEqual([expect.stringMatching(/SA RED .*VENDORS_PRICE_DIFFERS/), 'replacing'])
  })
})
