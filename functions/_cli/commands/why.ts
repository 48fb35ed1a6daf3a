/** `data-node why`: what the node knows of one cell, and what it does next about it. */
import type { Command } from '../command.ts'
import { wrap } from '../screen.ts'
import { table, titled } from '../table.ts'

interface Why {
  next: { sentence: string }
  expected: { sentence: string }
  coverage: Record<string, boolean>
  absence: { reason?: string } | null
  winner: { vendor: string; rows: number } | null
  qc: { status: string; flags: string[] } | null
  vendors: {
    vendor: string
    mayBeAsked?: unknown
    attempt: { outcome: string; meaning: string; at: string } | null
  }[]
}

export const why: Command = {
  name: 'why',
  operands: '<dataset> <symbol> <day>',
  summary: 'what the node knows of one cell, and what it does next',
  example: 'equities_bars AAPL 2025-07-08',
  async run({ node, paint, width }, [dataset = '', symbol = '', day = '']) {
    const path = [dataset, symbol, day].map(encodeURIComponent).join('/')
    const body = (await node.get(`/why/${path}`)) as unknown as Why
    const states = Object.keys(body.coverage).filter((name) => body.coverage[name])
    const line = (label: string, text: string): string => wrap(`  ${label.padEnd(9)} ${text}`, width, ' '.repeat(12))
    return {
      body,
      lines: [
        paint('bold', `${dataset} ${symbol} ${day}: ${states.join(', ') || 'open'}`),
        line('expected', body.expected.sentence),
        ...(body.absence === null ? [] : [line('absent', body.absence.reason ?? 'explained')]),
        ...(body.winner === null ? [] : [line('from', `${body.winner.vendor}, ${body.winner.rows} rows`)]),
        ...(body.qc === null ? [] : [line('checked', [body.qc.status, ...body.qc.flags].join(' '))]),
        line('next', body.next.sentence),
        ...titled(
          'Vendors',
          table(
            ['vendor', 'last outcome', 'meaning'],
            body.vendors.map(({ vendor, attempt }) => [vendor, attempt?.outcome, attempt?.meaning ?? 'never asked']),
            { paint, width },
          ),
          paint,
        ),
      ],
    }
  },
}
