/** `data-node condition`: each trading day of a dataset as complete, degraded, pending or missing. */
import type { Command } from '../command.ts'
import { instantText, table } from '../table.ts'
import { queryOf } from './queue.ts'

interface Day {
  dt: string
  condition: string
  expected: number
  present: number
  amber: number
  held: number
  absent: number
  pending: number
  missing: number
  finalAt: string | null
}

interface Conditions {
  total: { days: number; complete: number; degraded: number; pending: number; missing: number }
  days: Day[]
}

export const condition: Command = {
  name: 'condition',
  operands: '<dataset>',
  summary: 'each trading day of a dataset: complete, degraded, pending or missing; and since when it is final',
  options: [
    ['--from <day>', 'only this day and later'],
    ['--to <day>', 'only this day and earlier'],
    ['--all', 'complete days as well'],
  ],
  example: 'equities_bars --from 2025-07-01',
  async run({ node, paint, width }, [dataset = ''], options) {
    const query = queryOf(options, ['from', 'to'])
    const body = (await node.get(`/condition/${encodeURIComponent(dataset)}${query}`)) as unknown as Conditions
    const { total, days } = body
    const shown = options.all === true ? days : days.filter(({ condition: found }) => found !== 'complete')
    return {
      body,
      lines: [
        `${dataset}: ${total.days} days; ${total.complete} complete, ${total.degraded} degraded, ${total.pending} pending, ${total.missing} missing`,
        ...table(
          ['day', 'condition', 'expected', 'amber', 'held', 'absent', 'pending', 'missing', 'final'],
          shown.map((day) => [
            day.dt,
            day.condition,
            day.expected,
            day.amber,
            day.held,
            day.absent,
            day.pending,
            day.missing,
            day.finalAt === null ? null : instantText(day.finalAt).slice(0, 10),
          ]),
          { paint, width },
        ),
      ],
    }
  },
}
