/** Whether the node should have a cell, and if not, why: calendar, symbol, depth and clock in this order. */
import type { Config, DatasetConfig } from '../../config/schema.ts'
import type { Baseline } from '../../db/liquidity/liquidity.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { closureOf as fedClosure } from '../_calendar/fed.ts'
import type { Session } from '../_calendar/session.ts'
import { specialHoursOf, closureOf as xnysClosure } from '../_calendar/xnys.ts'
import { namesOf } from '../_catalog/catalog.ts'
import { expectedRange, expectedRows } from '../_expected/expected.ts'
import { isoOf } from '../_http/iso-instant.ts'
import { type Dt, minDt } from '../_market/dt.ts'
import { tickerOn } from '../_vendors/names.ts'
import { newYorkText } from './new-york-text.ts'
import type { Cell } from './request.ts'

export type Unexpected =
  | 'unknown_symbol'
  | 'former_name'
  | 'not_collected'
  | 'outside_calendar'
  | 'weekend'
  | 'holiday'
  | 'not_listed_yet'
  | 'delisted'
  | 'before_depth'
  | 'not_over'

export interface Expectation {
  isExpected: boolean
  /** Null when the cell is expected. */
  why: Unexpected | null
  sentence: string
  calendar: {
    name: string
    isSession: boolean
    /** `weekend` or the name of the closure; null on a session and outside the years the calendar knows. */
    closedFor: string | null
    /** Why the session has other hours than usual. */
    specialHours: string | null
    opensAt: string | null
    closesAt: string | null
  }
  symbol: {
    isKnown: boolean
    /** First and last day in the universe; null as `to` while it lives. */
    from: Dt | null
    to: Dt | null
    /** The ticker the company had on the day, where it was another one. */
    tickerThen: string | null
    /** The canonical symbol to ask for, where this one is a former name only. */
    nowNamed: string | null
  }
  /** The days the dataset keeps of every symbol, as of the newest session that has closed. */
  depth: { from: Dt; to: Dt }
  rows: { expected: number | null; sentence: string }
  /** Epoch ms from which a day that is not over is expected; null where that is no question. */
  expectedFrom: number | null
}

/** Pure: what configuration and calendar expect of a cell at an instant, and the symbol's baseline of rows. */
export function expectationOf(config: Config, cell: Cell, asof: Dt, baseline: Baseline | null): Expectation {
  const { spec, dt } = cell
  const member = memberOf(config, spec, cell.symbol)
  const nowNamed = member ? null : (config.universe.find((one) => hadName(one, cell.symbol))?.symbol ?? null)
  const { fromDt, toDt } = expectedRange(spec, asof)
  const isVouchedFor = dt >= calendarOf(spec.calendar).first && dt <= calendarOf(spec.calendar).last
  const session = isVouchedFor ? calendarOf(spec.calendar).session(dt) : undefined
  const then = member ? tickerOn({ names: namesOf(config) }, cell.symbol, dt) : cell.symbol
  const known: Omit<Expectation, 'isExpected' | 'why' | 'sentence'> = {
    calendar: {
      name: spec.calendar,
      isSession: session !== undefined,
      closedFor: isVouchedFor ? closureOn(spec, dt) : null,
      specialHours: isVouchedFor && spec.calendar === 'xnys' ? (specialHoursOf(dt) ?? null) : null,
      opensAt: isoOf(session?.open ?? null),
      closesAt: isoOf(session?.close ?? null),
    },
    symbol: {
      isKnown: member !== null,
      from: member?.from ?? null,
      to: member?.to ?? null,
      tickerThen: then === cell.symbol ? null : then,
      nowNamed,
    },
    depth: { from: fromDt, to: toDt },
    rows: rowsOf(cell, session, believed(baseline, config)),
    expectedFrom: session !== undefined && dt > toDt ? overAt(dt) : null,
  }
  const refusal = refusalOf(config, cell, known)
  if (refusal) return { isExpected: false, ...refusal, ...known }
  const sentence = `expected: a session of ${spec.calendar}, within the life of ${cell.symbol} and the depth of ${cell.dataset}`
  return { isExpected: true, why: null, sentence, ...known }
}

type Known = Omit<Expectation, 'isExpected' | 'why' | 'sentence'>

function refusalOf(config: Config, cell: Cell, known: Known): { why: Unexpected; sentence: string } | null {
  const { dataset, spec, symbol, dt } = cell
  const { calendar, depth } = known
  const own = known.symbol
  const no = (why: Unexpected, sentence: string) => ({ why, sentence: `not expected: ${sentence}` })
  if (own.nowNamed !== null) {
    return no(
      'former_name',
      `${symbol} is a former name of ${own.nowNamed}: ask for ${own.nowNamed} instead, on every day`,
    )
  }
  if (!own.isKnown) {
    const isListed = spec.universe === 'symbols' && config.universe.some((one) => one.symbol === symbol)
    if (isListed) return no('not_collected', `${dataset} is collected of ${spec.only?.join(', ')} only`)
    return no('unknown_symbol', `${symbol} is not in the universe of ${dataset}`)
  }
  if (!calendar.isSession) {
    const { first, last } = calendarOf(spec.calendar)
    if (calendar.closedFor === null) {
      return no('outside_calendar', `the ${calendar.name} calendar is vouched for from ${first} to ${last}`)
    }
    if (calendar.closedFor === 'weekend') return no('weekend', `${dt} is a weekend`)
    return no('holiday', `${calendar.name} is closed on ${dt} for ${calendar.closedFor}`)
  }
  if (own.from !== null && dt < own.from)
    return no('not_listed_yet', `${symbol} begins on ${own.from}${stater(config, symbol)}`)
  if (own.to !== null && dt > own.to) return no('delisted', `${symbol} ended on ${own.to}${stater(config, symbol)}`)
  if (dt < depth.from) return no('before_depth', `${dataset} is kept from ${depth.from} on`)
  if (dt > depth.to) return { why: 'not_over', sentence: `not expected yet: ${overSentence(known)}` }
  return null
}

/** Where to read who states the days of a symbol, if that need not be the universe itself. */
const stater = (config: Config, symbol: string): string =>
  config.universe.some((one) => one.symbol === symbol && one.undated)
    ? `; GET /symbols?symbol=${symbol} shows who states that`
    : ''

const overSentence = ({ expectedFrom }: Known): string =>
  expectedFrom === null ? 'the day is not over' : `the session is not over before ${newYorkText(expectedFrom)}`

interface Member {
  from: Dt
  to: Dt | null
}

/** The first and last day of a symbol or a series group of a dataset; null where the dataset does not have it. */
function memberOf(config: Config, spec: DatasetConfig, symbol: string): Member | null {
  if (spec.universe === 'groups') {
    const series = Object.hasOwn(spec.groups ?? {}, symbol) ? spec.groups?.[symbol]?.series : undefined
    return series ? { from: series.map(({ from }) => from).reduce(minDt), to: null } : null
  }
  if (spec.only && !spec.only.includes(symbol)) return null
  const found = config.universe.find((one) => one.symbol === symbol)
  return found ? { from: found.from, to: found.to } : null
}

const hadName = ({ was = [] }: Config['universe'][number], symbol: string): boolean =>
  was.some((name) => name.symbol === symbol)

function closureOn(spec: DatasetConfig, dt: Dt): string | null {
  switch (spec.calendar) {
    case 'xnys':
      return xnysClosure(dt) ?? null
    case 'fed':
      return fedClosure(dt) ?? null
    default:
      return spec.calendar satisfies never
  }
}

/** Days count as over with the close of the exchange, whatever calendar the dataset follows. */
function overAt(dt: Dt): number | null {
  const xnys = calendarOf('xnys')
  if (dt < xnys.first || dt > xnys.last) return null
  const day = xnys.isSession(dt) ? dt : xnys.away(dt, 1)
  return day === null ? null : (xnys.session(day)?.close ?? null)
}

/** A baseline of too few days counts as none, as in QC. */
const believed = (baseline: Baseline | null, { qc }: Config): Baseline | null =>
  baseline !== null && baseline.days >= qc.completeness.baseline_sessions ? baseline : null

function rowsOf(
  { spec, symbol, dt }: Cell,
  session: Session | undefined,
  baseline: Baseline | null,
): Expectation['rows'] {
  if (session === undefined) return { expected: null, sentence: 'no session, no rows' }
  const expected = expectedRows(spec, symbol, dt, baseline?.share)
  return { expected, sentence: sourceOfRows(spec, expected, (session.close - session.open) / 60_000, baseline) }
}

function sourceOfRows(
  spec: DatasetConfig,
  expected: number | null,
  minutes: number,
  baseline: Baseline | null,
): string {
  switch (spec.expected_rows) {
    case 'one':
      return 'one bar a day'
    case 'session_minutes':
      return baseline === null
        ? `${minutes} minutes from open to close; a thinly traded symbol is held to the median of its own complete days instead, once these are known`
        : `of the ${minutes} minutes from open to close the symbol usually trades in ${(baseline.share * 100).toFixed(1)} %: the median of its ${baseline.days} newest days up to ${baseline.through}`
    case 'series':
      return `the series of the group that had begun by that day: ${expected}`
    case 'contracts':
      return 'as many contracts as were traded: no number can be expected'
    case 'events':
      return 'whatever happened that day: no number can be expected, and nothing is an answer too'
    default:
      return spec.expected_rows satisfies never
  }
}
