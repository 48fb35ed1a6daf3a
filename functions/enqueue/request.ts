/** What a wish for a range means: which cells of it are expected and can be had, and what the others are. */
import { z } from 'zod'
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { historyStart } from '../_catalog/availability.ts'
import { type DatasetSource, sourcesFor } from '../_catalog/catalog.ts'
import { asofAt, expectedRange, type SymbolRange, symbolRanges } from '../_expected/expected.ts'
import { AsOfBody, datasetNamed, RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { type DatasetName, SymbolText } from '../_market/cell.ts'
import { addDays, type Dt, DtText, dayBit, dayNumber, maxDt, minDt, monthOf } from '../_market/dt.ts'

export interface EnqueueRequest {
  dataset: DatasetName
  spec: DatasetConfig
  from: Dt
  to: Dt
  again: boolean
  place: { lane: 'today' | 'backfill'; priority: number }
  /** The only vendor to ask; null for any. */
  vendor: string | null
  sources: DatasetSource[]
  /** The part of each symbol's life that is wished for and that somebody's history reaches. */
  ranges: SymbolRange[]
  /** Sessions of each month that is still to be looked at, ascending. */
  months: { month: string; mask: number }[]
  notExpected: Record<string, number>
  notServed: Record<string, number>
}

/** Throws RequestError: 404 for a dataset or symbol that is not collected, 400 for a range or vendor that makes no sense. */
export function requestedCells(node: Node, body: EnqueueBody): EnqueueRequest {
  const { dataset, spec } = datasetNamed(node, body.dataset)
  const { from, to, vendor = null, again, lane, priority } = body
  if (from > to) throw new RequestError(400, `from: ${from} lies after to, ${to}`)
  const sources = askable(node, dataset, vendor)
  const symbols = membersAsked(node, spec, dataset, body.symbols)
  const asof = asofAt(node.now())
  const sessions = calendarOf(spec.calendar).sessions(from, to)
  const wanted = new Set(symbols.map(({ symbol }) => symbol))
  const expected = symbolRanges(node.config, spec, asof)
    .filter(({ symbol }) => wanted.has(symbol))
    .map((symbolRange) => ({
      symbol: symbolRange.symbol,
      fromDt: maxDt(symbolRange.fromDt, from),
      toDt: minDt(symbolRange.toDt, to),
    }))
    .filter(({ fromDt, toDt }) => fromDt <= toDt)
  const reached = sources.map(({ terms }) => historyStart(terms.history, node.now())).reduce<Dt | null>(earlier, null)
  const ranges =
    reached === null
      ? []
      : expected.map((symbolRange) => ({ ...symbolRange, fromDt: maxDt(symbolRange.fromDt, reached) }))
  const months = new Map<string, number>()
  for (const dt of sessions) months.set(monthOf(dt), (months.get(monthOf(dt)) ?? 0) + dayBit(dt))
  return {
    dataset,
    spec,
    from,
    to,
    again,
    place: { lane, priority },
    vendor,
    sources,
    ranges: ranges.filter(({ fromDt, toDt }) => fromDt <= toDt),
    months: [...months]
      .map(([month, mask]) => ({ month, mask }))
      .filter(({ month }) => body.after === undefined || month > body.after),
    notExpected: notExpected(spec, symbols, sessions, { from, to, asof }),
    notServed: notServed(expected, ranges, sessions, reached),
  }
}

const earlier = (a: Dt | null, b: Dt): Dt => (a === null ? b : minDt(a, b))

function askable(node: Node, dataset: DatasetName, vendor: string | null): DatasetSource[] {
  const sources = sourcesFor(node, dataset)
  if (vendor === null) return sources
  const mine = sources.filter(({ connection }) => connection.name === vendor)
  if (mine.length > 0) return mine
  const names = sources.map(({ connection }) => connection.name).join(', ') || 'none'
  throw new RequestError(
    400,
    `vendor: ${JSON.stringify(vendor)} may not be asked for ${dataset}: of those that may there are ${names}`,
  )
}

interface Member {
  symbol: string
  from: Dt
  to: Dt | null
}

function membersAsked(node: Node, spec: DatasetConfig, dataset: DatasetName, asked: EnqueueBody['symbols']): Member[] {
  const members: Member[] =
    spec.universe === 'groups'
      ? Object.entries(spec.groups ?? {}).map(([symbol, { series }]) => ({
          symbol,
          from: series.map(({ from }) => from).reduce(minDt),
          to: null,
        }))
      : node.config.universe.filter(({ symbol }) => spec.only?.includes(symbol) ?? true)
  if (asked === 'all') return members
  const known = new Map(members.map((member) => [member.symbol, member]))
  const strangers = asked.filter((symbol) => !known.has(symbol))
  if (strangers.length > 0) {
    const some = strangers.slice(0, 5).join(', ')
    throw new RequestError(404, `symbols: no ${some} in ${dataset}: it has ${members.length} others`)
  }
  return [...new Set(asked)].map((symbol) => known.get(symbol)!)
}

/** Days times symbols that are not expected, by reason; those of a closed market are no cells, but a person may wonder. */
function notExpected(
  spec: DatasetConfig,
  symbols: readonly Member[],
  sessions: readonly Dt[],
  { from, to, asof }: { from: Dt; to: Dt; asof: Dt },
): Record<string, number> {
  const range = expectedRange(spec, asof)
  const counts = { NO_SESSION: 0, NOT_LISTED_YET: 0, DELISTED: 0, BEYOND_DEPTH: 0, NOT_CLOSED_YET: 0 }
  const closed = dayNumber(to) - dayNumber(from) + 1 - sessions.length
  for (const member of symbols) {
    counts.NO_SESSION += closed
    const first = member.from
    const last = member.to ?? '9999-12-31'
    const within = (a: Dt, b: Dt): number => countIn(sessions, maxDt(a, first), minDt(b, last))
    counts.NOT_LISTED_YET += countIn(sessions, from, addDays(first, -1))
    counts.DELISTED += member.to === null ? 0 : countIn(sessions, addDays(member.to, 1), to)
    counts.BEYOND_DEPTH += within(from, addDays(range.fromDt, -1))
    counts.NOT_CLOSED_YET += within(addDays(range.toDt, 1), to)
  }
  return Object.fromEntries(Object.entries(counts).filter(([, cells]) => cells > 0))
}

/** Expected cells that no vendor could be asked for. */
function notServed(
  expected: readonly SymbolRange[],
  ranges: readonly SymbolRange[],
  sessions: readonly Dt[],
  reached: Dt | null,
): Record<string, number> {
  const cells = (all: readonly SymbolRange[]): number =>
    all.reduce((sum, { fromDt, toDt }) => sum + countIn(sessions, fromDt, toDt), 0)
  const missing = cells(expected) - cells(ranges)
  return missing === 0 ? {} : { [reached === null ? 'NOT_ENTITLED' : 'BEFORE_VENDOR_HISTORY']: missing }
}

/** Ascending days between two, both inclusive. */
function countIn(days: readonly Dt[], from: Dt, to: Dt): number {
  return from > to ? 0 : firstFrom(days, addDays(to, 1)) - firstFrom(days, from)
}

function firstFrom(days: readonly Dt[], dt: Dt): number {
  let [low, high] = [0, days.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (days[middle]! < dt) low = middle + 1
    else high = middle
  }
  return low
}

export const EnqueueBody = AsOfBody.extend({
  dataset: z.string(),
  /** Symbols of the dataset, or all of them. */
  symbols: z.union([z.literal('all'), z.array(SymbolText).min(1).max(2_000)], {
    error: 'expected "all" or a list of symbols such as ["AAPL", "BRK.B"]',
  }),
  from: DtText,
  to: DtText,
  /** Higher comes first; gaps an audit finds have 0 to 100. */
  priority: z.int().min(-1_000).max(1_000).default(50),
  lane: z.enum(['today', 'backfill']).default('backfill'),
  /** Ask this vendor, once: what it does not have stays a gap for the others. */
  vendor: z.string().optional(),
  /** Also cells that are present (they are read again) or explained (they are asked for again). */
  again: z.boolean().default(false),
  /** Go on after this month: the `after` of the answer before. */
  after: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, { error: 'expected a month as YYYY-MM' })
    .optional(),
})

export type EnqueueBody = z.output<typeof EnqueueBody>
