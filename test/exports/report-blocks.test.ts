import { expect, test } from 'vitest'
import { blocksOf } from '../../functions/exports/report-blocks.ts'

test('report blocks: headings, cells, pictures, tables and text, and anything else as text', () => {
  const report = [
    '# Quality of this bundle',
    'RED cells are kept back; `qc/partition_status.parquet` has every cell.',
    '## The worst cells',
    '### BRK.B 2025-07-08, equities_bars: RED',
    'OTHER_SCALE, MOVE_UNDONE; from alpaca.',
    '![bars around BRK.B 2025-07-08](pictures/01.svg)',
    '| bar | open |\n| --- | --- |\n| **2025-07-08** | 1.5 |\n| 2025-07-09 |  |',
    '![elsewhere](https://example.org/x.svg)',
    '### <script>alert(1)</script>',
  ].join('\n\n')
  expect(blocksOf(`${report}\n`)).toEqual([
    { kind: 'title', text: 'Quality of this bundle' },
    { kind: 'text', text: 'RED cells are kept back; qc/partition_status.parquet has every cell.' },
    { kind: 'section', text: 'The worst cells' },
    { kind: 'cell', symbol: 'BRK.B', dt: '2025-07-08', dataset: 'equities_bars', status: 'RED' },
    { kind: 'text', text: 'OTHER_SCALE, MOVE_UNDONE; from alpaca.' },
    { kind: 'picture', path: 'pictures/01.svg', text: 'bars around BRK.B 2025-07-08' },
    {
      kind: 'table',
      heads: ['bar', 'open'],
      rows: [
        ['2025-07-08', '1.5'],
        ['2025-07-09', ''],
      ],
    },
    { kind: 'text', text: '![elsewhere](https://example.org/x.svg)' },
    { kind: 'text', text: '### <script>alert(1)</script>' },
  ])
})
