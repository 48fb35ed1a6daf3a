/** The queue as one answer: instants are UTC texts, null for never. */
import { lastAnswers } from '../../db/attempts/last-answers.ts'
import { type ListedTask, listOpen } from '../../db/gap-tasks/list-open.ts'
import { nextDue } from '../../db/gap-tasks/next-due.ts'
import { type TaskFilter, type TaskTally, tallyTasks } from '../../db/gap-tasks/tally-tasks.ts'
import { listHolders } from '../../db/leases/list-holders.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import { MAX_ATTEMPTS } from '../_dispatch/retry-policy.ts'
import { type Forecast, forecastOf, type Interval } from '../_forecast/forecast.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Node } from '../_http/node.ts'
import { headsOf } from './heads.ts'

export type QueueView = Awaited<ReturnType<typeof viewOf>>

export async function viewOf(node: Node, filter: TaskFilter, limit: number, withForecast: boolean) {
  const now = node.now()
  const tallies = await tallyTasks(node.db, filter)
  const holders = await listHolders(node.db, limit)
  return {
    ok: true as const,
    now: isoOf(now),
    filter,
    open: tallies.reduce((sum, { tasks }) => sum + tasks, 0),
    nextDue: isoOf(await nextDue(node.db, null, now)),
    counts: countsOf(tallies),
    heads: await headsOf(node, now),
    leases: holders.map(({ leasedAt, leaseExpiresAt, ...rest }) => ({
      ...rest,
      since: isoOf(leasedAt),
      until: isoOf(leaseExpiresAt),
    })),
    stalled: await stalledOf(node, filter, limit),
    /** Only where something is asked for in particular. */
    ...(Object.keys(filter).length === 0 ? {} : { tasks: await tasksOf(node, filter, limit) }),
    ...(withForecast ? { forecast: forecastView(await forecastOf(node)) } : {}),
  }
}

/** One entry per dataset, lane and state, with the reasons inside. */
function countsOf(tallies: readonly TaskTally[]) {
  const counts = new Map<string, Omit<TaskTally, 'reason'> & { reasons: Record<string, number> }>()
  for (const { reason, ...tally } of tallies) {
    const key = `${tally.dataset} ${tally.lane} ${tally.state}`
    const sum = counts.get(key)
    counts.set(key, {
      ...tally,
      tasks: tally.tasks + (sum?.tasks ?? 0),
      oldestDt: sum && sum.oldestDt < tally.oldestDt ? sum.oldestDt : tally.oldestDt,
      newestDt: sum && sum.newestDt > tally.newestDt ? sum.newestDt : tally.newestDt,
      nextAt: Math.min(tally.nextAt, sum?.nextAt ?? tally.nextAt),
      reasons: { ...sum?.reasons, [reason]: tally.tasks },
    })
  }
  return [...counts.values()].map(({ nextAt, ...count }) => ({
    ...count,
    ...(count.state === 'queued' ? { nextAt: isoOf(nextAt) } : {}),
  }))
}

/** The stalled tasks, each with the vendors' last answers: a person repairs the cause and redrives them. */
async function stalledOf(node: Node, filter: TaskFilter, limit: number) {
  const views = []
  if (filter.state !== undefined && filter.state !== 'stalled') return []
  for (const { dataset } of datasetsOf(node.config)) {
    if (filter.dataset !== undefined && filter.dataset !== dataset) continue
    const tasks = await listOpen(node.db, dataset, 'stalled', daysOf(filter), limit - views.length)
    const answers = await lastAnswers(node.db, dataset, tasks)
    for (const task of tasks) {
      const said = answers.filter(({ symbol, dt }) => symbol === task.symbol && dt === task.dt)
      views.push({
        ...told(task),
        maxAttempts: MAX_ATTEMPTS,
        since: isoOf(task.updatedAt),
        answers: said.map(({ symbol: _s, dt: _d, at, ...answer }) => ({ ...answer, at: isoOf(at) })),
      })
    }
    if (views.length >= limit) break
  }
  return views
}

const STATES = ['leased', 'queued', 'stalled'] as const

/** The open tasks asked for: those under way, then those that wait in their order, then those given up. */
async function tasksOf(node: Node, filter: TaskFilter, limit: number) {
  const found: ListedTask[] = []
  for (const state of STATES) {
    if (filter.state !== undefined && filter.state !== state) continue
    for (const { dataset } of datasetsOf(node.config)) {
      if (filter.dataset !== undefined && filter.dataset !== dataset) continue
      if (found.length < limit)
        found.push(...(await listOpen(node.db, dataset, state, daysOf(filter), limit - found.length)))
    }
  }
  return found.map(told)
}

const daysOf = ({ dataset: _d, state: _s, ...days }: TaskFilter): Omit<TaskFilter, 'dataset' | 'state'> => days

const told = ({ nextAt, createdAt, updatedAt: _, ...task }: ListedTask) => ({
  ...task,
  nextAt: isoOf(nextAt),
  createdAt: isoOf(createdAt),
  why: `/why/${task.dataset}/${task.symbol}/${task.dt}`,
})

const forecastView = ({ datasets, vendors, calls, bytes, ...whole }: Forecast) => ({
  ...asTexts(whole),
  calls,
  bytes,
  datasets: datasets.map((one) => ({ ...one, ...asTexts(one) })),
  vendors: vendors.map((one) => ({ ...one, busyUntil: isoOf(one.busyUntil) })),
})

const asTexts = ({ emptyAt, earliest, latest }: Interval) => ({
  emptyAt: isoOf(emptyAt),
  earliest: isoOf(earliest),
  latest: isoOf(latest),
})
