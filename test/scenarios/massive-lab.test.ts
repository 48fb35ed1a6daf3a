import { afterEach, describe, expect, it } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { addDays } from '../../functions/_market/dt.ts'
import type { OptionBar } from '../../functions/_market/row.ts'
import { sessionOfAction } from '../../functions/_vendors/action-day.ts'
import { makeGet } from '../../functions/_vendors/http.ts'
import { massive } from '../../functions/_vendors/massive/index.ts'
import { isCollected } from '../../functions/_vendors/occ.ts'
import type { Answer, CallPlan, Get, HttpAnswer, PlanTerms, Want } from '../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, termsOf, want } from '../_vendors/contract.ts'
import { allow } from '../_vendors/scripted-vendor.ts'
import { type ActionSource, type LabAction, syntheticActions } from '../lab/action-source.ts'
import { LAB_KEYS, type Lab, type LabBar, type LabOptions, startLab } from '../lab/lab.ts'
import { syntheticBars } from '../lab/synthetic.ts'
import { syntheticOptions } from '../lab/synthetic-options.ts'

const NOW = instantOf('2024-06-14', '20:00')
const UNIVERSE = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF', 'GGG', 'HHH'].map((symbol, at) => ({
  symbol,
  from: '2023-01-03',
  to: null,
  splits: at % 3 === 0 ? [{ exDt: '2024-05-15', ratio: at === 0 ? 2 : 0.1 }] : [],
}))
const BARS = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'massive' })
const OPTIONS = syntheticOptions({ seed: 7, underliers: ['AAA'], bars: BARS, from: '2024-03-01', to: '2024-12-31' })
const ACTIONS = syntheticActions({ seed: 5, universe: UNIVERSE, from: '2023-01-01', to: '2024-12-31' })

let lab: Lab | undefined
afterEach(async () => lab?.close())

async function open(options: Partial<LabOptions> = {}): Promise<Get> {
  lab = await startLab({
    now: () => NOW,
    seed: 7,
    plan: 'open',
    limits: { massive: 1_000_000 },
    massive: BARS,
    options: { massive: OPTIONS },
    actions: { massive: ACTIONS },
    ...options,
  })
  const secrets = { MASSIVE_API_KEY: LAB_KEYS.massive }
  return makeGet({
    connector: massive,
    baseUrl: lab.massive.url,
    secrets,
    acquire: allow,
    now: options.now ?? (() => NOW),
  })
}

async function go(get: Get, wants: Want[], terms: PlanTerms): Promise<{ answer: Answer; plan: CallPlan }> {
  const plan = massive.plan(wants[0]!, wants.slice(1), terms)
  const answer = await massive.ask(plan, terms, get)
  expectSoundAnswer(answer, plan)
  return { answer, plan }
}

const sessionsOf = (from: string, to: string): string[] => calendarOf('xnys').sessions(from, to)

/** Every bar of a day's collected contracts as the source holds them. */
const heldOn = (dt: string, within: number, barsOf: (contract: string) => LabBar[]): OptionBar[] =>
  OPTIONS.contracts('AAA')
    .filter(({ expiry }) => isCollected(expiry, dt, within))
    .flatMap(({ symbol, expiry, right, strike }) =>
      barsOf(symbol).map(({ ts, o, h, l, c, v, vw, n }) => ({
        underlier: 'AAA',
        contract: symbol,
        expiration: expiry,
        right,
        strike,
        ts,
        open: o ?? Number.NaN,
        high: h ?? Number.NaN,
        low: l ?? Number.NaN,
        close: c ?? Number.NaN,
        volume: v ?? Number.NaN,
        vwap: vw ?? null,
        trades: n ?? null,
      })),
    )

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

describe('massive lab: option bars of the lab', () => {
  const within = 45
  const terms = (more: Partial<PlanTerms> = {}): PlanTerms => ({
    ...termsOf('options_bars', NOW, { rowsPerPage: 50_000, symbolsPerCall: 1 }),
    expireWithinDays: within,
    ...more,
  })

  it('are those of its source to the last digit, day by day, over an expiry and a split', async () => {
    const get = await open()
    const days = sessionsOf('2024-05-08', '2024-05-30')
    const { answer } = await go(
      get,
      days.map((dt) => want('AAA', dt)),
      terms(),
    )
    expect(answer).toMatchObject({ interruption: null, unrequested: [] })
    expect(answer.complete.size).toBe(days.length)
    let rows = 0
    for (const dt of days) {
      const served = answer.rows.get(`AAA ${dt}`) ?? []
      rows += served.length
      const held = heldOn(dt, within, (contract) => OPTIONS.bars.daily(contract, dt, dt))
      const fields = (all: readonly object[]) => sorted(all.map((row) => Object.entries(row).sort()))
      expect(fields(served), dt).toEqual(fields(held))
    }
    expect(rows).toBeGreaterThan(200)
  })

  it('by the minute too, over many pages', async () => {
    const get = await open()
    const dt = '2024-06-12'
    const { answer } = await go(get, [want('AAA', dt)], terms({ timeframe: 'minute' }))
    const held = heldOn(dt, within, (contract) =>
      OPTIONS.bars.minute(contract, instantOf(dt, '00:00'), instantOf(dt, '23:59')),
    )
    const fields = (all: readonly object[]) => sorted(all.map((row) => Object.entries(row).sort()))
    expect(fields(answer.rows.get(`AAA ${dt}`) ?? [])).toEqual(fields(held))
    expect(held.length).toBeGreaterThan(20)
  })

  it('are all there after as many minutes as five calls each take, with pages kept in between', async () => {
    let now = NOW
    const get = await open({ now: () => now, limits: { massive: 5 } })
    const pages = new Map<string, HttpAnswer>()
    const resuming: Get = async (request) => {
      const key = JSON.stringify(request)
      const kept = pages.get(key)
      if (kept !== undefined) return { ...kept, isCached: true }
      const answer = await get(request)
      pages.set(key, answer)
      return answer
    }
    const wants = ['2024-06-12', '2024-06-13'].map((dt) => want('AAA', dt))
    const tries: number[] = []
    let end: Answer | undefined
    while (end === undefined && tries.length < 100) {
      const { answer } = await go(resuming, wants, terms({ now, expireWithinDays: 9 }))
      tries.push(answer.calls)
      if (answer.interruption === null) end = answer
      else expect(answer.complete.size).toBe(0)
      now += 61_000
    }
    expect(end?.complete.size).toBe(2)
    const listed = OPTIONS.contracts('AAA').filter(({ expiry }) => expiry === '2024-06-21').length
    // No page was paid for twice: the lists, each contract, and in each try but the last the call that was refused.
    expect(tries.reduce((sum, calls) => sum + calls, 0)).toBe(2 + listed + tries.length - 1)
    expect(tries.length).toBe(Math.ceil((2 + listed) / 5))
  })
})

describe('massive lab: corporate actions of the lab', () => {
  const days = sessionsOf('2023-01-03', '2024-06-14')
  const wants = UNIVERSE.flatMap(({ symbol }) => days.map((dt) => want(symbol, dt)))
  const renamed = ACTIONS.actions().filter((action) => action.kind === 'name-change')
  const terms: PlanTerms = termsOf('corporate_actions', NOW, { rowsPerPage: 5, symbolsPerCall: 100, pagesPerPlan: 40 })

  /** What the source holds of the listed kinds, as the fields that carry meaning, by cell. */
  const heldBy = (source: ActionSource, toText: (action: LabAction) => string | null): string[] =>
    source
      .actions()
      .filter(({ exDt, knownDt }) => knownDt <= '2024-06-14' && exDt >= days[0]! && exDt <= '2024-06-14')
      .flatMap((action) => toText(action) ?? [])
      .sort()

  const textOf = (action: LabAction): string => {
    const effective = action.kind === 'name-change' ? addDays(action.exDt, 2) : action.exDt
    const cell = `${action.symbol} ${sessionOfAction(calendarOf('xnys'), effective)} ${effective}`
    switch (action.kind) {
      case 'split':
        return `${cell} split ${action.from} ${action.to}`
      case 'dividend':
        return `${cell} cash_dividend ${action.cash} ${action.recordDt} ${action.payDt} ${action.knownDt} {"frequency":${action.frequency}}`
      case 'name-change':
        return `${cell} name_change ${action.oldSymbol}`
    }
  }

  const servedBy = (answer: Answer): string[] =>
    [...answer.rows]
      .flatMap(([key, rows]) =>
        rows.flatMap((row) => {
          if (!('kind' in row)) return []
          const { kind, effective_date, cash, record_date, payable_date, declaration_date, detail } = row
          const what =
            kind === 'split'
              ? `${row.old_shares} ${row.new_shares}`
              : kind === 'name_change'
                ? row.other_symbol
                : `${cash} ${record_date} ${payable_date} ${declaration_date} ${detail}`
          return [`${key} ${effective_date} ${kind} ${what}`]
        }),
      )
      .sort()

  it('are those of its source to the last digit, over many symbols, years and pages', async () => {
    const { answer } = await go(await open(), wants, terms)
    expect(answer).toMatchObject({ interruption: null, unrequested: [] })
    expect(answer.complete.size).toBe(wants.length)
    const held = heldBy(ACTIONS, textOf)
    expect(servedBy(answer)).toEqual(held)
    for (const kind of [' split ', ' cash_dividend ']) expect(held.some((text) => text.includes(kind))).toBe(true)
    expect(answer.calls).toBeGreaterThan(2 + UNIVERSE.length)
    expect(renamed.length).toBeGreaterThan(0)
  })

  it('are the same from the older lists', async () => {
    const get = await open()
    const withoutNew: Get = (request) =>
      get(request.path.startsWith('/stocks/v1/') ? { ...request, path: '/stocks/v0/gone' } : request)
    const { answer } = await go(withoutNew, wants, terms)
    expect(answer.interruption).toBeNull()
    expect(servedBy(answer)).toEqual(heldBy(ACTIONS, textOf))
  })
})
