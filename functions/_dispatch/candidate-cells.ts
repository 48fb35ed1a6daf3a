/** Candidate cells: the cells that one plan may be made of, each with the task it belongs to. */
import type { PartOfTask } from '../../db/gap-tasks/claim-tasks.ts'
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import type { Neighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { type Dt, dayBit, dtsOfMask, type Month, maxDt, minDt, monthOf } from '../_market/dt.ts'
import type { Want } from '../_vendors/vendor.ts'

/** The task behind each want. */
export type TaskOf = Map<Want, QueuedTask>

export interface CandidateCells {
  /** By day, then symbol. */
  wants: Want[]
  taskOf: TaskOf
  /** Whether more tasks wait than these are of. */
  isCut: boolean
}

/**
 * Of the head's symbol all cells, of others those of whole days until `most` are offered: a plan of days that are known in part leaves the rest
 * of them to calls that are not full. `usual` says for some symbols how many rows to expect, the task for the others.
 */
export function candidateCells(
  head: QueuedTask,
  { tasks, fromDt, toDt }: Neighbours,
  most: number,
  { isNewestFirst, usual }: { isNewestFirst: boolean; usual: ReadonlyMap<string, number> },
): CandidateCells {
  const months = new Map<string, Dt[]>()
  const around = [head, ...tasks].map((task) => ({ task, dts: daysOf(task, months) }))
  const byDay = cellsByDay(around, head, { fromDt, toDt })
  const last = lastOffered(byDay, most, isNewestFirst)
  const near = isNewestFirst ? { fromDt: maxDt(fromDt, last), toDt } : { fromDt, toDt: minDt(toDt, last) }
  const taskOf: TaskOf = new Map()
  const days = new Map<Dt, Want[]>()
  for (const { task, dts } of around) {
    const { symbol } = task
    const expectedRows = usual.get(symbol) ?? task.expectedRows
    for (const dt of dts) {
      if (!mayJoin(symbol, dt, head, near)) continue
      const want = { symbol, dt, expectedRows }
      taskOf.set(want, task)
      const day = days.get(dt)
      if (day) day.push(want)
      else days.set(dt, [want])
    }
  }
  const inOrder = [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, wants]) => wants)
  // Tasks that begin on other days of the month come behind their neighbours.
  for (const wants of inOrder) if (!wants.every(isBehindLast)) wants.sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const isCut =
    fromDt > EARLIEST || toDt < LATEST || [...byDay.keys()].some((dt) => (isNewestFirst ? dt < last : dt > last))
  return { wants: inOrder.flat(), taskOf, isCut }
}

/** Before and after any day: what neighbours are known between where none are left out. */
const [EARLIEST, LATEST]: [Dt, Dt] = ['0000-01-01', '9999-12-31']

type Span = Pick<Neighbours, 'fromDt' | 'toDt'>

const mayJoin = (symbol: string, dt: Dt, head: QueuedTask, { fromDt, toDt }: Span): boolean =>
  symbol === head.symbol || (dt >= fromDt && dt <= toDt)

/** Counted first: tasks of whole months hold ten times what is offered of them. */
function cellsByDay(
  around: readonly { task: QueuedTask; dts: readonly Dt[] }[],
  head: QueuedTask,
  span: Span,
): Map<Dt, number> {
  const cells = new Map<Dt, number>()
  for (const { task, dts } of around) {
    for (const dt of dts) if (mayJoin(task.symbol, dt, head, span)) cells.set(dt, (cells.get(dt) ?? 0) + 1)
  }
  return cells
}

/** The day with which `most` cells are reached, in the order in which days are offered; of fewer cells the last day. */
function lastOffered(cells: ReadonlyMap<Dt, number>, most: number, isNewestFirst: boolean): Dt {
  const dts = [...cells.keys()].sort()
  if (isNewestFirst) dts.reverse()
  let offered = 0
  for (const dt of dts) {
    offered += cells.get(dt)!
    if (offered >= most) return dt
  }
  return dts.at(-1)!
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
