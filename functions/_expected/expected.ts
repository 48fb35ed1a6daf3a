/** What the node should have: calendar sessions ∩ the symbol's life ∩ the dataset's depth, up to an as-of day. */
import type { BackConfig, Config, DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { type Dt, maxDt, minDt, yearsBefore } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { expectedMinutes } from './liquidity.ts'

/** A symbol's expected days, both ends inclusive, clipped to depth and as-of. */
export interface SymbolRange {
  symbol: string
  fromDt: Dt
  toDt: Dt
}

/** The as-of day an instant speaks for: the newest XNYS session that has closed. */
export const asofAt = (instant: number): Dt => calendarOf('xnys').lastClosed(instant)

/** First and last expected day of a dataset. */
export function expectedRange(spec: DatasetConfig, asof: Dt): { fromDt: Dt; toDt: Dt } {
  return { fromDt: maxDt(firstOf(spec.depth, spec, asof), calendarOf(spec.calendar).first), toDt: asof }
}

/** The first day whose gaps are queued: that of the look-back, or of the depth where that is later or there is no other. */
export function lookBackFrom(spec: DatasetConfig, asof: Dt): Dt {
  const { fromDt } = expectedRange(spec, asof)
  const { look_back } = spec.backfill
  return look_back === undefined ? fromDt : maxDt(firstOf(look_back, spec, asof), fromDt)
}

function firstOf(back: BackConfig, spec: DatasetConfig, asof: Dt): Dt {
  if ('from' in back) return back.from
  if ('years' in back) return yearsBefore(asof, back.years)
  const calendar = calendarOf(spec.calendar)
  const isSession = calendar.isSession(asof)
  if (back.sessions === 1 && isSession) return asof
  // More sessions than there are: all of them.
  return calendar.away(asof, (isSession ? 1 : 0) - back.sessions) ?? calendar.first
}

/** The symbols of a dataset with the days expected of each; symbols whose life lies outside are left out. */
export function symbolRanges(config: Config, spec: DatasetConfig, asof: Dt): SymbolRange[] {
  const range = expectedRange(spec, asof)
  const members =
    spec.universe === 'symbols'
      ? config.universe.filter(({ symbol }) => spec.only?.includes(symbol) ?? true)
      : Object.entries(spec.groups ?? {}).map(([symbol, { series }]) => ({
          symbol,
          from: series.reduce((first, { from }) => minDt(first, from), series[0]!.from),
          to: null,
        }))
  return members
    .map(({ symbol, from, to }) => ({
      symbol,
      fromDt: maxDt(from, range.fromDt),
      toDt: minDt(to ?? range.toDt, range.toDt),
    }))
    .filter(({ fromDt, toDt }) => fromDt <= toDt)
}

/**
 * Rows that a complete cell is expected to hold. For minutes: the share of the session's minutes in which the symbol usually trades
 * (`share`), or all of them while the symbol has no baseline.
 */
export function expectedRows(spec: DatasetConfig, symbol: string, dt: Dt, share = 1): number | null {
  switch (spec.expected_rows) {
    case 'one':
      return 1
    case 'session_minutes': {
      const session = calendarOf(spec.calendar).session(dt)
      return session ? expectedMinutes(share, (session.close - session.open) / 60_000) : null
    }
    case 'series':
      return spec.groups?.[symbol]?.series.filter(({ from }) => from <= dt).length ?? null
    case 'contracts':
    case 'events':
      return null
    default:
      return spec.expected_rows satisfies never
  }
}

/** The months of a dataset's expected range with their session masks. */
export function monthMasks(spec: DatasetConfig, asof: Dt): { month: string; mask: number }[] {
  const { fromDt, toDt } = expectedRange(spec, asof)
  const calendar = calendarOf(spec.calendar)
  const months: { month: string; mask: number }[] = []
  for (let month = fromDt.slice(0, 7); month <= toDt.slice(0, 7); month = nextMonth(month)) {
    months.push({ month, mask: calendar.monthMask(month) })
  }
  return months
}

function nextMonth(month: string): string {
  const number = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7))
  return `${Math.floor(number / 12)}-${String((number % 12) + 1).padStart(2, '0')}`
}

/**
 * The partitions of a dataset that hold expected cells, each with a fingerprint of what is wanted of them: it changes when a session, a symbol
 * or a life does, or which of the session's minutes are curated. Cost: sessions + symbols, not cells.
 */
export function expectedPartitions(
  config: Config,
  spec: DatasetConfig,
  asof: Dt,
): { partition: string; cells: number; expected: string }[] {
  const { fromDt, toDt } = expectedRange(spec, asof)
  const births = symbolRanges(config, spec, asof)
  const deaths = [...births].sort((a, b) => (a.toDt < b.toDt ? -1 : 1))
  births.sort((a, b) => (a.fromDt < b.fromDt ? -1 : 1))
  const found = new Map<string, { cells: number; print: number }>()
  let alive = 0
  let aliveSum = 0
  let born = 0
  let died = 0
  for (const dt of calendarOf(spec.calendar).sessions(fromDt, toDt)) {
    for (; born < births.length && births[born]!.fromDt <= dt; born++) {
      alive++
      aliveSum = (aliveSum + hash(births[born]!.symbol)) % 2 ** 32
    }
    for (; died < deaths.length && deaths[died]!.toDt < dt; died++) {
      alive--
      aliveSum = (aliveSum - hash(deaths[died]!.symbol) + 2 ** 32) % 2 ** 32
    }
    if (alive === 0) continue
    const partition = partitionOf(spec.partition, dt)
    const { cells, print } = found.get(partition) ?? { cells: 0, print: 0 }
    found.set(partition, { cells: cells + alive, print: (Math.imul(print, 31) + aliveSum + hash(dt)) >>> 0 })
  }
  const curated = spec.sessions === 'all' ? '' : `:${spec.sessions}`
  return [...found].map(([partition, { cells, print }]) => ({
    partition,
    cells,
    expected: `${cells}:${print}${curated}`,
  }))
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}
