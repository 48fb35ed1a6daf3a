import { afterEach, describe, expect, it } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf, newYorkDt } from '../../functions/_calendar/zone.ts'
import { addDays } from '../../functions/_market/dt.ts'
import type { Row } from '../../functions/_market/row.ts'
import { sessionOfAction } from '../../functions/_vendors/action-day.ts'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { makeGet } from '../../functions/_vendors/http.ts'
import type { Answer, Names, PlanTerms, Want } from '../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, termsOf, want } from '../_vendors/contract.ts'
import { type LabAction, syntheticActions } from '../lab/action-source.ts'
import { LAB_KEYS, type Lab, startLab } from '../lab/lab.ts'
import type { LabBar } from '../lab/source.ts'
import { syntheticBars } from '../lab/synthetic.ts'
import { syntheticOptions } from '../lab/synthetic-options.ts'

/** Everything the lab holds must arrive unchanged, to the last digit. */
const NOW = instantOf('2024-06-14', '20:30')
const UNIVERSE = [
  ...['AAA', 'CCC', 'DDD', 'EEE', 'FFF', 'GGG', 'HHH', 'III', 'JJJ', 'KKK', 'LLL', 'MMM', 'NNN'].map((symbol) => ({
    symbol,
    from: '2020-02-03',
    to: null,
  })),
  { symbol: 'BRK.B', from: '2010-01-04', to: null, splits: [{ exDt: '2024-05-15', ratio: 2 }] },
]
const BARS = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'alpaca' })
const OPTIONS = syntheticOptions({
  seed: 7,
  underliers: ['AAA', 'BRK.B'],
  bars: BARS,
  from: '2024-03-01',
  to: '2024-12-31',
})
const ACTIONS = syntheticActions({ seed: 7, universe: UNIVERSE, from: '2020-01-01', to: '2024-12-31' })

let lab: Lab | undefined
afterEach(async () => lab?.close())

async function askLab(wants: Want[], terms: PlanTerms): Promise<Answer> {
  const source = { alpaca: BARS, options: { alpaca: OPTIONS }, actions: { alpaca: ACTIONS } }
  lab = await startLab({ now: () => NOW, seed: 7, plan: 'basic', limits: { alpaca: 10_000 }, ...source })
  const { id, secret } = LAB_KEYS.alpaca
  const get = makeGet({
    connector: alpaca,
    baseUrl: lab.alpaca.url,
    secrets: { APCA_API_KEY_ID: id, APCA_API_SECRET_KEY: secret },
    acquire: async () => ({ ok: true }),
    now: () => NOW,
  })
  const plan = alpaca.plan(wants[0]!, wants.slice(1), terms)
  expect(plan.wants.length).toBe(wants.length)
  const answer = await alpaca.ask(plan, terms, get)
  expectSoundAnswer(answer, plan)
  expect(answer).toMatchObject({ interruption: null, unrequested: [] })
  expect(answer.faults.size).toBe(0)
  return answer
}

const sorted = (rows: Iterable<Row[]>): string[] =>
  [...rows]
    .flat()
    .map((row) => JSON.stringify(row))
    .sort()

describe('alpaca lab: options of the lab', () => {
  it.each([
    ['AAA', 'day'],
    ['AAA', 'minute'],
    ['BRK.B', 'day'],
  ] as const)('of %s arrive as its source holds them, by the %s', async (underlier, timeframe) => {
    const within = 40
    const days = calendarOf('xnys').sessions('2024-05-13', '2024-05-24')
    const wants = days.map((dt) => want(underlier, dt, 600))
    const shape = { rowsPerPage: 700, symbolsPerCall: 37, pagesPerPlan: 20 }
    const terms = { ...termsOf('options_bars', NOW, shape), timeframe, expireWithinDays: within }
    const answer = await askLab(wants, terms)

    const held = (contract: string): LabBar[] =>
      timeframe === 'day'
        ? OPTIONS.bars.daily(contract, days[0]!, days.at(-1)!)
        : OPTIONS.bars.minute(contract, instantOf(days[0]!, '00:00'), instantOf(days.at(-1)!, '24:00') - 1)
    const expected = OPTIONS.contracts(underlier).flatMap(({ symbol, expiry, right, strike }) =>
      held(symbol)
        .filter(({ dt }) => expiry >= dt && expiry <= addDays(dt, within))
        .map(({ ts, o, h, l, c, v, vw, n }) => ({
          ts,
          open: o,
          high: h,
          low: l,
          close: c,
          volume: v,
          vwap: vw ?? null,
          trades: n ?? null,
          underlier,
          contract: symbol,
          expiration: expiry,
          right,
          strike,
        })),
    )
    expect(expected.length).toBeGreaterThan(200)
    const expirations = new Set(expected.map((row) => row.expiration))
    // One of them expired inside the window, long before now; the other still lives.
    expect([...expirations].sort()).toEqual(['2024-05-17', '2024-06-21'])
    expect(sorted(answer.rows.values())).toEqual(expected.map((row) => JSON.stringify(row)).sort())
    for (const [key, rows] of answer.rows) {
      for (const row of rows) expect('ts' in row && newYorkDt(row.ts)).toBe(key.slice(-10))
    }
  })
})

describe('alpaca lab: corporate actions of the lab', () => {
  const [from, to] = ['2020-02-03', '2024-06-13']
  const symbols = UNIVERSE.map(({ symbol }) => symbol)
  const isKnown = (action: LabAction): boolean => action.knownDt <= newYorkDt(NOW)
  const expected = ACTIONS.actions().filter((action) => isKnown(action) && action.exDt >= from && action.exDt <= to)
  const renamed = expected.filter((action) => action.kind === 'name-change')
  const names: Record<string, Names> = Object.fromEntries(
    renamed.map(({ symbol, oldSymbol, exDt }) => [
      symbol,
      { until: null, was: [{ symbol: oldSymbol, to: addDays(exDt, -1) }] },
    ]),
  )

  /** The facts of an action that the lab holds, under its cell. */
  const factsOf = (action: LabAction): string => {
    const cell = `${action.symbol} ${sessionOfAction(calendarOf('xnys'), action.exDt)} ${action.exDt}`
    switch (action.kind) {
      case 'dividend':
        return `${cell} cash_dividend ${action.cash} ${action.recordDt} ${action.payDt} ${action.special ? 'special' : null}`
      case 'split':
        return `${cell} split ${action.from} ${action.to}`
      case 'name-change':
        return `${cell} name_change ${action.oldSymbol}`
      default:
        return action satisfies never
    }
  }
  const factsOfRow = (key: string, row: Row): string => {
    if (!('effective_date' in row)) throw new Error(`expected an action, got ${JSON.stringify(row)}`)
    const cell = `${key} ${row.effective_date} ${row.kind}`
    if (row.kind === 'split') return `${cell} ${row.old_shares} ${row.new_shares}`
    if (row.kind === 'name_change') return `${cell} ${row.other_symbol}`
    return `${cell} ${row.cash} ${row.record_date} ${row.payable_date} ${row.subtype}`
  }

  it('arrive as its source holds them, each once and in its cell', async () => {
    const wants = calendarOf('xnys')
      .sessions(from, to)
      .flatMap((dt) => symbols.map((symbol) => want(symbol, dt)))
    const answer = await askLab(wants, { ...termsOf('corporate_actions', NOW, { rowsPerPage: 7 }), names })
    const got = [...answer.rows].flatMap(([key, rows]) => rows.map((row) => factsOfRow(key, row)))
    expect(got.sort()).toEqual(expected.map(factsOf).sort())
    expect(expected.length).toBeGreaterThan(40)
    expect(new Set(expected.map((action) => action.kind)).size).toBe(3)
    expect(answer.complete.size).toBe(wants.length)
    const ids = [...answer.rows.values()].flat().map((row) => ('id' in row ? row.id : ''))
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('alpaca lab: sessions of the lab', () => {
  it('are those of our calendar, half days too', async () => {
    await askLab([want('AAA', '2024-06-03')], termsOf('equities_bars', NOW))
    const { id, secret } = LAB_KEYS.alpaca
    const secrets = { APCA_API_KEY_ID: id, APCA_API_SECRET_KEY: secret }
    const acquire = async () => ({ ok: true }) as const
    const get = makeGet({ connector: alpaca, baseUrl: lab?.alpaca.url ?? '', secrets, acquire, now: () => NOW })
    const xnys = calendarOf('xnys')
    const expected = xnys.sessions('2023-11-01', '2024-11-30').map((dt) => xnys.session(dt))
    expect(await alpaca.sessions?.('2023-11-01', '2024-11-30', get)).toEqual(expected)
  })
})
