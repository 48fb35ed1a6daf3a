/** `data-node vendors`: who may be asked now, what is in the way, and what is left of each budget. */
import type { Command } from '../command.ts'
import { table, titled } from '../table.ts'

interface Vendors {
  vendors: {
    vendor: string
    usable: boolean
    because: (string | { sentence?: string })[]
    budgets: {
      host: string
      callsPerMinute: number | null
      callsPerDay: number | null
      spentThisMinute: number
      spentToday: number
    }[]
  }[]
  datasets: { dataset: string; state: string; askable?: string[] }[]
}

export const vendors: Command = {
  name: 'vendors',
  summary: 'who may be asked now, what is in the way, and what is left of each budget',
  example: '',
  async run({ node, paint, width }) {
    const body = (await node.get('/vendors?forecast=no')) as unknown as Vendors
    const terms = { paint, width }
    return {
      body,
      lines: [
        ...table(
          ['vendor', 'usable', 'because'],
          body.vendors.map(({ vendor, usable, because }) => [
            vendor,
            usable,
            [...because.map((one) => (typeof one === 'string' ? one : (one.sentence ?? JSON.stringify(one))))].join(
              '; ',
            ) || 'nothing is in the way',
          ]),
          terms,
        ),
        ...titled(
          'Budgets',
          table(
            ['vendor', 'host', 'this minute', 'a minute', 'today', 'a day'],
            body.vendors.flatMap(({ vendor, budgets }) =>
              budgets.map((row) => [
                vendor,
                row.host,
                row.spentThisMinute,
                row.callsPerMinute,
                row.spentToday,
                row.callsPerDay,
              ]),
            ),
            terms,
          ),
          paint,
        ),
        ...titled(
          'Datasets',
          table(
            ['dataset', 'state', 'vendors that may be asked'],
            body.datasets.map(({ dataset, state, askable = [] }) => [dataset, state, askable.join(', ') || 'none']),
            terms,
          ),
          paint,
        ),
      ],
    }
  },
}
