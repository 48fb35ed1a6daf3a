/** The cells a plan may be made of, each with the task it belongs to. */
import type { PartOfTask } from '../../db/gap-tasks/claim-tasks.ts'
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import type { Neighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { type Dt, dayBit, dtsOfMask, type Month, monthOf } from '../_market/dt.ts'
import type { Want } from '../_vendors/vendor.ts'

/** The task behind each want. */
export type TaskOf = Map<Want, QueuedTask>

export interface Offer {
  /** By day, then symbol. */
  wants: Want[]
  taskOf: TaskOf
}

/**
 * Of the head's symbol all cells, of others those of whole days until `most` are offered: a plan of days that are known in part leaves the rest
 * of them to calls that are not full. `usual` says for some symbols how many rows to expect, the task for the others.
 */
export function offerOf(
  head: QueuedTask,
  { tasks, fromDt, toDt }: Neighbours,
  most: number,
  { isNewestFirst, usual }: { isNewestFirst: boolean; usual: ReadonlyMap<string, number> },
): Offer {
  const taskOf: TaskOf = new Map()
  const days = new Map<Dt, Want[]>()
  const months = new Map<string, Dt[]>()
  for (const task of [head, ...tasks]) {
    const { symbol } = task
    const expectedRows = usual.get(symbol) ?? task.expectedRows
    for (const dt of daysOf(task, months)) {
      if (symbol !== head.symbol && (dt < fromDt || dt > toDt)) continue
      const want = { symbol, dt, expectedRows }
      taskOf.set(want, task)
      const day = days.get(dt)
      if (day) day.push(want)
      else days.set(dt, [want])
    }
  }
  const inOrder = [...days].sort(([a], [b]) => (a < b !== isNewestFirst ? -1 : 1)).map(([, wants]) => wants)
  let offered = 0
  const near = inOrder.map((wants) => {
    const before = offered
    offered += wants.length
    return before < most ? wants : wants.filter(({ symbol }) => symbol === head.symbol)
  })
  if (isNewestFirst) near.reverse()
  // Tasks that begin on other days of the month come behind their neighbours.
  for (const wants of near) if (!wants.every(isBehindLast)) wants.sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  return { wants: near.flat(), taskOf }
}

const isBehindLast = ({ symbol }: Want, at: number, all: readonly Want[]): boolean =>
  at === 0 || all[at - 1]!.symbol < symbol

/** A month of many symbols is written out once for all that have the same days. */
function daysOf({ dt, days }: QueuedTask, months: Map<string, Dt[]>): readonly Dt[] {
  if (days === null) return [dt]
  const month: Month = monthOf(dt)
  const key = `${month}${days}`
  const known = months.get(key) ?? dtsOfMask(month, days)
  months.set(key, known)
  return known
}

/** What to lease for these wants: tasks of a day, and of those of several the days that are wanted. */
export function toClaim(wanted: ReadonlyMap<Want, QueuedTask>): { ids: number[]; parts: PartOfTask[] } {
  const ids: number[] = []
  const parts = new Map<number, PartOfTask>()
  for (const [want, { id, dt, days }] of wanted) {
    if (days === null) {
      ids.push(id)
      continue
    }
    const part = parts.get(id)
    if (part) part.wanted |= dayBit(want.dt)
    else parts.set(id, { id, dt, days, wanted: dayBit(want.dt) })
  }
  return { ids, parts: [...parts.values()] }
}
