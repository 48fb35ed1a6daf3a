/** Spots sessions that a large share of the universe lacks: one incident, in place of as many gaps. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { listCalendarChecks } from '../../db/calendar-checks/calendar-checks.ts'
import type { Span } from '../../db/coverage/delivered-spans.ts'
import { listDemotions } from '../../db/demotions/demotions.ts'
import { type Around, countLacking, countMissing, isDelivered, type Lacking } from '../../db/incidents/find-lacking.ts'
import { openIncident } from '../../db/incidents/open-incident.ts'
import type { Life } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import { addDays, type Dt, maxDt, minDt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { type Desk, datasetsOf, serversOf, sourceOf } from './desk.ts'
import { serves } from './reach.ts'
import { lookAfter } from './tend-incidents.ts'

type AuditDesk = Pick<Desk, 'db' | 'seats' | 'config' | 'now' | 'log'>

/** A shelved cell is asked for after so long whatever becomes of its incident. */
const RECHECK_AFTER_MS = 100 * 86_400_000
/** How far from a day that was delivered a symbol counts as alive and covered, calendar days. */
const AROUND_DAYS = 15
/** Symbols of one query: it holds the event loop. */
const SYMBOLS = 300

/** Opens an incident for every session that so many symbols lack, and shelves what lacks it since. Answers how many were seen. */
export async function spotIncidents(
  desk: AuditDesk,
  dataset: DatasetName,
  spec: DatasetConfig,
  lives: readonly Life[],
  spans: readonly Span[],
): Promise<number> {
  if (spec.timeframe === undefined) return 0
  const { share, min_cells } = desk.config.incidents
  const around = aroundOf(lives, spans)
  const missing = new Map<Dt, number>()
  for (let at = 0; at < around.length; at += SYMBOLS) {
    for (const { dt, cells } of await countMissing(desk.db, dataset, around.slice(at, at + SYMBOLS)))
      missing.set(dt, (missing.get(dt) ?? 0) + cells)
    await nextTurn()
  }
  let seen = 0
  for (const [dt, cells] of [...missing].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (cells < min_cells) continue
    const alive = around.filter(({ fromDt, toDt }) => fromDt <= dt && dt <= toDt)
    const isMany = (count: number): boolean => count >= min_cells && count >= share * alive.length
    if (!isMany(cells)) continue
    const lacking = (await countLacking(desk.db, dataset, dt, alive)).filter((one) => isMany(one.cells))
    seen += await report(desk, dataset, spec, dt, lacking, isMany, alive)
    await nextTurn()
  }
  return seen
}

/** The days near those a symbol was delivered on, within its life. */
function aroundOf(lives: readonly Life[], spans: readonly Span[]): Around[] {
  const spanOf = new Map(spans.map((span) => [span.symbol, span]))
  return lives.flatMap(({ symbol, fromDt, toDt }) => {
    const span = spanOf.get(symbol)
    if (!span) return []
    const near = { fromDt: addDays(span.first, -AROUND_DAYS), toDt: addDays(span.last, AROUND_DAYS) }
    return [{ symbol, fromDt: maxDt(fromDt, near.fromDt), toDt: minDt(toDt, near.toDt) }]
  })
}

/** One incident where all vendors lack the session for everybody, else one a vendor. */
async function report(
  desk: AuditDesk,
  dataset: DatasetName,
  spec: DatasetConfig,
  dt: Dt,
  lacking: readonly Lacking[],
  isMany: (cells: number) => boolean,
  alive: readonly Around[],
): Promise<number> {
  const now = desk.now()
  const demoted = (await listDemotions(desk.db, dataset, now)).filter((row) => row.symbol === '*')
  const isRefused = (vendor: string) =>
    demoted.some((row) => row.vendor === vendor && row.fromDt <= dt && dt <= row.toDt)
  const able = serversOf(desk, dataset).filter(
    ({ seat, terms }) => serves(terms, spec, dt, now).can !== 'never' && !isRefused(seat.name),
  )
  const names = able.map(({ seat }) => seat.name)
  const empty = new Set(lacking.filter((one) => isMany(one.empty)).map(({ vendor }) => vendor))
  const witnesses = new Set(able.filter(({ seat }) => empty.has(seat.name)).map(({ seat }) => sourceOf(desk, seat)))
  for (const { vendor, differences } of await listCalendarChecks(desk.db)) {
    if (differences.some((day) => day.dt === dt && day.theirs === null)) witnesses.add(`the calendar of ${vendor}`)
  }
  const isNobodys = names.length > 0 && names.every((name) => empty.has(name)) && witnesses.size >= 2
  const shelf = {
    dataset,
    dt,
    partition: partitionOf(spec.partition, dt),
    firstLookAt: now + lookAfter(0),
    recheckAt: now + RECHECK_AFTER_MS,
    now,
  }
  // One symbol that has the session in any dataset of this calendar proves that it took place.
  if (
    isNobodys &&
    !(await isDelivered(
      desk.db,
      siblingsOf(desk, spec),
      alive.map(({ symbol }) => symbol),
      dt,
    ))
  ) {
    await openIncident(desk.db, { ...shelf, kind: 'calendar_suspect', vendor: '*', lacking: names, others: [] })
    desk.log('audit.calendar_suspect', { dataset, dt, vendors: names, symbols: alive.length })
    return 1
  }
  for (const { vendor, cells } of lacking) {
    const others = names.filter((name) => name !== vendor)
    await openIncident(desk.db, { ...shelf, kind: 'vendor_outage', vendor, lacking: [vendor], others })
    desk.log('audit.vendor_outage', { dataset, dt, vendor, cells, symbols: alive.length })
  }
  return lacking.length
}

const siblingsOf = (desk: AuditDesk, spec: DatasetConfig): DatasetName[] =>
  datasetsOf(desk.config).flatMap((one) => (one.spec.calendar === spec.calendar ? [one.dataset] : []))
