/** I4: no task vanishes in a lease that nobody holds, and no cell has two open tasks. */
import { countDoubleTasks, findOrphanLeases } from '../../../db/gap-tasks/find-orphan-leases.ts'
import type { Check } from '../check.ts'

type Kind = 'task-without-lease' | 'lease-overdue' | 'task-miscounted' | 'cell-queued-twice'

/** A lease is taken back by the next claim or sweep; a node that is busy or was off is given this long. */
const OVERDUE_MS = 26 * 3_600_000

export const check: Check<Kind> = {
  id: 'queue',
  about: 'tasks against leases, and tasks of many days against their count',
  mode: 'fast',
  needsDb: true,
  kinds: {
    'task-without-lease': {
      invariant: 'I4',
      severity: 'error',
      means: 'a task is leased under a lease that does not exist: nobody works on it and nobody takes it',
      todo: 'Restart the node: a start takes all leases back. Then POST /audit.',
    },
    'lease-overdue': {
      invariant: 'I4',
      severity: 'warning',
      means: 'a lease is long over and was not taken back',
      todo: 'The next claim, sweep or start takes it back.',
    },
    'task-miscounted': {
      invariant: 'I4',
      severity: 'warning',
      means: 'a task counts another number of days than its mask has',
      todo: 'POST /audit {"rebuild":true}, then POST /audit queues what is missing.',
    },
    'cell-queued-twice': {
      invariant: 'I4',
      severity: 'warning',
      means: 'a cell has two open tasks: it costs two calls',
      todo: 'Nothing: the second answer changes nothing.',
    },
  },
  places: async () => ['gap_tasks'],
  async look({ db, now }, _place, report) {
    const { tasksWithoutLease, overdueLeases, miscounted } = await findOrphanLeases(db, now() - OVERDUE_MS)
    for (const cell of tasksWithoutLease) report('task-without-lease', cell, 'its lease', 'none')
    for (const lease of overdueLeases) report('lease-overdue', lease, 'that it was taken back', 'it is still there')
    for (const cell of miscounted) report('task-miscounted', cell, 'the number of its days', 'another')
    const double = await countDoubleTasks(db)
    if (double > 0) report('cell-queued-twice', 'gap_tasks', 'one open task a cell', `${double} cells with two`)
    return tasksWithoutLease.length + overdueLeases.length + miscounted.length + 1
  },
}
