/** Open cells of a dataset, counted apart by who can serve them: the days between two walls of its vendors have the same vendors. */
import type { DatasetConfig } from '../../config/schema.ts'
import { tallySlices } from '../../db/coverage/tally-slices.ts'
import { countStalled } from '../../db/gap-tasks/count-stalled.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { availableRange, historyStart } from '../_catalog/availability.ts'
import { type DatasetSource, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { asofAt, expectedRange, type SymbolRange, symbolRanges } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import { addDays, type Dt, maxDt, minDt } from '../_market/dt.ts'
import { inBatches, slicesOf, talliedRange } from './coverage-slices.ts'

export interface OpenRange {
  fromDt: Dt
  toDt: Dt
  /** Expected, neither present nor explained, and not given up. */
  open: number
  /** Given up until a person redrives them. */
  stalled: number
  /** Symbols expected on any of these days. */
  symbols: number
  /** The vendors that can serve these days now. */
  sources: DatasetSource[]
  /** Why nobody can, where nobody can: no vendor may be asked at all, all histories begin later, or no vendor has the days yet. */
  nobody: 'NOT_ENTITLED' | 'BEFORE_VENDOR_HISTORY' | 'TOO_RECENT' | null
}

/** The stretches of a dataset's expected days, oldest first. Reads only; the event loop turns in between. */
export async function openCells(
  context: Pick<DispatchContext, 'config' | 'db' | 'vendors' | 'now'>,
  dataset: DatasetName,
  spec: DatasetConfig,
): Promise<OpenRange[]> {
  const now = context.now()
  const asof = asofAt(now)
  const range = expectedRange(spec, asof)
  const ranges = symbolRanges(context.config, spec, asof)
  const sessions = range.fromDt <= range.toDt ? calendarOf(spec.calendar).sessions(range.fromDt, range.toDt) : []
  const sources = sourcesFor(context, dataset).map((source) => ({ source, ...availableRange(source.terms, spec, now) }))
  const cuts = sources.flatMap(({ fromDt, toDt }) => [fromDt, addDays(toDt, 1)])
  const starts = [...new Set([range.fromDt, ...cuts])].filter((dt) => dt >= range.fromDt && dt <= range.toDt).sort()
  const openRanges = starts.map((fromDt, at): OpenRange => {
    const toDt = at + 1 < starts.length ? addDays(starts[at + 1]!, -1) : range.toDt
    const able = sources.filter((one) => one.fromDt <= fromDt && one.toDt >= toDt).map(({ source }) => source)
    const symbols = ranges.filter((symbolRange) => symbolRange.fromDt <= toDt && symbolRange.toDt >= fromDt).length
    const nobody = able.length > 0 ? null : whyNobody(sources, toDt, now)
    return {
      fromDt,
      toDt,
      open: expectedIn(ranges, sessions, fromDt, toDt),
      stalled: 0,
      symbols,
      sources: able,
      nobody,
    }
  })
  await takeKnown(context, dataset, openRanges, ranges, sessions)
  for (const openRange of openRanges) {
    openRange.stalled = await countStalled(context.db, dataset, openRange.fromDt, openRange.toDt)
    openRange.open = Math.max(0, openRange.open - openRange.stalled)
  }
  return openRanges
}

function whyNobody(sources: readonly { source: DatasetSource }[], toDt: Dt, now: number): OpenRange['nobody'] {
  if (sources.length === 0) return 'NOT_ENTITLED'
  const isBefore = sources.every(({ source }) => toDt < historyStart(source.terms.history, now))
  return isBefore ? 'BEFORE_VENDOR_HISTORY' : 'TOO_RECENT'
}

function expectedIn(ranges: readonly SymbolRange[], sessions: readonly Dt[], fromDt: Dt, toDt: Dt): number {
  return ranges.reduce((sum, symbolRange) => {
    const from = maxDt(symbolRange.fromDt, fromDt)
    const to = minDt(symbolRange.toDt, toDt)
    return from > to ? sum : sum + before(sessions, addDays(to, 1)) - before(sessions, from)
  }, 0)
}

/** How many of ascending days lie before one. */
export function before(sessions: readonly Dt[], dt: Dt): number {
  let [low, high] = [0, sessions.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sessions[middle]! < dt) low = middle + 1
    else high = middle
  }
  return low
}

/** Takes what is present or explained off the open cells. */
async function takeKnown(
  context: Pick<DispatchContext, 'db'>,
  dataset: DatasetName,
  openRanges: OpenRange[],
  ranges: readonly SymbolRange[],
  sessions: readonly Dt[],
): Promise<void> {
  const slices = slicesOf(openRanges.map(({ fromDt, toDt }) => ({ sessions: between(sessions, fromDt, toDt) })))
  const tallied = ranges.map((symbolRange) => talliedRange(symbolRange, 0))
  for await (const batch of inBatches(tallied, slices.length)) {
    for (const { column, present, absent } of await tallySlices(context.db, dataset, batch, slices)) {
      openRanges[column]!.open -= present + absent
    }
  }
}

const between = (sessions: readonly Dt[], fromDt: Dt, toDt: Dt): readonly Dt[] =>
  sessions.slice(before(sessions, fromDt), before(sessions, addDays(toDt, 1)))
