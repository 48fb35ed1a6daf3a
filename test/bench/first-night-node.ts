/** The node of the first night's benchmark: plays the shipped night chain against the lab, on a clock of events, and tells what it brought when. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { DatasetConfig } from '../../config/schema.ts'
import { bitCount } from '../../db/coverage/bit-count.ts'
import { findGaps } from '../../db/coverage/find-gaps.ts'
import { evidenceOfDays } from '../../db/packed-months/both-forms.ts'
import { beginTick } from '../../db/ticks/ticks.ts'
import { limitsOf } from '../../functions/_catalog/account-limits.ts'
import { availableRange } from '../../functions/_catalog/availability.ts'
import { type DatasetSource, datasetsOf, sourcesFor } from '../../functions/_catalog/catalog.ts'
import { monthMasks, symbolRanges } from '../../functions/_expected/expected.ts'
import { forecastOf } from '../../functions/_forecast/forecast.ts'
import type { Node } from '../../functions/_http/node.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { maxDt, minDt } from '../../functions/_market/dt.ts'
import { loadCron } from '../../functions/_runtime/cron.ts'
import { runChain, type StepEnding } from '../../functions/_runtime/run-chain.ts'
import { startNode } from '../../functions/_runtime/start.ts'
import { writeDemoConfig } from '../demo/demo-config.ts'
import type { LabVendorName } from '../lab/lab.ts'
import { ASOF, EVENING } from './dispatch-scenes.ts'
import { type EventClock, eventClock } from './event-clock.ts'
import { DEATH, DYING, nightScene } from './first-night-scene.ts'
import type { LabReport } from './lab-control.ts'
import { isQueuedFor, meterCalls } from './meter-calls.ts'
import { observation } from './watch.ts'

/** What a vendor was asked, and what came of it. */
export interface VendorNight {
  calls: number
  /** Minutes in which it had work all along and less than nine tenths of its budget were used. */
  idleMinutes: number
}

export interface DatasetNight {
  dataset: DatasetName
  /** Virtual ms after the start when no vendor had anything left to bring; null when that did not happen. */
  completeAfterMs: number | null
  vendors: { vendor: string; calls: number; cells: number; rows: number; symbols: number }[]
}

/** What stands in `latest` after an export. */
export interface BundleNight {
  afterMs: number
  /** Real ms the node had worked by then, the lab's processor time left out. */
  workMs: number
  files: number
  bytes: number
  /** Rows by table. */
  rows: Record<string, number>
}

/** What the node foresaw, virtual ms after the start. */
export interface ForecastNight {
  atMs: number
  emptyAtMs: number | null
  earliestMs: number | null
  latestMs: number | null
  calls: number
  bytes: number
}

export interface Night {
  endedAfterMs: number
  /** With the most memory the process had used when the step ended, MB. */
  steps: (StepEnding & { peakRssMb: number })[]
  vendors: Record<string, VendorNight>
  datasets: DatasetNight[]
  bundles: BundleNight[]
  forecasts: ForecastNight[]
  workMs: number
  peakRssMb: number
  databaseBytes: number
}

const WINDOW_MS = 60_000
const LOOK_EVERY_MS = 10_000
const FORECAST_EVERY_MS = 30_000

async function main([symbols = '', root = '', controlUrl = '', seed = '', sceneName = '']: string[]): Promise<void> {
  const scene = await nightScene(Number(symbols), Number(seed))
  const tell = async (query: string): Promise<LabReport> =>
    (await (await fetch(`${controlUrl}/?${query}`)).json()) as LabReport
  const { urls } = await tell('')
  const clock = eventClock(EVENING)
  const lab = Object.fromEntries(Object.entries(urls).map(([vendor, url]) => [vendor, { url }]))
  const env = await writeDemoConfig(root, scene, lab as Record<LabVendorName, { url: string }>, 0)
  const running = await startNode({
    env,
    clock,
    random: () => 0.5,
    sink: process.env.BENCH_LOG ? (line) => process.stderr.write(line) : () => undefined,
  })
  try {
    const dying = sceneName === DEATH ? DYING : null
    const night = await playNight(running.node, running.address, clock, tell, dying)
    process.stdout.write(`${JSON.stringify(night)}\n`)
  } finally {
    await running.stop()
  }
}

async function playNight(
  node: Node,
  address: string,
  clock: EventClock,
  tell: (query: string) => Promise<LabReport>,
  dying: LabVendorName | null,
): Promise<Night> {
  const begun = performance.now()
  const labBefore = (await tell('')).cpuMs
  const observed = observation()
  const workMs = async (): Promise<number> =>
    performance.now() - begun - observed.tookMs() - ((await tell(`now=${clock.now()}`)).cpuMs - labBefore)
  let answeredAt = clock.now()
  const sent = meterCalls(node, clock, {
    trying: () => observed.of(() => tell(`now=${clock.now()}`)),
    answered: () => {
      answeredAt = clock.now()
    },
  })

  const [chain] = (await loadCron('cron.json')).filter(({ id }) => id === 'night')
  if (!chain) throw new Error('cron.json has no chain night')
  const bundles: BundleNight[] = []
  const state = { done: false, peaks: [] as number[], steps: [] as StepEnding[] }
  const play = async (): Promise<void> => {
    const log = (event: string, fields: Record<string, unknown> = {}): void => {
      node.log(event, fields)
      if (!event.startsWith('cron.step_')) return
      state.peaks.push(process.resourceUsage().maxRSS / 1024)
      if (fields.call === 'export') pending.push(bundleNow(node, clock, workMs))
    }
    const pending: Promise<BundleNight>[] = []
    const tick = await beginTick(node.db, chain.id, EVENING, clock.now())
    if (!tick) throw new Error('the firing was taken before')
    const terms = { db: node.db, clock, log, address, token: null, together: clock.run }
    state.steps = await runChain(terms, chain, tick, new AbortController().signal)
    bundles.push(...(await Promise.all(pending)))
    state.done = true
  }
  const watch = watchVendors(node, sent, () => answeredAt)
  const observer = async (): Promise<void> => {
    while (!state.done) {
      await clock.sleep(LOOK_EVERY_MS)
      await observed.of(() => watch.look())
    }
  }
  const forecasts: ForecastNight[] = []
  const forecaster = async (): Promise<void> => {
    while (!state.done) {
      forecasts.push(await observed.of(() => forecastNow(node)))
      const deathMs = (forecasts[0]?.emptyAtMs ?? 0) / 4
      if (dying !== null && clock.now() - EVENING >= deathMs && !watch.dead.has(dying)) {
        watch.dead.add(dying)
        await tell(`kill=${dying}`)
      }
      await clock.sleep(Math.min(FORECAST_EVERY_MS, dying === null ? FORECAST_EVERY_MS : Math.max(1_000, deathMs)))
    }
  }
  await clock.run([forecaster, play, observer])
  const peakRssMb = process.resourceUsage().maxRSS / 1024
  const spent = await workMs()
  const [size] = await node.db.all<{ bytes: number }>(
    sql`SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()`,
  )
  return {
    endedAfterMs: clock.now() - EVENING,
    steps: state.steps.map((step, at) => ({ ...step, peakRssMb: state.peaks[at] ?? 0 })),
    vendors: Object.fromEntries(
      node.vendors.map(({ name }) => [
        name,
        { calls: sent[name]?.length ?? 0, idleMinutes: watch.idle.get(name) ?? 0 },
      ]),
    ),
    datasets: await datasetsOfNight(node, watch.completeAt),
    bundles,
    forecasts,
    workMs: spent,
    peakRssMb,
    databaseBytes: size?.bytes ?? 0,
  }
}

/** Looks at which vendors have work and use their budget, and when a dataset has nothing left to bring. */
function watchVendors(node: Node, sent: Record<string, number[]>, answeredAt: () => number) {
  const idle = new Map<string, number>()
  const completeAt = new Map<DatasetName, number>()
  const busySince = new Map<string, number>()
  /** Vendors that never answer again: what is left for them is left for good. */
  const dead = new Set<LabVendorName>()
  const look = async (): Promise<void> => {
    const now = node.now()
    const withWork = new Set<string>()
    for (const { dataset, spec } of datasetsOf(node.config)) {
      let isOpen = false
      for (const source of sourcesFor(node, dataset)) {
        const { name, config } = source.connection
        if (dead.has((config.connector ?? name) as LabVendorName)) continue
        if (!(await hasWork(node, dataset, spec, source))) continue
        isOpen = true
        withWork.add(source.connection.name)
      }
      if (isOpen) completeAt.delete(dataset)
      else if (!completeAt.has(dataset)) completeAt.set(dataset, answeredAt())
    }
    for (const connection of node.vendors) {
      const { name } = connection
      if (!withWork.has(name)) {
        busySince.delete(name)
        continue
      }
      const since = busySince.get(name) ?? now
      busySince.set(name, since)
      if (now - since < WINDOW_MS) continue
      const used = (sent[name] ?? []).filter((at) => at > now - WINDOW_MS).length
      if (used < 0.9 * limitsOf(connection, 'backfill').perMinute)
        idle.set(name, (idle.get(name) ?? 0) + LOOK_EVERY_MS / WINDOW_MS)
    }
  }
  return { look, idle, completeAt, dead }
}

/** Whether a cell that a vendor could serve now is queued, or is not even queued. */
async function hasWork(node: Node, dataset: DatasetName, spec: DatasetConfig, source: DatasetSource): Promise<boolean> {
  if (await isQueuedFor(node, dataset, spec, source)) return true
  const range = availableRange(source.terms, spec, node.now())
  const ranges = symbolRanges(node.config, spec, ASOF)
    .map((one) => ({ ...one, fromDt: maxDt(one.fromDt, range.fromDt), toDt: minDt(one.toDt, range.toDt) }))
    .filter(({ fromDt, toDt }) => fromDt <= toDt)
  if (ranges.length === 0) return false
  return (await findGaps(node.db, dataset, ranges, monthMasks(spec, ASOF), 1)).length > 0
}

async function datasetsOfNight(node: Node, completeAt: ReadonlyMap<DatasetName, number>): Promise<DatasetNight[]> {
  const delivered = await node.db.all<{ dataset: string; vendor: string; cells: number; rows: number }>(sql`
    SELECT dataset, vendor, sum(cells) AS cells, sum(rows) AS rows FROM (
      ${sql.join(
        datasetsOf(node.config).map(({ dataset }) => {
          const evidence = evidenceOfDays(dataset, '1990-01-01', ASOF, ['outcome', 'rows'])
          return sql`SELECT ${dataset} AS dataset, vendor, count(*) AS cells, sum(rows) AS rows FROM ${evidence}
            WHERE outcome IN ('filled', 'short', 'empty') GROUP BY vendor`
        }),
        sql` UNION ALL `,
      )}
      UNION ALL
      SELECT dataset, vendor, sum(${sql.raw(bitCount('days'))}), 0 FROM empty_months GROUP BY dataset, vendor)
    GROUP BY dataset, vendor`)
  const asked = await node.db.all<{ dataset: string; vendor: string; symbols: number }>(
    sql`SELECT dataset, vendor, count(DISTINCT symbol) AS symbols FROM attempts GROUP BY dataset, vendor`,
  )
  const calls = await node.db.all<{ dataset: string; vendor: string; calls: number }>(
    sql`SELECT dataset, vendor, sum(calls) AS calls FROM vendor_call_stats GROUP BY dataset, vendor`,
  )
  return datasetsOf(node.config).map(({ dataset }) => {
    const at = completeAt.get(dataset)
    return {
      dataset,
      completeAfterMs: at === undefined ? null : at - EVENING,
      vendors: calls
        .filter((row) => row.dataset === dataset)
        .map(({ vendor, calls: count }) => {
          const isThis = (row: { dataset: string; vendor: string }): boolean =>
            row.dataset === dataset && row.vendor === vendor
          const found = delivered.find(isThis)
          const symbols = asked.find(isThis)?.symbols ?? 0
          return { vendor, calls: count, cells: found?.cells ?? 0, rows: found?.rows ?? 0, symbols }
        }),
    }
  })
}

async function forecastNow(node: Node): Promise<ForecastNight> {
  const { emptyAt, earliest, latest, calls, bytes } = await forecastOf(node)
  const after = (at: number | null): number | null => (at === null ? null : at - EVENING)
  const atMs = node.now() - EVENING
  return { atMs, emptyAtMs: after(emptyAt), earliestMs: after(earliest), latestMs: after(latest), calls, bytes }
}

async function bundleNow(node: Node, clock: EventClock, workMs: () => Promise<number>): Promise<BundleNight> {
  const afterMs = clock.now() - EVENING
  const work = await workMs()
  const manifest = JSON.parse(await readFile(join(node.exportRoot, 'latest', 'MANIFEST.json'), 'utf8')) as {
    files: { path: string; bytes: number; rows?: number; dataset?: string }[]
  }
  const rows: Record<string, number> = {}
  for (const file of manifest.files) {
    const table = file.dataset ?? file.path.split('/')[0] ?? ''
    if (file.rows !== undefined) rows[table] = (rows[table] ?? 0) + file.rows
  }
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  return { afterMs, workMs: work, files: manifest.files.length, bytes, rows }
}

// A bench that is ended takes its node along.
process.once('SIGTERM', () => process.exit(1))
const parent = process.ppid
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref()
await main(process.argv.slice(2))
