/** Detects incidents: a session that a large share of the universe lacks is one incident instead of as many gaps. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { listCalendarChecks } from '../../db/calendar-checks/calendar-checks.ts'
import type { Span } from '../../db/coverage/delivered-spans.ts'
import { listDemotions } from '../../db/demotions/demotions.ts'
import { type Around, countLacking, countMissing, isDelivered, type Lacking } from '../../db/incidents/find-lacking.ts'
import { openIncident } from '../../db/incidents/open-incident.ts'
import { availabilityOf } from '../_catalog/availability.ts'
import { datasetsOf, providerOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { SymbolRange } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import { addDays, type Dt, maxDt, minDt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { scheduleProbes } from './resolve-incidents.ts'

type AuditContext = Pick<DispatchContext, 'db' | 'vendors' | 'config' | 'now' | 'log'>

/** A suppressed cell is asked for after this time, even if its incident stays open. */
const RECHECK_AFTER_MS = 100 * 86_400_000
/** How far from a day that was delivered a symbol counts as alive and covered, calendar days. */
const AROUND_DAYS = 15
/** Symbols of one query: it holds the event loop. */
const SYMBOLS = 300

/** Opens an incident for every session that too many symbols lack, and suppresses the cells that lack it. Returns how many sessions it found. */
export async function detectIncidents(
  context: AuditContext,
  dataset: DatasetName,
  spec: DatasetConfig,
  ranges: readonly SymbolRange[],
  spans: readonly Span[],
): Promise<number> {
  if (spec.timeframe === undefined) return 0
  const { share, min_cells } = context.config.incidents
  const around = aroundOf(ranges, spans)
  const missing = new Map<Dt, number>()
  for (let at = 0; at < around.length; at += SYMBOLS) {
    for (const { dt, cells } of await countMissing(context.db, dataset, around.slice(at, at + SYMBOLS)))
      missing.set(dt, (missing.get(dt) ?? 0) + cells)
    await yieldToEventLoop()
  }
  let seen = 0
  for (const [dt, cells] of [...missing].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (cells < min_cells) continue
    const alive = around.filter(({ fromDt, toDt }) => fromDt <= dt && dt <= toDt)
    const isMany = (count: number): boolean => count >= min_cells && count >= share * alive.length
    if (!isMany(cells)) continue
    const lacking = (await countLacking(context.db, dataset, dt, alive)).filter((one) => isMany(one.cells))
    seen += await report(context, dataset, spec, dt, lacking, isMany, alive)
    await yieldToEventLoop()
  }
  return seen
}

/** The days near those a symbol was delivered on, within its life. */
function aroundOf(ranges: readonly SymbolRange[], spans: readonly Span[]): Around[] {
  const spanOf = new Map(spans.map((span) => [span.symbol, span]))
  return ranges.flatMap(({ symbol, fromDt, toDt }) => {
    const span = spanOf.get(symbol)
    if (!span) return []
    const near = { fromDt: addDays(span.first, -AROUND_DAYS), toDt: addDays(span.last, AROUND_DAYS) }
    return [{ symbol, fromDt: maxDt(fromDt, near.fromDt), toDt: minDt(toDt, near.toDt) }]
  })
}

/** One incident where all vendors lack the session for everybody, else one a vendor. */
async function report(
  context: AuditContext,
  dataset: DatasetName,
  spec: DatasetConfig,
  dt: Dt,
  lacking: readonly Lacking[],
  isMany: (cells: number) => boolean,
  alive: readonly Around[],
): Promise<number> {
  const now = context.now()
  const demoted = (await listDemotions(context.db, dataset, now)).filter((row) => row.symbol === '*')
  const isRefused = (vendor: string) =>
    demoted.some((row) => row.vendor === vendor && row.fromDt <= dt && dt <= row.toDt)
  const able = sourcesFor(context, dataset).filter(
    ({ connection, terms }) => availabilityOf(terms, spec, dt, now).can !== 'never' && !isRefused(connection.name),
  )
  const names = able.map(({ connection }) => connection.name)
  const empty = new Set(lacking.filter((one) => isMany(one.empty)).map(({ vendor }) => vendor))
  const witnesses = new Set(
    able
      .filter(({ connection }) => empty.has(connection.name))
      .map(({ connection }) => providerOf(context, connection)),
  )
  for (const { vendor, differences } of await listCalendarChecks(context.db)) {
    if (differences.some((day) => day.dt === dt && day.theirs === null)) witnesses.add(`the calendar of ${vendor}`)
  }
  const isNobodys = names.length > 0 && names.every((name) => empty.has(name)) && witnesses.size >= 2
  const suppressed = {
    dataset,
    dt,
    partition: partitionOf(spec.partition, dt),
    firstLookAt: now + scheduleProbes(0),
    recheckAt: now + RECHECK_AFTER_MS,
    now,
  }
  // One symbol that has the session in any dataset of this calendar proves that it took place.
  if (
    isNobodys &&
    !(await isDelivered(
      context.db,
      siblingsOf(context, spec),
      alive.map(({ symbol }) => symbol),
      dt,
    ))
  ) {
    await openIncident(context.db, { ...suppressed, kind: 'calendar_suspect', vendor: '*', lacking: names, others: [] })
    context.log('audit.calendar_suspect', { dataset, dt, vendors: names, symbols: alive.length })
    return 1
  }
  for (const { vendor, cells } of lacking) {
    const others = names.filter((name) => name !== vendor)
    await openIncident(context.db, { ...suppressed, kind: 'vendor_outage', vendor, lacking: [vendor], others })
    context.log('audit.vendor_outage', { dataset, dt, vendor, cells, symbols: alive.length })
  }
  return lacking.length
}

const siblingsOf = (context: AuditContext, spec: DatasetConfig): DatasetName[] =>
  datasetsOf(context.config).flatMap((one) => (one.spec.calendar === spec.calendar ? [one.dataset] : []))
