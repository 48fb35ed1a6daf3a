/** Groups gaps into tasks: those that no vendor was asked for yet are one task per symbol and month. */
import type { NewMonth } from '../../db/gap-tasks/enqueue-months.ts'
import type { NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { dayBit, monthOf } from '../_market/dt.ts'

/** Missing cells of the backlog that may be asked for now, month by month, and all others. Half days of minutes have a task of their own. */
export function groupByMonth(tasks: readonly NewTask[], now: number): { months: NewMonth[]; days: NewTask[] } {
  const months = new Map<string, NewMonth>()
  const days: NewTask[] = []
  for (const task of tasks) {
    const { symbol, dt, expectedRows, lane, nextAt } = task
    if (lane !== 'backfill' || nextAt > now) {
      days.push(task)
      continue
    }
    const key = `${symbol} ${monthOf(dt)} ${expectedRows}`
    const month = months.get(key)
    if (month === undefined) months.set(key, { symbol, dt, days: dayBit(dt), cells: 1, expectedRows })
    else {
      month.days |= dayBit(dt)
      month.cells++
      if (dt < month.dt) month.dt = dt
    }
  }
  return { months: [...months.values()], days }
}
