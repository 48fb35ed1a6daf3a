import { appendFile, chmod, readFile, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Lake } from '../../functions/_lake/lake.ts'
import { bundleFolder, latestLink } from '../../functions/_lake/paths.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import type { AbsenceReason } from '../../functions/_market/outcome.ts'
import { type BundleRequest, buildBundle } from '../../functions/export/bundle.ts'
import type { BundledDataset } from '../../functions/export/partitions.ts'
import { dailyBar, smallLake, type TestBar } from '../qc-partition/small-lake.ts'
import { addBars, D1, D2, D3, recordsOf, requestOn } from './recorded-lake.ts'

let lake: Lake
beforeEach(async () => {
  lake = await smallLake()
})

const LOST = { symbol: 'MSFT', dt: D1 }
const OTHERS = [dailyBar('AAPL', D1), dailyBar('AAPL', D2), dailyBar('MSFT', D2)]
const year = (bars: TestBar[], without: { symbol: string; dt: Dt; reason: AbsenceReason | null }[] = []) =>
  addBars(lake, 'equities_bars', '2024', bars, without)
const build = (asof: Dt, more: Partial<BundleRequest> = {}) => buildBundle(lake, requestOn(lake, asof, more))
const latest = () => readlink(latestLink(lake.exportRoot))
/** A bundle of D2 that has the cell which the tests then take away. */
const better = async () => {
  await year([...OTHERS, dailyBar(LOST.symbol, LOST.dt)])
  return await build(D2)
}

test.each([
  ['by a cell that nobody explains', null],
  ['by a cell that only one vendor called empty', 'VENDOR_EMPTY_ONCE'],
  ['by a cell that no vendor reaches any more', 'BEFORE_VENDOR_HISTORY'],
] as const)(
  'lacking: a bundle that is poorer %s takes no place of its day, and latest stays',
  async (_name, reason) => {
    const first = await better()
    await year(OTHERS, [{ ...LOST, reason }])
    const poorer = await build(D2)
    expect(poorer).toMatchObject({
      verdict: 'held_back',
      complete: false,
      latest: 'kept',
      lacking: { than: D2, total: 1 },
    })
    expect(poorer.lacking?.cells).toMatchObject([{ dataset: 'equities_bars', ...LOST }])
    expect(await build(D2)).toEqual(poorer)
    const next = await build(D3)
    expect(next).toMatchObject({ verdict: 'written', complete: false, latest: 'kept', latestDay: D2 })
    expect(await latest()).toBe(`nightly/${D2}`)
    expect(await build(D3)).toEqual({ ...next, verdict: 'unchanged' })
    const manifest = JSON.parse(await readFile(join(first.path, 'MANIFEST.json'), 'utf8'))
    expect(manifest).toMatchObject({ complete: true, lacking: null })
  },
)

test.each([
  ['withdrew', OTHERS, [{ ...LOST, reason: 'SOURCE_SAYS_NONE' as const }]],
  ['holds back, because it is RED by now,', [...OTHERS, dailyBar(LOST.symbol, LOST.dt, { low: -1 })], []],
  ['corrected', [...OTHERS, dailyBar(LOST.symbol, LOST.dt, { close: 101 })], []],
])(
  'lacking: a bundle without or with another version of a cell that somebody %s takes its place, and latest moves',
  async (_name, bars, without) => {
    await better()
    await year(bars, without)
    expect(await build(D2)).toMatchObject({ verdict: 'replaced', complete: true, lacking: null })
    expect(await build(D3)).toMatchObject({ verdict: 'written', complete: true, latest: 'moved' })
    expect(await latest()).toBe(`nightly/${D3}`)
  },
)

test('lacking: a cell that is no longer expected is not lacking: another universe, another depth, a dataset that is gone', async () => {
  await better()
  await year(OTHERS)
  const among = (change: (one: BundledDataset) => BundledDataset | null) => async () => {
    const all = await requestOn(lake, D3).datasets()
    return all.flatMap((one) => change(one) ?? [])
  }
  const withRanges = (ranges: BundledDataset['ranges']) => among((one) => ({ ...one, ranges }))
  const without = [
    withRanges([{ symbol: 'AAPL', fromDt: '2020-01-02', toDt: D3 }]),
    withRanges([{ symbol: 'MSFT', fromDt: D2, toDt: D3 }]),
  ]
  for (const datasets of without)
    expect(await build(D3, { datasets })).toMatchObject({ lacking: null, latest: 'moved' })
  // Nothing is left then.
  const gone = among(({ name, ...one }) => (name === 'equities_bars' ? null : { name, ...one }))
  expect(await build(D3, { datasets: gone })).toMatchObject({ lacking: null, rows: 0, latest: 'kept' })
})

test('lacking: a bundle that is incomplete and lacks nothing moves latest', async () => {
  await better()
  recordsOf(lake).set('equities_bars_minute x', {
    dataset: 'equities_bars_minute',
    partition: D3,
    curatedSha256: null,
    ledgerSha256: null,
    behind: 'it is not curated yet',
  })
  const bundle = await build(D3)
  expect(bundle).toMatchObject({ complete: false, latest: 'moved', lacking: null })
  expect(bundle.incomplete).toEqual([
    {
      dataset: 'equities_bars_minute',
      partition: D3,
      reason: 'it is not curated yet',
      leftOut: true,
      cells: 3,
      first: [{ symbol: 'AAPL', dt: D1 }],
    },
  ])
})

test('lacking: latest moves on once the cell is there again, past a day that was held back', async () => {
  await better()
  await year(OTHERS)
  expect(await build(D3)).toMatchObject({ latest: 'kept' })
  await year([...OTHERS, dailyBar(LOST.symbol, LOST.dt)])
  expect(await build(D3)).toMatchObject({ verdict: 'replaced', latest: 'moved', complete: true })
})

test('lacking: a person may let the cells go', async () => {
  await better()
  await year(OTHERS)
  expect(await build(D3, { acceptLacking: true })).toMatchObject({
    latest: 'moved',
    complete: false,
    lacking: { total: 1 },
  })
  expect(await build(D2, { acceptLacking: true })).toMatchObject({ verdict: 'replaced', latest: 'newer' })
})

test('lacking: a bundle whose ledger is damaged is not the better one', async () => {
  const first = await better()
  await year(OTHERS)
  const ledger = join(bundleFolder(lake.exportRoot, D2), 'qc/partition_status.parquet')
  await chmod(ledger, 0o644)
  await appendFile(ledger, 'scribble')
  expect(await build(D2)).toMatchObject({ path: first.path, verdict: 'replaced', lacking: null })
  await rm(join(first.path, 'MANIFEST.json'))
  expect(await build(D2)).toMatchObject({ verdict: 'replaced' })
})
