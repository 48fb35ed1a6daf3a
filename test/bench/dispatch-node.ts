/** One life of a node in a dispatcher's benchmark: works a scene's backlog off against the lab, on a clock of events, and tells what it took. */
import { sql } from 'drizzle-orm'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { limitsOf } from '../../functions/_catalog/account-limits.ts'
import { datasetsOf, sourcesFor } from '../../functions/_catalog/catalog.ts'
import type { Node } from '../../functions/_http/node.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { startNode } from '../../functions/_runtime/start.ts'
import { audit } from '../../functions/audit.ts'
import { dispatchOneTask } from '../../functions/dispatch-one-task.ts'
import { writeDemoConfig } from '../demo/demo-config.ts'
import type { LabVendorName } from '../lab/lab.ts'
import { ASOF, type BenchScene, EVENING, type SceneName, sceneOf, WORKERS } from './dispatch-scenes.ts'
import { type EventClock, eventClock } from './event-clock.ts'
import type { LabReport } from './lab-control.ts'
import { isQueuedFor, meterCalls } from './meter-calls.ts'
import { observation } from './watch.ts'

/** What one vendor delivered of one dataset. */
export interface Delivered {
  vendor: LabVendorName
  dataset: DatasetName
  cells: number
  rows: number
}

export interface Worked {
  /** Expected cells, also those no vendor has. */
  expected: number
  delivered: Delivered[]
  /** Cells queued or given up at the end, those left out that no vendor has before another day. */
  open: number
  /** Virtual ms from the start to the last call's answer. */
  makespanMs: number
  /** Of each vendor, the mean share of a minute's calls that were sent in minutes in which it had eligible work all along. */
  utilisation: Record<string, number>
  /** Calls of any vendor sent between the arrival of a task of lane `today` and its claim, ascending. */
  todayWaits: number[]
  /** Calls sent for such tasks, which came one by one. */
  todayCalls: number
  dispatches: number
  /** Real ms from the first audit to the last settled task; those spent observing; those of the lab. */
  realMs: number
  observedMs: number
  labMs: number
  peakRssMb: number
}

const TICK_MS = 1_000
const WINDOW_MS = 60_000
const PROBE_EVERY_MS = 7_300
const RESTART_MS = 2_000
/** A worker that finds nothing looks again after this, as a step of the night chain does while others are at work. */
const IDLE_MS = 1_000
/** What becomes available later belongs to another evening. */
const FAR_MS = 3_600_000

async function main([name = '', scale = '', root = '', controlUrl = '']: string[]): Promise<void> {
  const scene = await sceneOf(name as SceneName, Number(scale))
  const tell = async (query: string): Promise<LabReport> =>
    (await (await fetch(`${controlUrl}/?${query}`)).json()) as LabReport
  const before = await tell('')
  const clock = eventClock(before.now + (before.now > EVENING ? RESTART_MS : 0))
  const urls = Object.fromEntries(Object.entries(before.urls).map(([vendor, url]) => [vendor, { url }]))
  const env = await writeDemoConfig(root, { config: scene.config }, urls as Record<LabVendorName, { url: string }>, 0)
  const running = await startNode({
    env,
    clock,
    random: () => 0.5,
    sink: process.env.BENCH_LOG ? (line) => process.stderr.write(line) : () => undefined,
  })
  try {
    await tell(`now=${clock.now()}&pid=${process.pid}`)
    const worked = await work(running.node, scene, clock, tell)
    process.stdout.write(`${JSON.stringify(worked)}\n`)
  } finally {
    await running.stop()
  }
}

async function work(
  node: Node,
  scene: BenchScene,
  clock: EventClock,
  tell: (query: string) => Promise<LabReport>,
): Promise<Worked> {
  const waiting = new Map<string, number>()
  const todayWaits: number[] = []
  let calls = 0
  let todayCalls = 0
  let probes = 0
  let lastAnswerAt = clock.now()
  const observed = observation()
  const sent = meterCalls(node, clock, {
    trying: () =>
      observed.of(async () => {
        await noteClaims()
        await tell(`now=${clock.now()}`)
      }),
    sent: (lane) => {
      calls++
      if (lane === 'today' && probes > 0) todayCalls++
    },
    answered: () => {
      lastAnswerAt = clock.now()
    },
  })
  const noteClaims = async (): Promise<void> => {
    if (waiting.size === 0) return
    const open = await node.db.all<{ symbol: string }>(
      sql`SELECT symbol FROM gap_tasks WHERE state = 'queued' AND dt = ${ASOF} AND symbol IN (SELECT value FROM json_each(${JSON.stringify([...waiting.keys()])}))`,
    )
    const still = new Set(open.map(({ symbol }) => symbol))
    for (const [symbol, at] of waiting) {
      if (still.has(symbol)) continue
      todayWaits.push(calls - at)
      waiting.delete(symbol)
    }
  }

  const begun = performance.now()
  const labBefore = (await tell('')).cpuMs
  let working = WORKERS
  let dispatches = 0
  let expected = 0
  let done = false
  const refillQueue = async (): Promise<boolean> => {
    const audited = await audit(node, { at: EVENING })
    expected = audited.expected
    return audited.enqueued + audited.rechecks > 0
  }
  await refillQueue()
  const worker = async (): Promise<void> => {
    while (!done) {
      const reply = await dispatchOneTask(node, { dryRun: false, at: EVENING })
      dispatches++
      if (reply.more) continue
      working--
      // Whoever finds the queue empty while nobody else is at work brings in what it could not hold before.
      const isAlone = working === 0
      const nextAt = reply.nextAt !== null && reply.nextAt < clock.now() + FAR_MS ? reply.nextAt : null
      if (nextAt !== null) await clock.sleep(Math.max(1, nextAt - clock.now()))
      else if (!isAlone) await clock.sleep(IDLE_MS)
      else if (!(await refillQueue())) done = true
      working++
    }
  }

  const eligibleSince = new Map<string, number>()
  const shares = new Map<string, number[]>()
  const observer = async (): Promise<void> => {
    while (!done) {
      await clock.sleep(TICK_MS)
      await observed.of(() => lookAtVendors())
    }
  }
  const lookAtVendors = async (): Promise<void> => {
    const now = clock.now()
    for (const connection of node.vendors) {
      const isTroubled = scene.trouble.some(
        ({ vendor, from, to }) => vendor === connection.name && now >= EVENING + from && now < EVENING + to,
      )
      if (isTroubled || !(await hasWork(node, connection.name))) {
        eligibleSince.delete(connection.name)
        continue
      }
      const since = eligibleSince.get(connection.name) ?? now
      eligibleSince.set(connection.name, since)
      if (now - since < WINDOW_MS) continue
      const { perMinute } = limitsOf(connection, 'backfill')
      const inWindow = (sent[connection.name] ?? []).filter((at) => at > now - WINDOW_MS).length
      const list = shares.get(connection.name) ?? []
      list.push(Math.min(1, inWindow / perMinute))
      shares.set(connection.name, list)
    }
  }
  const [probed] = datasetsOf(node.config).filter(({ dataset }) => dataset !== 'macro_treasury')
  const prober = async (): Promise<void> => {
    for (const symbol of scene.probes) {
      await clock.sleep(PROBE_EVERY_MS)
      if (done || !probed || scene.killEvery !== null) return
      const task = { symbol, dt: ASOF, lane: 'today', priority: 100, expectedRows: null, reason: 'manual' } as const
      await observed.of(() => enqueueTasks(node.db, probed.dataset, [{ ...task, nextAt: clock.now() }], clock.now()))
      waiting.set(symbol, calls)
      probes++
    }
  }
  await clock.run([...Array.from({ length: WORKERS }, () => worker), observer, prober])

  const realMs = performance.now() - begun
  // Before the benchmark itself reads all the evidence at once.
  const peakRssMb = process.resourceUsage().maxRSS / 1024
  const labMs = (await tell(`now=${clock.now()}`)).cpuMs - labBefore
  const delivered = await node.db.all<Delivered>(sql`
    SELECT vendor, dataset, count(*) AS cells, sum(rows) AS rows FROM attempts
    WHERE digest IS NOT NULL AND symbol NOT LIKE 'T___' GROUP BY vendor, dataset`)
  const [open] = await node.db.all<{ count: number }>(
    sql`SELECT coalesce(sum(cells), 0) AS count FROM gap_tasks WHERE state <> 'done' AND next_at <= ${clock.now() + FAR_MS}`,
  )
  return {
    expected,
    delivered,
    open: open?.count ?? 0,
    makespanMs: lastAnswerAt - EVENING,
    utilisation: Object.fromEntries(
      [...shares].map(([vendor, list]) => [vendor, list.reduce((sum, share) => sum + share, 0) / list.length]),
    ),
    todayCalls,
    todayWaits: todayWaits.sort((a, b) => a - b),
    dispatches,
    realMs,
    observedMs: observed.tookMs(),
    labMs,
    peakRssMb,
  }
}

/** Whether a task waits that a vendor may serve now, were its budget not spent. */
async function hasWork(node: Node, vendor: string): Promise<boolean> {
  for (const { dataset, spec } of datasetsOf(node.config)) {
    const server = sourcesFor(node, dataset).find(({ connection }) => connection.name === vendor)
    if (!server) continue
    if (await isQueuedFor(node, dataset, spec, server)) return true
  }
  return false
}

// A bench that is ended takes its node along, unless that is what is measured.
process.once('SIGTERM', () => process.exit(1))
const parent = process.ppid
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref()
await main(process.argv.slice(2))
