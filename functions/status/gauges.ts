/** The figures of the node by name, as Prometheus reads them. Each says what it counts; config/alert-rules.yaml and the dashboard name them. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

const PREFIX = 'data_node_'

/** Name without the prefix: what it is, and its labels. Units are seconds, bytes, and counts. */
const GAUGES = {
  health_reasons: ['Reasons of /readyz that hold now', ['code']],
  down: ['1 while the node writes nothing', []],
  queue_cells: ['Open cells of the queue', ['dataset', 'lane', 'state']],
  queue_wait_seconds: ['How long the queued cell that is due longest has been due', ['lane']],
  queue_oldest_day_seconds: ['Age of the oldest day in the queue', ['lane']],
  backlog_cells: ['Cells still to come that some vendor can serve', ['dataset']],
  backlog_calls: ['Calls still to come', []],
  backlog_seconds: ['Time until the backlog is empty, at the far end of the forecast', []],
  vendor_calls_last_day: ['Calls of the last 24 hours', ['vendor']],
  vendor_rows_last_day: ['Rows delivered in the last 24 hours', ['vendor']],
  vendor_cells_last_day: ['Cells asked for in the last 24 hours', ['vendor', 'outcome']],
  vendor_latency_seconds: ['Mean time of a call in the last 24 hours', ['vendor']],
  vendor_calls_left_now: ['Calls for the backlog that may go at once', ['vendor']],
  vendor_calls_left_today: ['Calls left of the budget of a day, where there is one', ['vendor']],
  vendor_blocked_seconds: ['How long the vendor is still left alone', ['vendor']],
  coverage_cells: ['Known cells', ['dataset', 'state']],
  qc_cells: ['Cells with a finding of QC', ['dataset', 'status']],
  chain_ok: ['1 if every step of the last firing was ok', ['chain']],
  chain_seconds: ['From the scheduled instant of the last firing to its end', ['chain']],
  chain_age_seconds: ['Since the last firing ended', ['chain']],
  chain_step: ['Step of the firing under way, 0 while none is', ['chain']],
  chain_step_seconds: ['How long the step under way has been running', ['chain']],
  incidents: ['Open incidents', []],
  bundle_age_seconds: ['Since the newest bundle was made', []],
  bundle_complete: ['1 if the newest bundle is complete', []],
  bundle_bytes: ['Size of the newest bundle', []],
  disk_free_bytes: ['Free space of the fullest folder', []],
  disk_total_bytes: ['Size of the disk of that folder', []],
  memory_free_bytes: ['Memory that is available on the machine', []],
  temperature_celsius: ['Temperature of the machine', []],
} as const satisfies Record<string, readonly [help: string, labels: readonly string[]]>

export type GaugeName = keyof typeof GAUGES
type LabelsOf<Name extends GaugeName> = Record<(typeof GAUGES)[Name][1][number], string>

export interface Gauges {
  set<Name extends GaugeName>(name: Name, labels: LabelsOf<Name>, value: number): void
  /** Forgets what was set: what is not there any more must not be shown. */
  reset(): void
  text(): Promise<string>
  contentType: string
}

/** Beside these stand the figures of the process (`data_node_process_…`, `data_node_nodejs_…`). */
export function createGauges(): Gauges {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: PREFIX })
  const gauges = new Map(
    Object.entries(GAUGES).map(([name, [help, labels]]) => [
      name,
      new Gauge({ name: `${PREFIX}${name}`, help, labelNames: [...labels], registers: [registry] }),
    ]),
  )
  return {
    set: (name, labels, value) => gauges.get(name)!.set(labels, value),
    reset: () => {
      for (const [name, [, labels]] of Object.entries(GAUGES)) {
        // A reset gauge without labels shows 0, which would be a figure: it is removed instead.
        if (labels.length === 0) gauges.get(name)!.remove()
        else gauges.get(name)!.reset()
      }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
