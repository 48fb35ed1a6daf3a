import parquet from 'parquetjs-lite'
import { afterEach, expect, test, vi } from 'vitest'
import { countCoverage } from '../../db/coverage/count-coverage.ts'
import { MOST_CODEC_ROWS } from '../../functions/_lake/encode.ts'
import { audit } from '../../functions/audit.ts'
import { curateOnePartition } from '../../functions/curate-partition/index.ts'
import { ASOF, drain, EVENING, openBareNode } from '../_dispatch/bare-node.ts'

afterEach(() => vi.restoreAllMocks())

/** So many tickers of four letters. */
const tickers = (count: number): string[] =>
  Array.from({ length: count }, (_, at) =>
    [0, 1, 2, 3].map((place) => String.fromCharCode(65 + (Math.floor(at / 26 ** place) % 26))).join(''),
  )

test.each([
  { rows: MOST_CODEC_ROWS - 4_900, groups: 0, by: 'the codec' },
  { rows: MOST_CODEC_ROWS + 100, groups: 1, by: 'parquetjs-lite' },
])(
  'large raw file: a night writes a day of $rows rows with $by, and curates all of it',
  async ({ rows, groups }) => {
    const written = vi.spyOn(parquet.ParquetEnvelopeWriter.prototype, 'writeRowGroup')
    const bare = await openBareNode({
      symbols: tickers(rows),
      vendors: { alpaca: { calls_per_minute: 10_000 } },
      datasets: { equities_bars: { depth: { sessions: 1 } } },
      terms: { shape: { rows_per_page: 10_000, symbols_per_call: 10_000, pages_per_plan: 10 } },
    })
    await audit(bare.node, { at: EVENING })
    await drain(bare)
    expect(await countCoverage(bare.node.db)).toMatchObject([{ symbols: rows, present: rows }])
    expect(await bare.files()).toContain(`raw/alpaca/equities_bars/date=${ASOF}/data.parquet`)
    expect(Math.min(written.mock.calls.length, 1)).toBe(groups)
    expect(await curateOnePartition(bare.node)).toMatchObject({ rows })
  },
  60_000,
)
