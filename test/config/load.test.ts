import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError, loadConfig } from '../../config/load.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { preferenceOrder } from '../../functions/_catalog/catalog.ts'
import { type ConfigCopy, type ConfigFile, copyConfig, FILES, VENDORS } from './config-folder.ts'

let copy: ConfigCopy
beforeEach(async () => {
  copy = await copyConfig()
})
afterEach(() => copy.remove())

test('load: the shipped configuration loads', async () => {
  const config = await loadConfig({ folder: 'config', vendors: VENDORS })
  expect(Object.keys(config.vendors).sort()).toEqual(['alpaca', 'alpaca_iex', 'fred', 'massive'])
  expect(config.universe.find(({ symbol }) => symbol === 'BRK.B')).toEqual({
    symbol: 'BRK.B',
    from: '1996-05-09',
    to: null,
  })
  expect(config.datasets.equities_bars_minute?.columns).toEqual(config.datasets.equities_bars?.columns)
})

test('load: every shipped dataset has a vendor', async () => {
  const config = await copy.load()
  for (const dataset of Object.keys(config.datasets)) {
    const vendors = Object.values(config.vendors).filter(({ datasets }) => dataset in datasets)
    expect(vendors.length, dataset).toBeGreaterThan(0)
  }
})

test('load: another universe may be named, and its faults carry its name', async () => {
  const universe = join(copy.folder, 'mine.yaml')
  await writeFile(universe, 'symbols:\n  - { symbol: ABC, from: 2020-01-02 }\n')
  const terms = { folder: copy.folder, universe, vendors: VENDORS }
  expect((await loadConfig(terms)).universe).toEqual([{ symbol: 'ABC', from: '2020-01-02', to: null }])
  await writeFile(universe, 'symbols: []\n')
  await expect(loadConfig(terms)).rejects.toThrow(/mine\.yaml: symbols/)
})

test('load: a symbol without a first day begins where the calendar does, and is marked', async () => {
  const universe = join(copy.folder, 'mine.yaml')
  await writeFile(universe, 'symbols:\n  - { symbol: ABC }\n  - { symbol: XYZ, to: 2023-10-12 }\n')
  const from = calendarOf('xnys').first
  expect((await loadConfig({ folder: copy.folder, universe, vendors: VENDORS })).universe).toEqual([
    { symbol: 'ABC', from, to: null, undated: true },
    { symbol: 'XYZ', from, to: '2023-10-12', undated: true },
  ])
  await writeFile(universe, 'symbols:\n  - { symbol: ABC, undated: true }\n')
  await expect(loadConfig({ folder: copy.folder, universe, vendors: VENDORS })).rejects.toThrow(/undated/)
})

const CAPABILITIES = 'vendor_capabilities.yaml'
const table: [string, ConfigFile, string, string, RegExp][] = [
  ['an unknown key at the top', 'qc.yaml', 'ruleset:', 'rules: 1\nruleset:', /: the file: .*rules/],
  [
    'an unknown key below',
    CAPABILITIES,
    'calls_per_day:',
    'calls_per_hour: 9\n    calls_per_day:',
    /: vendors\.alpaca: .*calls_per_hour/,
  ],
  ['a missing key', 'datasets.yaml', 'partition: year', '', /: datasets\.equities_bars\.partition: /],
  [
    'a text for a number',
    CAPABILITIES,
    'calls_per_minute: 200',
    'calls_per_minute: many',
    /: vendors\.alpaca\.calls_per_minute: .*number/,
  ],
  [
    'a share above one',
    CAPABILITIES,
    'fill_rate: 0.98',
    'fill_rate: 98',
    /: vendors\.alpaca\.datasets\.equities_bars\.fill_rate: /,
  ],
  [
    'an address that is none',
    CAPABILITIES,
    'https://api.massive.com',
    'api.massive.com',
    /: vendors\.massive\.base_url: /,
  ],
  [
    'an address of another protocol',
    CAPABILITIES,
    'https://api.massive.com',
    'ftp://api.massive.com',
    /: vendors\.massive\.base_url: /,
  ],
  [
    'an unknown dataset',
    CAPABILITIES,
    'macro_treasury:',
    'macro_treasure:',
    /: vendors\.massive\.datasets.*macro_treasure/,
  ],
  [
    'a watermark above the one before it',
    'datasets.yaml',
    'prune_below: { gb: 1, percent: 3 }',
    'prune_below: { gb: 3, percent: 3 }',
    /: disk\.prune_below: lies above stop_backfill_below/,
  ],
  [
    'a dataset of lowest priority that there is none of',
    'datasets.yaml',
    'lowest_priority: [options_bars',
    'lowest_priority: [option_bars',
    /: disk\.lowest_priority/,
  ],
  [
    'an unknown dataset of the list',
    'datasets.yaml',
    '  macro_treasury:',
    '  macro_treasure:',
    /: datasets.*macro_treasure/,
  ],
  [
    'a vendor without a connector',
    CAPABILITIES,
    '  fred:',
    '  quandl:',
    /: vendors\.quandl: there is no connector of this name \(.*fred/,
  ],
  [
    'a history of two kinds',
    CAPABILITIES,
    '{ from: 2016-01-01 }',
    '{ from: 2016-01-01, rolling_years: 2 }',
    /: vendors\.alpaca\.datasets\.equities_bars\.history: .*from/,
  ],
  [
    'a session of minutes in more pages than a minute has calls',
    CAPABILITIES,
    'rows_per_page: 50000, symbols_per_call: 1, pages_per_plan: 4',
    'rows_per_page: 200, symbols_per_call: 1, pages_per_plan: 4',
    /: vendors\.massive\.datasets\.equities_bars_minute\.shape: .*960 minutes takes 5 calls, more than the 4 a minute/,
  ],
  ['a day that is none', CAPABILITIES, '2016-01-01', '2016-02-30', /history\.from: .*2016-02-30/],
  ['an unknown calendar', 'datasets.yaml', 'calendar: fed', 'calendar: ecb', /: datasets\.macro_treasury\.calendar: /],
  [
    'a time that no clock shows',
    'datasets.yaml',
    '"20:16"',
    '"24:30"',
    /: datasets\.equities_bars\.cadence\.ready_at: .*HH:MM/,
  ],
  ['a time without minutes', 'datasets.yaml', '"20:16"', '"8pm"', /ready_at: .*HH:MM/],
  ['half a year of depth', 'datasets.yaml', '{ years: 20 }', '{ years: 0.5 }', /: datasets\.equities_bars\.depth: /],
  [
    'a depth before the calendar',
    'datasets.yaml',
    '{ years: 20 }',
    '{ from: 1950-01-03 }',
    /: datasets\.equities_bars\.depth\.from: the calendar xnys begins/,
  ],
  [
    'groups that are missing',
    'datasets.yaml',
    'universe: symbols',
    'universe: groups',
    /: datasets\.equities_bars\.groups: /,
  ],
  [
    'series without groups',
    'datasets.yaml',
    'expected_rows: one',
    'expected_rows: series',
    /: datasets\.equities_bars\.expected_rows: /,
  ],
  [
    'a column of no type',
    'datasets.yaml',
    '{ name: volume, type: double }',
    '{ name: volume, type: decimal }',
    /columns\.5\.type: /,
  ],
  [
    'a column named twice',
    'datasets.yaml',
    '{ name: high, type: double }',
    '{ name: open, type: double }',
    /: datasets\.equities_bars\.columns: open is listed twice/,
  ],
  [
    'a series named twice',
    'datasets.yaml',
    'id: DGS3MO',
    'id: DGS1MO',
    /: datasets\.macro_treasury\.groups\.UST: DGS1MO is listed twice/,
  ],
  [
    'a symbol that climbs out of a folder',
    'universe.yaml',
    'symbol: SPY',
    'symbol: ../x',
    /: symbols\.0\.symbol: expected a symbol/,
  ],
  ['a symbol in small letters', 'universe.yaml', 'symbol: SPY', 'symbol: spy', /: symbols\.0\.symbol: .*spy/],
  ['a symbol YAML reads as a truth', 'universe.yaml', 'symbol: SPY', 'symbol: true', /: symbols\.0\.symbol: /],
  ['a symbol listed twice', 'universe.yaml', 'symbol: QQQ', 'symbol: SPY', /: symbols: SPY is listed twice/],
  [
    'an end before the beginning',
    'universe.yaml',
    'to: 2023-10-12',
    'to: 1990-10-12',
    /: symbols: ATVI ends \(1990-10-12\) before it begins/,
  ],
  ['a RED line above the AMBER one', 'qc.yaml', 'red_below: 0.8', 'red_below: 0.99', /: completeness\.red_below: /],
  ['a syntax error', 'qc.yaml', 'completeness: {', 'completeness: { {', /line \d+, column \d+/],
  ['pages without rows', CAPABILITIES, 'rows_per_page: 10000', 'rows_per_page: 0', /shape\.rows_per_page: .*>0/],
  ['a dataset given twice', 'datasets.yaml', '  macro_treasury:', '  equities_bars:', /unique/],
  [
    'an account that is its own',
    CAPABILITIES,
    'account: alpaca ',
    'account: alpaca_iex ',
    /: vendors\.alpaca_iex\.account: it cannot share its own calls/,
  ],
  [
    'accounts that lead in a circle',
    CAPABILITIES,
    '    trading_url:',
    '    account: alpaca_iex\n    trading_url:',
    /: vendors\.alpaca\.calls_per_minute: the limits are those of alpaca_iex/,
  ],
  [
    'an account with the keys of somebody else',
    CAPABILITIES,
    'account: alpaca ',
    'account: massive ',
    /: vendors\.alpaca_iex\.account: massive is asked with the keys of massive, this one with those of alpaca/,
  ],
  [
    'a dataset the connector cannot fetch',
    CAPABILITIES,
    '      macro_treasury:\n        feed: h15',
    '      equities_bars:\n        feed: h15',
    /: vendors\.fred\.datasets\.equities_bars: its connector cannot fetch it, only macro_treasury/,
  ],
  ['a key given twice', 'qc.yaml', 'ruleset:', 'ruleset: "1"\nruleset:', /unique/],
]

describe('load: notifications.yaml', () => {
  test('may be missing: then a message goes out as JSON, of all reasons but a vendor that is out', async () => {
    expect((await copy.load()).notifications).toEqual({ webhook: { format: 'json', leave_out: ['vendor_out'] } })
  })

  test('as it is shipped says the same', async () => {
    await copy.write('notifications.yaml', await readFile('config/notifications.yaml', 'utf8'))
    expect((await copy.load()).notifications).toEqual({ webhook: { format: 'json', leave_out: ['vendor_out'] } })
  })

  test.each([
    ['webhook:\n  format: teams\n', /notifications\.yaml: webhook\.format: /],
    ['webhook:\n  url: https://hooks.example/secret\n', /notifications\.yaml: webhook: .*url/],
    ['webhook:\n  leave_out: [nights]\n', /notifications\.yaml: webhook\.leave_out\.0: /],
    ['quiet_hours: { from: "22:00", to: "7", timezone: UTC }\n', /quiet_hours\.to: expected a time of day as "HH:MM"/],
    ['quiet_hours: { from: "22:00", to: "22:00", timezone: UTC }\n', /quiet_hours\.to: .*would never end/],
    ['quiet_hours: { from: "22:00", to: "07:00", timezone: Mars }\n', /quiet_hours\.timezone: expected a time zone/],
    ['node: "two\\nlines"\n', /notifications\.yaml: node: expected a name of 1 to 60 characters/],
  ])('that says %j is refused', async (text, expected) => {
    await copy.write('notifications.yaml', text)
    expect((await copy.faults()).join('\n')).toMatch(expected)
  })
})

describe('load: a fault is named with its file and its path:', () => {
  test.each(table)('%s', async (_name, file, from, to, expected) => {
    await copy.edit(file, from, to)
    const faults = await copy.faults()
    expect(faults.join('\n')).toMatch(expected)
    for (const fault of faults) expect(fault.startsWith(`${join(copy.folder, file)}: `), fault).toBe(true)
  })

  test.each(FILES)('%s is missing', async (file) => {
    await rm(join(copy.folder, file))
    expect(await copy.faults()).toEqual([expect.stringMatching(`${file}: cannot be read \\(ENOENT\\).*CONFIG_DIR`)])
  })

  test.each(FILES)('%s is empty', async (file) => {
    await copy.write(file, '')
    expect(await copy.faults()).toEqual([expect.stringMatching(`${file}: the file: `)])
  })

  test('the folder is a file', async () => {
    const folder = join(copy.folder, 'qc.yaml')
    const loading = loadConfig({ folder, vendors: VENDORS })
    await expect(loading).rejects.toThrow(/ENOTDIR/)
    await expect(loading).rejects.toThrow(/4 faults/)
  })
})

test('load: a session of minutes must fit into the calls of a day, and into those of the account it uses', async () => {
  await copy.edit(CAPABILITIES, 'rows_per_page: 10000', 'rows_per_page: 100')
  await copy.load()
  await copy.edit(CAPABILITIES, 'calls_per_day: null', 'calls_per_day: 9')
  expect(await copy.faults()).toEqual([
    expect.stringMatching(/alpaca\..*_minute\.shape: .* 10 calls, more than the 9 a day/),
  ])
  await copy.edit(CAPABILITIES, 'calls_per_day: 9', 'calls_per_day: 0')
  // Who is never asked begins nothing.
  await copy.load()
  await copy.edit(CAPABILITIES, 'calls_per_day: 0', 'calls_per_day: null')
  const shape = 'pages_per_plan: 4 }\n      equities_bars_minute:\n        <<: *iex_bars'
  await copy.edit(CAPABILITIES, `10000, symbols_per_call: 500, ${shape}`, `3, symbols_per_call: 500, ${shape}`)
  expect(await copy.faults()).toEqual([
    expect.stringMatching(/alpaca_iex\..*_minute\.shape: .* 321 calls, more than the 180 a minute/),
  ])
})

test('load: faults of all files come at once', async () => {
  await copy.edit('qc.yaml', 'ruleset:', 'rules:')
  await copy.edit('universe.yaml', 'symbol: SPY', 'symbol: spy')
  await copy.edit('universe.yaml', 'symbol: AAPL', 'symbol: aapl')
  await copy.edit('datasets.yaml', 'calendar: fed', 'calendar: ecb')
  await copy.edit(CAPABILITIES, 'calls_per_minute: 200', 'calls_per_minute: -1')
  const faults = (await copy.faults()).join('\n')
  for (const part of ['qc.yaml', 'symbols.0', 'symbols.4', 'datasets.yaml', 'calls_per_minute']) {
    expect(faults).toContain(part)
  }
})

test('load: what one file contradicts is told although another file cannot be read', async () => {
  await rm(join(copy.folder, 'qc.yaml'))
  await copy.edit('universe.yaml', 'symbol: QQQ', 'symbol: SPY')
  await copy.edit(CAPABILITIES, '  fred:', '  quandl:')
  const faults = (await copy.faults()).join('\n')
  for (const part of ['qc.yaml', 'SPY is listed twice', 'vendors.quandl']) expect(faults).toContain(part)
})

test('load: the message counts and lists the faults', async () => {
  await copy.edit('universe.yaml', 'symbol: SPY', 'symbol: spy')
  const one = await copy.load().catch((error: unknown) => error)
  expect(one).toBeInstanceOf(ConfigError)
  expect((one as ConfigError).message).toMatch(/^the configuration has a fault:\n {2}\S+universe\.yaml: symbols\.0/)
})

test('load: nothing is left out where nobody says so', async () => {
  expect((await copy.load()).disabled).toEqual([])
})

test('load: a disabled dataset is not configured', async () => {
  await copy.edit('datasets.yaml', '  options_bars:\n', '  options_bars:\n    enabled: false\n')
  const { datasets, disabled } = await copy.load()
  expect(disabled).toEqual(['datasets.options_bars'])
  expect(Object.keys(datasets)).not.toContain('options_bars')
})

test('load: a disabled vendor keeps its place among the versions; so does a dataset disabled for one vendor', async () => {
  await copy.edit('vendor_capabilities.yaml', '  alpaca:\n', '  alpaca:\n    enabled: false\n')
  await copy.edit('vendor_capabilities.yaml', 'feed: reference', 'enabled: false\n        feed: reference')
  const config = await copy.load()
  expect(config.disabled).toEqual(['vendors.alpaca', 'vendors.massive.datasets.corporate_actions'])
  expect(preferenceOrder(config, 'equities_bars')[0]).toBe('alpaca')
  expect(preferenceOrder(config, 'corporate_actions')).toEqual(['alpaca', 'massive'])
})

test('load: the faults of a disabled entry are told all the same', async () => {
  await copy.edit('datasets.yaml', '  options_bars:\n', '  options_bars:\n    enabled: false\n    depht: 1\n')
  expect((await copy.faults()).join('\n')).toMatch(/options_bars: there is no key depht: did you mean depth\?/)
})
