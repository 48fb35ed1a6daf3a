/** `data-node queue`: what waits, what is under way, what has been given up. */
import type { Command, OptionValues } from '../command.ts'
import { instantText, table, titled } from '../table.ts'

interface Queue {
  open: number
  nextDue: string | null
  counts: { dataset: string; lane: string; state: string; tasks: number; oldestDt: string; newestDt: string }[]
  leases: { vendor: string; since: string; until: string }[]
  stalled: { dataset: string; symbol: string; dt: string }[]
  forecast?: { emptyAt: string | null; calls: number }
}

/** `?a=1&b=2` of the options that were given, under the names of the HTTP interface. */
export function queryOf(options: OptionValues, names: readonly string[]): string {
  const given = names.flatMap((name) =>
    typeof options[name] === 'string' ? [[name, options[name]] as [string, string]] : [],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

export const queue: Command = {
  name: 'queue',
  summary: 'what waits, what is under way and what has been given up',
  options: [
    ['--dataset <name>', 'only this dataset'],
    ['--state <state>', 'only tasks in this state, such as stalled'],
    ['--symbol <symbol>', 'only this symbol'],
    ['--from <day>', 'only this day and later'],
    ['--to <day>', 'only this day and earlier'],
    ['--limit <count>', 'tasks listed, 20 unless given'],
  ],
  example: '--dataset equities_bars --limit 5',
  async run({ node, paint, width }, _operands, options) {
    const query = queryOf(options, ['dataset', 'state', 'symbol', 'from', 'to', 'limit'])
    const body = (await node.get(`/queue${query}`)) as unknown as Queue
    const terms = { paint, width }
    return {
      body,
      lines: [
        `${body.open.toLocaleString('en-US')} cells queued; next due ${instantText(body.nextDue)}`,
        ...(body.forecast && body.open > 0
          ? [
              `empty about ${instantText(body.forecast.emptyAt)}, after ${body.forecast.calls.toLocaleString('en-US')} calls`,
            ]
          : []),
        ...titled(
          'Tasks',
          table(
            ['dataset', 'lane', 'state', 'tasks', 'oldest', 'newest'],
            body.counts.map((row) => [row.dataset, row.lane, row.state, row.tasks, row.oldestDt, row.newestDt]),
            terms,
          ),
          paint,
        ),
        ...titled(
          'Under way',
          table(
            ['vendor', 'since', 'until'],
            body.leases.map(({ vendor, since, until }) => [vendor, instantText(since), instantText(until)]),
            terms,
          ),
          paint,
        ),
        ...titled(
          'Given up (data-node why says why, data-node call redrive tries again)',
          table(
            ['dataset', 'symbol', 'day'],
            body.stalled.map((row) => [row.dataset, row.symbol, row.dt]),
            terms,
          ),
          paint,
        ),
      ],
    }
  },
}
