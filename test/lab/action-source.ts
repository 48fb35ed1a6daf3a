/** What happened to companies rather than to prices: the contract of every source of corporate actions, and a seeded one. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt, maxDt, minDt } from '../../functions/_market/dt.ts'
import { draw, hexOf, seedOf } from './chance.ts'
import type { UniverseEntry } from './synthetic-prices.ts'

interface AnyAction {
  /** The day from which vendors list the action; before it nobody has heard of it. */
  knownDt: Dt
}

/** From `exDt` on, `from` old shares are `to` new ones. */
export interface SplitAction extends AnyAction {
  kind: 'split'
  symbol: string
  exDt: Dt
  from: number
  to: number
}

export interface DividendAction extends AnyAction {
  kind: 'dividend'
  symbol: string
  exDt: Dt
  recordDt: Dt
  payDt: Dt
  /** US dollars a share, as paid on the ex date's share count. */
  cash: number
  special: boolean
  /** Payments a year; 0 for one that is not repeated. */
  frequency: number
}

/** `symbol` is the new name, traded from `exDt` on. */
export interface NameChange extends AnyAction {
  kind: 'name-change'
  symbol: string
  oldSymbol: string
  exDt: Dt
}

export type LabAction = SplitAction | DividendAction | NameChange

export interface ActionSource {
  /** All of them, in any order. */
  actions(): LabAction[]
}

export const NO_ACTIONS: ActionSource = { actions: () => [] }

/** Alpaca files a dividend under the day it is paid, everything else under the day it takes effect (recorded answers of 2023 to 2026). */
export const processDtOf = (action: LabAction): Dt => (action.kind === 'dividend' ? action.payDt : action.exDt)

/** A uuid and a CUSIP in shape only: both are drawn from the words. */
export function uuidOf(...words: (string | number)[]): string {
  const hex = hexOf(seedOf(0, 'uuid', ...words))
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
export const cusipOf = (symbol: string): string =>
  hexOf(seedOf(0, 'cusip', symbol))
    .slice(0, 9)
    .toUpperCase()

const ANNOUNCED_DAYS = 14

export interface SyntheticActionsOptions {
  seed: number
  universe: readonly UniverseEntry[]
  /** The days within which something goes ex. */
  from: Dt
  to: Dt
}

/**
 * The splits of the universe, quarterly dividends for about half of it, now and then a special one, and a new name for about one
 * symbol in six, on its first day. An action is known two weeks ahead. Synthetic prices do not fall on an ex date.
 */
export function syntheticActions({ seed, universe, from, to }: SyntheticActionsOptions): ActionSource {
  const actions: LabAction[] = []
  const add = (action: LabAction): void => {
    if (action.exDt >= from && action.exDt <= to) actions.push(action)
  }
  for (const entry of universe) {
    const { symbol, was = [] } = entry
    // Vendors file an action under the ticker of its day.
    const tickerOn = (dt: Dt): string => was.find(({ to: lastDt }) => dt <= lastDt)?.symbol ?? symbol
    const own = seedOf(seed, 'actions', symbol)
    for (const { exDt, ratio } of entry.splits ?? [])
      add({ kind: 'split', symbol: tickerOn(exDt), exDt, ...fraction(ratio), knownDt: addDays(exDt, -ANNOUNCED_DAYS) })
    const names = [...was, { symbol, to: null }]
    for (const [at, { symbol: oldSymbol, to: lastDt }] of names.entries()) {
      const next = names[at + 1]
      if (!next || lastDt === null) continue
      const exDt = addDays(lastDt, 1)
      add({ kind: 'name-change', symbol: next.symbol, oldSymbol, exDt, knownDt: addDays(exDt, -ANNOUNCED_DAYS) })
    }
    if (names.length === 1 && draw(own, 0) < 1 / 6) {
      add({
        kind: 'name-change',
        symbol,
        oldSymbol: oldNameOf(symbol, own),
        exDt: entry.from,
        knownDt: addDays(entry.from, -ANNOUNCED_DAYS),
      })
    }
    if (draw(own, 1) >= 0.5) continue
    const cash = Math.round(10 + draw(own, 2) * 90) / 100
    const first = maxDt(from, entry.from)
    const last = entry.to === null ? to : minDt(to, entry.to)
    const month = Math.floor(draw(own, 3) * 3)
    for (let year = Number(first.slice(0, 4)); year <= Number(last.slice(0, 4)); year++) {
      for (let quarter = 0; quarter < 4; quarter++) {
        const text = String(quarter * 3 + month + 1).padStart(2, '0')
        const exDt = sessionFrom(`${year}-${text}-10`)
        if (exDt === undefined || exDt < first || exDt > last) continue
        add(dividend(tickerOn(exDt), exDt, cash, false))
        if (draw(seedOf(own, exDt), 0) < 0.03) add(dividend(tickerOn(exDt), exDt, cash * 4, true))
      }
    }
  }
  return { actions: () => actions }
}

/** Paid a few weeks after the ex date, like most; the record date is the ex date, as it has been since May 2024. */
function dividend(symbol: string, exDt: Dt, cash: number, special: boolean): DividendAction {
  const payDt = sessionFrom(addDays(exDt, 18)) ?? addDays(exDt, 18)
  return {
    kind: 'dividend',
    symbol,
    exDt,
    recordDt: exDt,
    payDt,
    cash,
    special,
    frequency: special ? 0 : 4,
    knownDt: addDays(exDt, -ANNOUNCED_DAYS),
  }
}

const sessionFrom = (dt: Dt): Dt | undefined => calendarOf('xnys').sessions(dt, addDays(dt, 10))[0]

const oldNameOf = (symbol: string, own: number): string => `${symbol.replace(/\..*/, '').slice(0, 3)}${'QXZ'[own % 3]}O`

/** A ratio as whole numbers: 2 is 1 for 2, 0.1 is 10 for 1, 1.5 is 2 for 3. */
export function fraction(ratio: number): { from: number; to: number } {
  for (let from = 1; from <= 1_000; from++) {
    const to = Math.round(ratio * from)
    if (to > 0 && Math.abs(to / from - ratio) < 1e-9) return { from, to }
  }
  return { from: 1, to: ratio }
}
