/** A lake whose partitions are curated and judged, with what a database would have recorded of them: what a bundle is built from. */
import { readFile } from 'node:fs/promises'
import { sha256 } from '../../functions/_lake/digest.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { curatedFile } from '../../functions/_lake/paths.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import type { AbsenceReason } from '../../functions/_market/outcome.ts'
import type { BundleRequest } from '../../functions/export/bundle.ts'
import type { BundledDataset, PartitionRecord } from '../../functions/export/partitions.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import {
  dailyBar,
  minuteBars,
  QC,
  sessionOf,
  specOf,
  type TestBar,
  upTo,
  writeBoth,
  writeYields,
} from '../qc-partition/small-lake.ts'

const DAYS = ['2023-12-29', '2024-07-02', '2024-07-03', '2024-07-05']
export const [OLD, D1, D2, D3] = DAYS as [Dt, Dt, Dt, Dt]
const NAMES = ['equities_bars', 'equities_bars_minute', 'macro_treasury'] as const
/** What a database would have recorded of each lake. */
const recorded = new Map<string, Map<string, PartitionRecord & { dataset: DatasetName }>>()
export const recordsOf = (on: Lake) => {
  const records = recorded.get(on.root) ?? new Map()
  recorded.set(on.root, records)
  return records
}
const SYMBOLS = ['AAPL', 'MSFT', 'NVDA', 'UST']
export const datasetsOf = (on: Lake, asof: Dt): BundledDataset[] =>
  NAMES.map((name) => ({
    name,
    spec: specOf(name),
    partitions: [...recordsOf(on).values()]
      .filter(({ dataset, partition }) => dataset === name && partition <= asof.slice(0, partition.length))
      .sort((a, b) => (a.partition < b.partition ? -1 : 1)),
    expectedCells: 0,
    ranges: SYMBOLS.map((symbol) => ({ symbol, fromDt: '2020-01-02', toDt: asof })),
  }))
export const requestOn = (on: Lake, asof: Dt, more: Partial<BundleRequest> = {}): BundleRequest => ({
  asof,
  generatedAt: Date.UTC(2024, 6, 6, 4),
  now: Date.UTC(2024, 6, 6, 4),
  datasets: async () => datasetsOf(on, asof),
  rebuild: async () => undefined,
  deliveredCells: async () => ({ cells: 3, first: [{ symbol: 'AAPL', dt: D1 }] }),
  explainedCells: async () => 0,
  conditions: async () => [],
  vintages: async () => false,
  instruments: async () => [],
  asItWas: null,
  acceptLacking: false,
  calendar: { xnys: '2030-12-31', fed: '2030-12-31' },
  ruleset: QC.ruleset,
  nodeVersion: '0.1.0',
  corrections: async () => ({ cells: [], counts: [], fields: [] }),
  secondViews: async () => ({ total: 0, cells: [] }),
  ...more,
})

/** Judges a partition for exactly these cells; one with a reason is absent. */
export async function judge(
  on: Lake,
  dataset: DatasetName,
  partition: string,
  cells: { symbol: string; dt: Dt; reason?: AbsenceReason | null }[],
) {
  const keys = new Map(cells.map(({ symbol, dt, reason = null }) => [`${symbol} ${dt}`, { symbol, dt, reason }]))
  const expected = [...keys.values()].map((cell) => ({
    ...cell,
    expectedRows: 1,
    present: cell.reason === null,
    digest: null,
  }))
  const spec = specOf(dataset)
  const sessions = DAYS.map((dt) => sessionOf(dt))
  const { fragment } = await judgePartition(on, {
    dataset,
    spec,
    partition,
    sessions,
    cells: expected,
    qc: QC,
    checkedAt: Date.UTC(2024, 6, 6),
    neighbours: [],
  })
  const curatedSha256 = sha256(await readFile(curatedFile(on.root, dataset, spec.partition, partition)))
  const record = { dataset, partition, curatedSha256, ledgerSha256: fragment.sha256, behind: null }
  recordsOf(on).set(`${dataset} ${partition}`, record)
}
/** Writes the bars and judges them, and cells without bars beside them. */
export async function addBars(
  on: Lake,
  dataset: DatasetName,
  partition: string,
  bars: TestBar[],
  without: { symbol: string; dt: Dt; reason: AbsenceReason | null }[] = [],
) {
  const path = await writeBoth(on, dataset, partition, bars)
  await judge(on, dataset, partition, [...bars.map(({ symbol, dt }) => ({ symbol, dt })), ...without])
  return path
}
export const YEAR = [
  dailyBar('AAPL', D1),
  dailyBar('AAPL', D2),
  dailyBar('AAPL', D3),
  dailyBar('MSFT', D1),
  dailyBar('MSFT', D2),
]

/** One old year, one year with a held cell, two minute days, one year of yields; consolidated. */
export async function fill(on: Lake) {
  await addBars(on, 'equities_bars', '2023', [dailyBar('AAPL', OLD)])
  await addBars(on, 'equities_bars', '2024', [...YEAR, dailyBar('NVDA', D1, { low: -1 }), dailyBar('NVDA', D2)])
  await addBars(on, 'equities_bars_minute', D2, minuteBars('AAPL', D2, upTo(390)))
  await addBars(on, 'equities_bars_minute', D3, minuteBars('AAPL', D3, upTo(390)))
  await writeYields(on, '2024', [
    { date: D1, values: { DGS10: 4.2 } },
    { date: D2, values: { DGS10: 999 } },
  ])
  await judge(on, 'macro_treasury', '2024', [
    { symbol: 'UST', dt: D1 },
    { symbol: 'UST', dt: D2 },
  ])
}
