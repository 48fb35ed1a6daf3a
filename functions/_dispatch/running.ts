/**
 * The running session: the settled minutes of today, read again from the open on at every tick, beside the raw files and apart from the
 * queue. A file here is a view that the next tick replaces: no cell is present because of it, nothing is curated or exported from it,
 * and a tick that fails costs freshness only. The finished day is asked for after the close like any other.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { calendarOf, type Session } from '../_calendar/calendar.ts'
import { newYorkDt } from '../_calendar/zone.ts'
import { livesOf } from '../_expected/expected.ts'
import { writeFilesAtomic } from '../_lake/atomic.ts'
import { encodeRows, type RawPart } from '../_lake/encode.ts'
import { runningFile, runningRoot } from '../_lake/paths.ts'
import { namesIn } from '../_lake/raw-days.ts'
import { cellKey, type DatasetName } from '../_market/cell.ts'
import { addDays, type Dt } from '../_market/dt.ts'
import { adjustmentOf } from '../_market/row.ts'
import type { Answer, Want } from '../_vendors/vendor.ts'
import { type Desk, namesOf, type Server, serversOf } from './desk.ts'
import { heedVendor } from './heed.ts'
import { planTerms } from './plan-call.ts'

const MINUTE_MS = 60_000
/** Plans one tick sends for one dataset at the most: the next tick is near. */
const MOST_PLANS = 20
/** A view is kept some days beyond its session, for whoever wants to compare it with the finished day. */
const KEPT_DAYS = 5

export interface RunningRead {
  cells: number
  rows: number
  calls: number
}

/** Reads what has settled of the running session, if there is one and the dataset and a vendor want it read. */
export async function readRunning(desk: Desk, dataset: DatasetName, spec: DatasetConfig): Promise<RunningRead> {
  const read: RunningRead = { cells: 0, rows: 0, calls: 0 }
  const now = desk.now()
  const session = runningSession(spec, now)
  if (session === null) return read
  let wants = livesOf(desk.config, spec, session.dt)
    .filter(({ toDt }) => toDt >= session.dt)
    .map(({ symbol }): Want => ({ symbol, dt: session.dt, expectedRows: null }))
  for (const { server, settledUntil } of await readersOf(desk, dataset, spec, session, now)) {
    const left = new Map(wants.map((want) => [cellKey(want.symbol, want.dt), want]))
    const minutes = Math.ceil((settledUntil - session.open) / MINUTE_MS)
    const terms = { ...planTerms(server, dataset, spec, namesOf(desk.config), now), settledUntil }
    for (let plans = 0; plans < MOST_PLANS; plans++) {
      const [head, ...others] = [...left.values()].map((want) => ({ ...want, expectedRows: minutes }))
      if (head === undefined) break
      const plan = server.seat.connector.plan(head, others, terms)
      const answer = await server.seat.connector.ask(plan, terms, server.seat.get('today'))
      await heedVendor(desk, server.seat.name, answer)
      await keepView(desk, server, dataset, spec, answer, plan.wants)
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
  desk.log('ingest.running_read', { dataset, dt: session.dt, ...read, unread: wants.length })
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
  desk: Desk,
  dataset: DatasetName,
  spec: DatasetConfig,
  session: Session,
  now: number,
): Promise<{ server: Server; settledUntil: number }[]> {
  const circuits = await listCircuits(desk.db)
  const settleMs = (spec.cadence.settled_after_seconds ?? 0) * 1000
  return serversOf(desk, dataset)
    .flatMap((server) => {
      const delay = server.terms.running_delay_minutes
      const blocked = circuits.some((row) => row.vendor === server.seat.name && row.blockedUntil > now)
      if (delay === undefined || blocked) return []
      const settledUntil = Math.floor((now - delay * MINUTE_MS - settleMs) / MINUTE_MS) * MINUTE_MS
      return settledUntil > session.open ? [{ server, settledUntil }] : []
    })
    .sort((a, b) => b.server.terms.preference - a.server.terms.preference)
}

async function keepView(
  desk: Desk,
  { seat, terms }: Server,
  dataset: DatasetName,
  spec: DatasetConfig,
  answer: Answer,
  wants: readonly Want[],
): Promise<void> {
  const provenance = {
    vendor: seat.name,
    feed: terms.feed,
    adjustment: adjustmentOf(spec.expected_rows),
    fetchedAt: desk.now(),
  }
  const files = new Map<string, RawPart[]>()
  for (const { symbol, dt } of [...wants].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))) {
    const rows = answer.rows.get(cellKey(symbol, dt))
    if (rows === undefined) continue
    const path = runningFile(desk.lake.root, seat.name, dataset, spec.raw_layout, dt, symbol)
    files.set(path, [...(files.get(path) ?? []), { symbol, provenance, rows }])
  }
  await writeFilesAtomic([...files].map(([path, parts]) => ({ path, bytes: () => encodeRows(spec.columns, parts) })))
}

/** Removes the views of sessions that are long over. Returns how many days were removed. */
export async function sweepRunning(root: string, today: Dt): Promise<number> {
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
