/** GET /metrics: the figures of the status page for Prometheus. Nothing is counted on request: what is being counted is left out until it is there. */
import type { Context } from 'hono'
import { dayNumber } from '../_market/dt.ts'
import { createGauges, type Gauges } from './gauges.ts'
import type { Overview, OverviewSource } from './overview.ts'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000

export function metrics(source: OverviewSource) {
  // Its probes of the event loop begin with the first request, not with the program.
  let gauges: Gauges | undefined
  /** One at a time: the gauges are shared. */
  let turn: Promise<unknown> = Promise.resolve()

  return async (c: Context): Promise<Response> => {
    gauges ??= createGauges()
    const { contentType } = gauges
    const show = async (): Promise<string> => {
      const overview = await source.read()
      gauges!.reset()
      setHealth(gauges!, overview)
      setQueue(gauges!, overview)
      setVendors(gauges!, overview)
      setCoverage(gauges!, overview)
      setChains(gauges!, overview)
      setMachine(gauges!, overview)
      return await gauges!.text()
    }
    const text = turn.then(show, show)
    turn = text.catch(() => undefined)
    c.header('Content-Type', contentType)
    return c.body(await text)
  }
}

const sinceSeconds = (now: number, at: number | string): number =>
  Math.max(0, now - (typeof at === 'string' ? Date.parse(at) : at)) / SECOND_MS

function setHealth({ set }: Gauges, { reasons, incidents }: Overview): void {
  const codes = new Map<string, number>()
  for (const { code } of reasons) codes.set(code, (codes.get(code) ?? 0) + 1)
  for (const [code, times] of codes) set('health_reasons', { code }, times)
  set('down', {}, Number(reasons.some(({ isDown }) => isDown)))
  set('incidents', {}, incidents.length)
}

function setQueue({ set }: Gauges, { queue, now }: Overview): void {
  if (queue === null) return
  const cells = new Map<string, { dataset: string; lane: string; state: string; tasks: number }>()
  for (const { dataset, lane, state, tasks } of queue.summary) {
    const key = `${dataset} ${lane} ${state}`
    cells.set(key, { dataset, lane, state, tasks: tasks + (cells.get(key)?.tasks ?? 0) })
  }
  for (const { tasks, ...labels } of cells.values()) set('queue_cells', labels, tasks)
  for (const lane of ['today', 'backfill']) {
    const own = queue.summary.filter((tally) => tally.lane === lane && tally.state === 'queued')
    const due = own.length === 0 ? now : Math.min(...own.map(({ nextAt }) => nextAt))
    set('queue_wait_seconds', { lane }, sinceSeconds(now, due))
    const oldest = own.map(({ oldestDt }) => oldestDt).sort()[0]
    if (oldest !== undefined) set('queue_oldest_day_seconds', { lane }, sinceSeconds(now, dayNumber(oldest) * DAY_MS))
  }
}

function setVendors({ set }: Gauges, { vendors, now }: Overview): void {
  for (const line of vendors) {
    const { vendor, calls, rows, tookMs, cells, filled, empty, errors, perDay, spentToday, leftNow, blocked } = line
    set('vendor_calls_last_day', { vendor }, calls)
    set('vendor_rows_last_day', { vendor }, rows)
    const outcomes = { filled, empty, error: errors, other: cells - filled - empty - errors }
    for (const [outcome, value] of Object.entries(outcomes)) set('vendor_cells_last_day', { vendor, outcome }, value)
    if (calls > 0) set('vendor_latency_seconds', { vendor }, tookMs / calls / SECOND_MS)
    set('vendor_calls_left_now', { vendor }, leftNow)
    if (perDay !== null) set('vendor_calls_left_today', { vendor }, Math.max(0, perDay - spentToday))
    set('vendor_blocked_seconds', { vendor }, blocked === null ? 0 : Math.max(0, blocked.until - now) / SECOND_MS)
  }
}

function setCoverage({ set }: Gauges, { coverage, now }: Overview): void {
  if (coverage === null) return
  const { counts, forecast, findings } = coverage.summary
  for (const { dataset, present, short, absent, held } of counts) {
    for (const [state, cells] of Object.entries({ present, short, absent, held }))
      set('coverage_cells', { dataset, state }, cells)
    for (const status of ['AMBER', 'RED'] as const) {
      const found = findings.find((one) => one.dataset === dataset && one.status === status)
      set('qc_cells', { dataset, status }, found?.cells ?? 0)
    }
  }
  for (const { dataset, open } of forecast.datasets) set('backlog_cells', { dataset }, open)
  set('backlog_calls', {}, forecast.calls)
  if (forecast.latest !== null) set('backlog_seconds', {}, Math.max(0, forecast.latest - now) / SECOND_MS)
}

function setChains({ set }: Gauges, { chains, now }: Overview): void {
  for (const { id: chain, last, running } of chains) {
    set('chain_step', { chain }, running?.step ?? 0)
    if (running?.since != null) set('chain_step_seconds', { chain }, sinceSeconds(now, running.since))
    if (last === null) continue
    set('chain_ok', { chain }, Number(last.ok))
    if (last.endedAt === null) continue
    set('chain_age_seconds', { chain }, sinceSeconds(now, last.endedAt))
    if (last.scheduledAt !== null)
      set('chain_seconds', { chain }, sinceSeconds(Date.parse(last.endedAt), last.scheduledAt))
  }
}

function setMachine({ set }: Gauges, { bundles, disk, machine, now }: Overview): void {
  const newest = bundles[0]
  if (newest !== undefined) {
    set('bundle_age_seconds', {}, sinceSeconds(now, newest.generatedAt))
    set('bundle_complete', {}, Number(newest.complete))
    set('bundle_bytes', {}, newest.bytes)
  }
  // Before the first look of the watch there is no figure.
  if (Number.isFinite(disk.freeBytes)) {
    set('disk_free_bytes', {}, disk.freeBytes)
    set('disk_total_bytes', {}, disk.totalBytes)
  }
  if (machine.freeBytes !== null) set('memory_free_bytes', {}, machine.freeBytes)
  if (machine.celsius !== null) set('temperature_celsius', {}, machine.celsius)
}
