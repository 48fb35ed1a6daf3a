/** `data-node coverage`: the cells of a dataset by year or month, with a bar of what is present or explained. */
import type { Command } from '../command.ts'
import { progressLine } from '../progress-line.ts'
import { table } from '../table.ts'
import { queryOf } from './queue.ts'

interface Counts {
  expected: number
  present: number
  short: number
  held: number
  absent: number
  open: number
}

interface Coverage {
  dataset: string
  from: string
  to: string
  total: Counts
  periods: (Counts & { period: string })[]
}

export const coverage: Command = {
  name: 'coverage',
  operands: '<dataset>',
  summary: 'the cells of a dataset by year or month: expected, present, absent, open',
  options: [
    ['--from <day>', 'only this day and later'],
    ['--to <day>', 'only this day and earlier'],
    ['--by <period>', 'year or month'],
    ['--symbols <list>', 'names and ranges: AAPL,A..BRK.B'],
  ],
  example: 'equities_bars --by month',
  async run({ node, paint, width }, [dataset = ''], options) {
    const query = queryOf(options, ['from', 'to', 'by', 'symbols'])
    const body = (await node.get(`/coverage/${encodeURIComponent(dataset)}${query}`)) as unknown as Coverage
    const row = (period: string, counts: Counts) => [
      period,
      counts.expected,
      counts.present,
      counts.short,
      counts.held,
      counts.absent,
      counts.open,
    ]
    const { expected, open } = body.total
    return {
      body,
      lines: [
        progressLine({ name: dataset, done: expected - open, expected }, width, paint),
        '',
        ...table(
          ['period', 'expected', 'present', 'short', 'held', 'absent', 'open'],
          [...body.periods.map((period) => row(period.period, period)), row('total', body.total)],
          { paint, width },
        ),
      ],
    }
  },
}
