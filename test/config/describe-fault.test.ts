/** The mistakes people make in the configuration: each is named with file, path and line, what was expected, what came, and what to write. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { loadCron } from '../../functions/_runtime/cron.ts'
import { type ConfigCopy, type ConfigFile, copyConfig, VENDORS } from './config-folder.ts'

let copy: ConfigCopy
beforeEach(async () => {
  copy = await copyConfig()
})
afterEach(() => copy.remove())

const VENDOR_FILE = 'vendor_capabilities.yaml'
type Mistake = [name: string, file: ConfigFile, from: string, to: string, fault: string]
const MISTAKES: Mistake[] = [
  [
    'a ticker that YAML reads as a truth value',
    'universe.yaml',
    'symbol: SPY',
    'symbol: TRUE',
    'symbols.0.symbol: expected text, got the truth value true: write "TRUE" in quotes (line 4)',
  ],
  [
    'the same in a plain list',
    'universe.yaml',
    '{ symbol: SPY, from: 1993-01-29 }',
    'TRUE',
    'symbols.0.symbol: expected text, got the truth value true: write "TRUE" in quotes (line 4)',
  ],
  [
    'a ticker that YAML reads as nothing',
    'universe.yaml',
    'symbol: SPY',
    'symbol: NULL',
    'symbols.0.symbol: expected text, got nothing: write "NULL" in quotes (line 4)',
  ],
  [
    'a ticker that YAML reads as a number',
    'universe.yaml',
    'symbol: SPY',
    'symbol: 1E5',
    'symbols.0.symbol: expected text, got the number 100000: write "1E5" in quotes (line 4)',
  ],
  [
    'a ticker in small letters',
    'universe.yaml',
    'symbol: QQQ',
    'symbol: qqq',
    'symbols.1.symbol: expected a symbol such as AAPL or BRK.B (capitals, digits, dots), got "qqq": write QQQ (line 5)',
  ],
  [
    'a class of shares behind a slash',
    'universe.yaml',
    'symbol: BRK.B',
    'symbol: BRK/B',
    'got "BRK/B": write BRK.B (line 15)',
  ],
  ['a ticker behind a dollar', 'universe.yaml', 'symbol: SPY', 'symbol: $SPY', 'got "$SPY": write SPY (line 4)'],
  [
    'a ticker listed twice',
    'universe.yaml',
    'symbol: QQQ',
    'symbol: SPY',
    'symbols: SPY is listed twice: remove one. If two companies used the ticker at different times, give the earlier one a name of its own, such as { symbol: SPY-OLD',
  ],
  [
    'a key that is mistyped',
    'universe.yaml',
    'from: 1993',
    'form: 1993',
    'symbols.0: there is no key form: did you mean from? (known: symbol, from, to, was) (line 4)',
  ],
  [
    'a day without zeros',
    'universe.yaml',
    '1993-01-29',
    '1993-1-29',
    'symbols.0.from: expected a day as YYYY-MM-DD, got 1993-1-29: write 1993-01-29 (line 4)',
  ],
  [
    'a day as a number',
    'universe.yaml',
    '1993-01-29',
    '19930129',
    'symbols.0.from: expected text, got the number 19930129: write 1993-01-29 (line 4)',
  ],
  [
    'a day with slashes',
    'universe.yaml',
    '1993-01-29',
    '1993/01/29',
    'symbols.0.from: expected a day as YYYY-MM-DD, got 1993/01/29: write 1993-01-29 (line 4)',
  ],
  [
    'a day with a time',
    'universe.yaml',
    '1993-01-29',
    '1993-01-29T00:00:00Z',
    'got 1993-01-29T00:00:00Z: write 1993-01-29 (line 4)',
  ],
  [
    'a day that the month has not',
    'universe.yaml',
    '1993-01-29',
    '1993-02-30',
    'symbols.0.from: expected a day as YYYY-MM-DD, got 1993-02-30 (line 4)',
  ],
  [
    'an end before the beginning',
    'universe.yaml',
    'to: 2023-10-12',
    'to: 1990-10-12',
    'symbols: ATVI ends (1990-10-12) before it begins (1993-10-25) (line 45)',
  ],
  [
    'a former name that ends before the company begins',
    'universe.yaml',
    'to: 2022-06-08',
    'to: 2002-06-08',
    'symbols: META.was: FB ends (2002-06-08) before the company begins (2012-05-18) (line 12)',
  ],
  [
    'a former name that is no list',
    'universe.yaml',
    '[{ symbol: FB, to: 2022-06-08 }]',
    'FB',
    'symbols.8.was: expected a list, got "FB": write [FB] (line 12)',
  ],
  [
    'a ticker that two companies claim',
    'universe.yaml',
    '  - { symbol: NVDA',
    '  - { symbol: METV, from: 2021-06-30, was: [{ symbol: META, to: 2022-06-30 }] }\n  - { symbol: NVDA',
    'symbols: the ticker META belongs to two entries on 2022-06-09: METV (2021-06-30 to 2022-06-30) and META (2022-06-09 to now): correct their from, to or was (line 12)',
  ],
  [
    'a map where a list is expected',
    'universe.yaml',
    'symbols:\n',
    'symbols:\n  SPY: 1\nx:\n',
    'symbols: expected a list, got a map with SPY: write [AAPL, MSFT]',
  ],
  [
    'a bare number of years',
    'datasets.yaml',
    'depth: { years: 20 }',
    'depth: 20',
    'datasets.equities_bars.depth: expected a map (key: value), got the number 20: write { years: 20 } (line 17)',
  ],
  [
    'a depth as in the environment',
    'datasets.yaml',
    'depth: { sessions: 60 }',
    'depth: 60s',
    'depth: expected a map (key: value), got "60s": write { sessions: 60 }',
  ],
  [
    'a bare first day',
    'datasets.yaml',
    'depth: { years: 20 }',
    'depth: 2016-01-04',
    'depth: expected a map (key: value), got "2016-01-04": write { from: 2016-01-04 }',
  ],
  [
    'an unknown key of a dataset',
    'datasets.yaml',
    '    calendar: xnys',
    '    calender: xnys',
    'datasets.equities_bars: there is no key calender: did you mean calendar? (known: enabled, calendar',
  ],
  [
    'a missing key',
    'datasets.yaml',
    '    universe: symbols\n',
    '',
    'datasets.equities_bars.universe: expected one of symbols, groups, got nothing (line 14)',
  ],
  [
    'an unknown calendar',
    'datasets.yaml',
    'calendar: xnys',
    'calendar: xnyse',
    'datasets.equities_bars.calendar: expected one of xnys, fed, got "xnyse": did you mean xnys? (line 15)',
  ],
  [
    'an unknown dataset',
    'datasets.yaml',
    '  equities_bars_minute:',
    '  equity_bars_minute:',
    'datasets: there is no key equity_bars_minute: did you mean equities_bars_minute?',
  ],
  [
    'a single number for a list',
    'datasets.yaml',
    'restate: { sessions: [1, 3] }',
    'restate: { sessions: 3 }',
    'restate.sessions: expected a list, got the number 3: write [3] (line 25)',
  ],
  [
    'a time without quotes',
    'datasets.yaml',
    'ready_at: "20:16"',
    'ready_at: 2016',
    'ready_at: expected text, got the number 2016: write "20:16" (line 24)',
  ],
  [
    'a key that names no column',
    'datasets.yaml',
    'key: [ts]',
    'key: [tz]',
    'datasets.equities_bars.key: there is no column tz (ts, open, high, low, close, volume, vwap, trades): did you mean ts?',
  ],
  [
    'sessions of daily bars',
    'datasets.yaml',
    'expected_rows: one',
    'expected_rows: one\n    sessions: regular',
    'datasets.equities_bars.sessions: only minutes of a session can be left out: remove it (line 20)',
  ],
  [
    'a number in quotes',
    VENDOR_FILE,
    'calls_per_minute: 200',
    'calls_per_minute: "200"',
    'vendors.alpaca.calls_per_minute: expected a number, got "200": write 200 without quotes (line 7)',
  ],
  [
    'an unknown vendor',
    VENDOR_FILE,
    '  massive:',
    '  masive:',
    'vendors.masive: there is no connector of this name (alpaca, massive, fred): did you mean massive?',
  ],
  [
    'a vendor in capitals',
    VENDOR_FILE,
    '  massive:',
    '  Massive:',
    'vendors.Massive: Massive cannot be a name here: use small letters',
  ],
  [
    'a list of vendors',
    VENDOR_FILE,
    'vendors:\n',
    'vendors: []\nx:\n',
    'vendors: expected a map (key: value), got a list: write its keys without dashes (line 3)',
  ],
  [
    'yes for true',
    VENDOR_FILE,
    'entitled: false',
    'entitled: no',
    'entitled: expected true or false, got "no": write false',
  ],
  [
    'a bare history',
    VENDOR_FILE,
    'history: { rolling_years: 2 }',
    'history: 2',
    'history: expected a map (key: value), got the number 2: write { from: 2016-01-01 } or { rolling_years: 2 }',
  ],
]

describe('load: a mistake is named with its line and what to write:', () => {
  test.each(MISTAKES)('%s', async (_name, file, from, to, fault) => {
    await copy.edit(file, from, to)
    const faults = await copy.faults()
    expect(faults.join('\n')).toContain(fault)
    expect(faults.join('\n')).not.toMatch(/Invalid|Unrecognized|undefined/)
  })

  test('a tab', async () => {
    await copy.write('qc.yaml', 'ruleset: "1"\ncompleteness:\n\tamber_below: 0.9\n')
    expect((await copy.faults()).join('\n')).toMatch(/qc\.yaml: .*line 3, column 1.*: replace the tab by spaces/)
  })

  test('a list without the key above it', async () => {
    await copy.write('universe.yaml', '- AAPL\n- MSFT\n')
    expect((await copy.faults()).join('\n')).toContain(
      'universe.yaml: the file: expected a map (key: value), got a list: write a line "symbols:" above the list (line 1)',
    )
  })

  test('a universe file that is not there', async () => {
    const loading = loadConfig({ folder: copy.folder, universe: join(copy.folder, 'my.txt'), vendors: VENDORS })
    await expect(loading).rejects.toThrow(
      /my\.txt: cannot be read \(ENOENT\): create it or name another one in UNIVERSE/,
    )
  })

  test('a ticker of a list of lines', async () => {
    const universe = join(copy.folder, 'my.txt')
    await writeFile(universe, '# mine\nAAPL\r\n\nmsft # later\n')
    const loading = loadConfig({ folder: copy.folder, universe, vendors: VENDORS })
    await expect(loading).rejects.toThrow(/my\.txt: symbols\.1\.symbol: .*got "msft": write MSFT \(line 4\)/)
  })
})

const CHAIN = { id: 'night', schedule: '30 20 * * 1-5', timezone: 'America/New_York', steps: [{ call: 'audit' }] }
const SCHEDULES: [string, object, string][] = [
  [
    'a pattern of three fields',
    { schedule: '30 20 *' },
    'chains.0.schedule: expected a cron pattern of five fields (minute, hour, day, month, weekday) such as "30 20 * * 1-5", got "30 20 *" (line 5)',
  ],
  [
    'a zone that is none',
    { timezone: 'New York' },
    'chains.0.timezone: expected a time zone such as America/New_York, got New York (line 6)',
  ],
  [
    'a function that is none',
    { steps: [{ call: 'adit' }] },
    'chains.0.steps.0.call: expected one of ingest-tick, audit',
  ],
  [
    'a deadline without its unit',
    { steps: [{ call: 'audit', deadline: 6 }] },
    'deadline: expected text, got the number 6: write "6h"',
  ],
  [
    'an unknown key of a step',
    { steps: [{ call: 'audit', paralel: 2 }] },
    'chains.0.steps.0: there is no key paralel: did you mean parallel?',
  ],
]

describe('cron.json: a mistake is named with its line and what to write:', () => {
  test.each(SCHEDULES)('%s', async (_name, change, fault) => {
    await copy.write('cron.json', JSON.stringify({ chains: [{ ...CHAIN, ...change }] }, null, 2))
    await expect(loadCron(join(copy.folder, 'cron.json'))).rejects.toThrow(fault)
  })

  test('a comma too many', async () => {
    await copy.write('cron.json', '{ "chains": [],\n}')
    await expect(loadCron(join(copy.folder, 'cron.json'))).rejects.toThrow(/cron\.json: cannot be read as JSON/)
  })
})
