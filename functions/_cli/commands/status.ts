/** `data-node status`: how well the node is, what it has, what it does, in four tables. */
import type { Command } from '../command.ts'
import { wrap } from '../screen.ts'
import { type Cell, instantText, table, titled } from '../table.ts'

interface Status {
  version: string
  asof: string
  chains: {
    id: string
    last: { endedAt: string | null; ok: boolean } | null
    running: { call: string; step: number; steps: number } | null
    nextAt: string | null
  }[]
  coverage: { dataset: string; symbols: number; present: number; short: number; absent: number; held: number }[]
  tasks: { dataset: string; state: string; lastOutcome: string | null; tasks: number }[]
  vendors: { vendor: string; ready: boolean; callsThisMinute: number; callsToday: number; callsPerDay: number | null }[]
  exports: { asof: string; files: number; bytes: number }[]
  forecast: { cells: number; nights: number } | null
}

interface Readiness {
  status: string
  reasons: { sentence: string; isDown?: boolean }[]
}

export const status: Command = {
  name: 'status',
  summary: 'how well the node is, what it has and what it does',
  example: '',
  async run({ node, paint, width }) {
    const body = (await node.get('/status')) as unknown as Status
    const { status: word, reasons } = (await node.health()) as unknown as Readiness
    const isWell = reasons.length === 0
    const show = (head: string[], rows: Cell[][]): string[] => table(head, rows, { paint, width })
    const newest = body.exports
      .map(({ asof }) => asof)
      .sort()
      .at(-1)
    return {
      body: { ...body, readiness: { status: word, reasons } },
      lines: [
        `data node ${body.version} at ${node.address}: ${paint(isWell ? 'green' : 'yellow', isWell ? 'well' : word)}`,
        `newest closed session ${body.asof}; newest bundle ${newest ?? 'none yet'}`,
        ...reasons.map(({ sentence }) => wrap(`  ${paint('yellow', '!')} ${sentence}`, width, '    ')),
        ...titled(
          'Cells',
          show(
            ['dataset', 'symbols', 'present', 'short', 'absent', 'held'],
            body.coverage.map((row) => [row.dataset, row.symbols, row.present, row.short, row.absent, row.held]),
          ),
          paint,
        ),
        ...titled(
          'Tasks',
          show(
            ['dataset', 'state', 'last outcome', 'tasks'],
            body.tasks.map((row) => [row.dataset, row.state, row.lastOutcome, row.tasks]),
          ),
          paint,
        ),
        ...titled(
          'Vendors',
          show(
            ['vendor', 'ready', 'calls this minute', 'calls today', 'a day'],
            body.vendors.map((row) => [row.vendor, row.ready, row.callsThisMinute, row.callsToday, row.callsPerDay]),
          ),
          paint,
        ),
        ...titled(
          'Chains',
          show(
            ['chain', 'last ended', 'ok', 'now', 'next'],
            body.chains.map(({ id, last, running, nextAt }) => [
              id,
              instantText(last?.endedAt),
              last?.ok,
              running === null ? 'idle' : `${running.call} (${running.step} of ${running.steps})`,
              instantText(nextAt),
            ]),
          ),
          paint,
        ),
      ],
    }
  },
}
