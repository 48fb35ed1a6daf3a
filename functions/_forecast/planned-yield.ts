/** What one call of a vendor settles before any was sent: the connector plans a call over open cells, and the plan says how many it takes. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { Config, DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { type DatasetSource, namesOf } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { mostOffered, planTerms } from '../_dispatch/plan-call.ts'
import { expectedRows, symbolRanges } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, maxDt, minDt } from '../_market/dt.ts'
import type { Want } from '../_vendors/vendor.ts'

interface Days {
  fromDt: Dt
  toDt: Dt
}

/** More would hold the event loop. */
const MOST_WANTS = 100_000

/** What plans hold is worked out once a universe: reference lists put another one in its place. */
const known = new WeakMap<Config['universe'], Map<string, number>>()

/**
 * Cells a call, as if nothing of the range were there yet: the first symbol on all its days, the others on as many days as a plan is offered. At
 * least 1. A connector that cannot plan counts as one cell a call.
 */
export async function plannedYield(
  context: Pick<DispatchContext, 'config' | 'now'>,
  source: DatasetSource,
  dataset: DatasetName,
  spec: DatasetConfig,
  { fromDt, toDt }: Days,
): Promise<number> {
  const { universe } = context.config
  const yields = known.get(universe) ?? new Map<string, number>()
  known.set(universe, yields)
  const key = `${dataset} ${source.connection.name} ${fromDt} ${toDt}`
  let cells = yields.get(key)
  if (cells === undefined) {
    await yieldToEventLoop()
    cells = planOver(context, source, dataset, spec, { fromDt, toDt })
    yields.set(key, cells)
  }
  return cells
}

function planOver(
  { config, now }: Pick<DispatchContext, 'config' | 'now'>,
  source: DatasetSource,
  dataset: DatasetName,
  spec: DatasetConfig,
  days: Days,
): number {
  const [head, ...others] = wantsIn(config, spec, days, Math.min(MOST_WANTS, mostOffered(source, spec)))
  if (head === undefined) return 1
  const terms = planTerms(source, dataset, spec, namesOf(config), now())
  try {
    const { wants, expectedCalls } = source.connection.connector.plan(head, others, terms)
    return Math.max(1, wants.length / Math.max(1, expectedCalls))
  } catch {
    return 1
  }
}

/** By day, then symbol, as a dispatch offers them. */
function wantsIn(config: Config, spec: DatasetConfig, { fromDt, toDt }: Days, most: number): Want[] {
  const ranges = symbolRanges(config, spec, toDt)
    .map(({ symbol, ...life }) => ({ symbol, from: maxDt(life.fromDt, fromDt), to: minDt(life.toDt, toDt) }))
    .filter(({ from, to }) => from <= to)
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const [first] = ranges
  if (first === undefined) return []
  const sessions = calendarOf(spec.calendar).sessions(first.from, toDt)
  const wide = Math.max(1, Math.ceil(most / ranges.length))
  // Lists of events are asked for all symbols: a call for one of them alone would be as long as that for all.
  const alone = spec.expected_rows === 'events' ? [] : [first]
  return sessions.flatMap((dt, at) => {
    const wanted = at < wide ? ranges.filter(({ from, to }) => dt >= from && dt <= to) : alone
    return wanted.map(({ symbol }) => ({ symbol, dt, expectedRows: expectedRows(spec, symbol, dt) }))
  })
}
