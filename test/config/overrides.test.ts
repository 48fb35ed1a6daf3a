import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { withOverrides } from '../../config/overrides.ts'
import { type Config, Datasets } from '../../config/schema.ts'
import { readSettings } from '../../functions/_runtime/settings.ts'
import { type ConfigCopy, copyConfig, VENDORS } from './config-folder.ts'

let copy: ConfigCopy
beforeEach(async () => {
  copy = await copyConfig()
})
afterEach(() => copy.remove())

const faultsOf = (env: Record<string, string>): string => {
  try {
    readSettings(env)
    return ''
  } catch (error) {
    return String(error)
  }
}
const load = (env: Record<string, string>): Promise<Config> =>
  loadConfig({ folder: copy.folder, vendors: VENDORS, overrides: readSettings(env).overrides })

test('environment: a depth is years, sessions or a first day, and holds for its dataset only', async () => {
  const env = { DEPTH_EQUITIES_BARS: '5y', DEPTH_EQUITIES_BARS_MINUTE: ' 10S ', DEPTH_MACRO_TREASURY: '2016-01-04' }
  const { datasets } = await load(env)
  expect(datasets.equities_bars!.depth).toEqual({ years: 5 })
  expect(datasets.equities_bars_minute!.depth).toEqual({ sessions: 10 })
  expect(datasets.macro_treasury!.depth).toEqual({ from: '2016-01-04' })
  expect(datasets.options_bars!.depth).toEqual({ sessions: 20 })
})

test('environment: the look-back and the cap of tasks hold for every dataset, whose other policy stays', async () => {
  const order = 'depth: { years: 20 }\n    backfill: { order: newest-first }'
  await copy.edit('datasets.yaml', 'depth: { years: 20 }', order)
  const { datasets } = await load({ LOOK_BACK: '90s', MAX_TASKS_PER_RUN: '5000' })
  for (const { backfill } of Object.values(datasets)) {
    expect(backfill).toMatchObject({ look_back: { sessions: 90 }, max_tasks_per_run: 5000 })
  }
  expect(datasets.equities_bars!.backfill.order).toBe('newest-first')
})

test('environment: a list of symbols takes dates and names from the universe file, and others from the calendar', async () => {
  const { universe } = await load({ SYMBOLS: 'META, ZZZ  AAPL,META' })
  expect(universe).toEqual([
    { symbol: 'META', from: '2012-05-18', to: null, was: [{ symbol: 'FB', to: '2022-06-08' }] },
    { symbol: 'ZZZ', from: '1990-01-01', to: null, undated: true },
    { symbol: 'AAPL', from: '1990-01-02', to: null },
  ])
})

test.each([
  [
    { DEPTH_EQUITIES_BARS: '5' },
    'DEPTH_EQUITIES_BARS: expected years, sessions or a first day: write 5y, 60s or 2016-01-04',
  ],
  [{ DEPTH_EQUITIES_BARS: '0y' }, 'DEPTH_EQUITIES_BARS: expected years'],
  [{ DEPTH_MACRO_TREASURY: '2016-02-30' }, 'DEPTH_MACRO_TREASURY: expected years'],
  [{ DEPTH_EQUITY_BARS: '5y' }, 'DEPTH_EQUITY_BARS: there is no such dataset: did you mean DEPTH_EQUITIES_BARS?'],
  [{ DEPTH_X: '5y' }, 'DEPTH_X: there is no such dataset: write one of DEPTH_EQUITIES_BARS, '],
  [{ LOOK_BACK: 'all' }, 'LOOK_BACK: expected years'],
  [{ MAX_TASKS_PER_RUN: '0' }, 'MAX_TASKS_PER_RUN: expected a whole number above 0'],
  [{ SYMBOLS: 'AAPL,msft' }, 'SYMBOLS: expected tickers in capitals, which number 2 is not: write AAPL,MSFT,BRK.B'],
  [{ SYMBOLS: ' , ' }, 'SYMBOLS: expected tickers in capitals: write'],
])('environment: %j is refused with what to write', (env, fault) => {
  expect(faultsOf(env as Record<string, string>)).toContain(fault)
})

test('environment: a depth before the calendar, or of a dataset that is not collected, is a fault of the variable', async () => {
  const env = { DEPTH_EQUITIES_BARS: '1950-01-03' }
  await expect(load(env)).rejects.toThrow(/DEPTH_EQUITIES_BARS: the calendar xnys begins on 1990-01-01/)
  const faults: string[] = []
  withOverrides(Datasets.parse({ datasets: {} }), { depth: { options_bars: { sessions: 5 } } }, faults)
  expect(faults).toEqual(['DEPTH_OPTIONS_BARS: datasets.yaml does not have this dataset'])
})
