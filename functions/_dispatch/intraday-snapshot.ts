/**
 * The running session: the settled minutes of today, read again from the open on at every tick, beside the raw files and apart from the
 * queue. A file here is a view that the next tick replaces: no cell is present because of it, nothing is curated or exported from it,
 * and a tick that fails costs freshness only. The finished day is asked for after the close like any other.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { Session } from '../_calendar/session.ts'
import { newYorkDt } from '../_calendar/zone.ts'
import { type DatasetSource, namesOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { symbolRanges } from '../_expected/expected.ts'
import { writeFilesAtomic } from '../_lake/atomic.ts'
import { namesIn } from '../_lake/disk.ts'
import { encodeRows } from '../_lake/encode.ts'
import { runningFile, runningRoot } from '../_lake/paths.ts'
import type { RawPart } from '../_lake/raw-part.ts'
import { cellKey, type DatasetName } from '../_market/cell.ts'
import { addDays, type Dt } from '../_market/dt.ts'
import { adjustmentOf } from '../_market/row.ts'
import type { Answer, Want } from '../_vendors/vendor.ts'
import { updateCircuit } from './circuit-breaker.ts'
import { planTerms } from './plan-call.ts'

const MINUTE_MS = 60_000
/** Plans one tick sends for one dataset at the most: the next tick is near. */
const MOST_PLANS = 20
/** A view is kept some days beyond its session, for whoever wants to compare it with the finished day. */
const KEPT_DAYS = 5

export interface IntradaySnapshot {
  cells: number
  rows: number
  calls: number
}

/** Reads what has settled of the running session, if there is one and the dataset and a vendor want it read. */
export async function readSnapshot(
  context: DispatchContext,
  dataset: DatasetName,
  spec: DatasetConfig,
): Promise<IntradaySnapshot> {
  const read: IntradaySnapshot = { cells: 0, rows: 0, calls: 0 }
  const now = context.now()
  const session = runningSession(spec, now)
  if (session === null) return read
  let wants = symbolRanges(context.config, spec, session.dt)
    .filter(({ toDt }) => toDt >= session.dt)
    .map(({ symbol }): Want => ({ symbol, dt: session.dt, expectedRows: null }))
  for (const { source, settledUntil } of await readersOf(context, dataset, spec, session, now)) {
    const left = new Map(wants.map((want) => [cellKey(want.symbol, want.dt), want]))
    const minutes = Math.ceil((settledUntil - session.open) / MINUTE_MS)
    const terms = { ...planTerms(source, dataset, spec, namesOf(context.config), now), settledUntil }
    for (let plans = 0; plans < MOST_PLANS; plans++) {
      const [head, ...others] = [...left.values()].map((want) => ({ ...want, expectedRows: minutes }))
      if (head === undefined) break
      const plan = source.connection.connector.plan(head, others, terms)
      const answer = await source.connection.connector.ask(plan, terms, source.connection.get('today'))
      await updateCircuit(context, source.connection.name, answer)
      await storeSnapshot(context, source, dataset, spec, answer, plan.wants)
      for (const { symbol, dt } of plan.wants) {
        const key = cellKey(symbol, dt)
        // What this vendor cannot answer is left to the next one, and not asked of this one again.
        if (answer.complete.has(key) || answer.faults.has(key)) left.delete(key)
      }
      read.calls += answer.calls
      read.cells += answer.rows.size
      read.rows += [...answer.rows.values()].reduce((sum, rows) => sum + rows.length, 0)
      wants = wants.filter(({ symbol, dt }) => !answer.complete.has(cellKey(symbol, dt)))
      if (answer.interruption !== null) break
    }
    if (wants.length === 0) break
  }
  context.log('ingest.running_read', { dataset, dt: session.dt, ...read, unread: wants.length })
  return read
}

/** The session of now while it runs; null for datasets that wait for the close. */
function runningSession(spec: DatasetConfig, now: number): Session | null {
  if (spec.cadence.settled_after_seconds === undefined || spec.timeframe !== 'minute') return null
  const calendar = calendarOf(spec.calendar)
  const dt = newYorkDt(now)
  if (dt < calendar.first || dt > calendar.last) return null
  const session = calendar.session(dt)
  return session && session.open < now && now < session.close ? session : null
}

/** The vendors that serve a running session, the preferred one first, each with the instant up to which its bars have settled. */
async function readersOf(
  context: DispatchContext,
  dataset: DatasetName,
  spec: DatasetConfig,
  session: Session,
  now: number,
): Promise<{ source: DatasetSource; settledUntil: number }[]> {
  const circuits = await listCircuits(context.db)
  const settleMs = (spec.cadence.settled_after_seconds ?? 0) * 1000
  return sourcesFor(context, dataset)
    .flatMap((source) => {
      const delay = source.terms.running_delay_minutes
      const blocked = circuits.some((row) => row.vendor === source.connection.name && row.blockedUntil > now)
      if (delay === undefined || blocked) return []
      const settledUntil = Math.floor((now - delay * MINUTE_MS - settleMs) / MINUTE_MS) * MINUTE_MS
      return settledUntil > session.open ? [{ source, settledUntil }] : []
    })
    .sort((a, b) => b.source.terms.preference - a.source.terms.preference)
}

async function storeSnapshot(
  context: DispatchContext,
  { connection, terms }: DatasetSource,
  dataset: DatasetName,
  spec: DatasetConfig,
  answer: Answer,
  wants: readonly Want[],
): Promise<void> {
  const provenance = {
    vendor: connection.name,
    feed: terms.feed,
    adjustment: adjustmentOf(spec.expected_rows),
    fetchedAt: context.now(),
  }
  const files = new Map<string, RawPart[]>()
  for (const { symbol, dt } of [...wants].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))) {
    const rows = answer.rows.get(cellKey(symbol, dt))
    if (rows === undefined) continue
    const path = runningFile(context.lake.root, connection.name, dataset, spec.raw_layout, dt, symbol)
    files.set(path, [...(files.get(path) ?? []), { symbol, provenance, rows }])
  }
  await writeFilesAtomic([...files].map(([path, parts]) => ({ path, bytes: () => encodeRows(spec.columns, parts) })))
}

/** Removes the views of sessions that are long over. Returns how many days were removed. */
export async function sweepSnapshots(root: string, today: Dt): Promise<number> {
  const oldest = addDays(today, -KEPT_DAYS)
  let removed = 0
  for (const vendor of await namesIn(runningRoot(root))) {
    for (const dataset of await namesIn(join(runningRoot(root), vendor))) {
      const folder = join(runningRoot(root), vendor, dataset)
      for (const day of await namesIn(folder)) {
        if (!day.startsWith('date=') || day.slice('date='.length) >= oldest) continue
        await rm(join(folder, day), { recursive: true, force: true })
        removed += 1
      }
    }
  }
  return removed
}
