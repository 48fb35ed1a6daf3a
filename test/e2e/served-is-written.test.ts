/** What a vendor served is what lies on disk, row by row and to the last digit, of every dataset and of every vendor. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Config } from '../../config/schema.ts'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'
import { withRevisions } from '../lab/fred-vintages.ts'
import type { BarSource, LabAction, LabBar, LabOptions, LabVendorName, YieldSource } from '../lab/lab.ts'
import { type Hole, syntheticBars, syntheticYields, type UniverseEntry } from '../lab/synthetic.ts'
import { syntheticOptions } from '../lab/synthetic-options.ts'
import { freshRoot } from './night.ts'
import { type Sent, type ServedRow, servedRows, textOf, type Wish } from './served-rows.ts'
import { startWholeNode, type WholeNode, wholeConfig } from './whole-node.ts'

/** Some days on which something odd is in the calendar, and what happened to some companies meanwhile. */
interface OpenRange {
  what: string
  sessions: string[]
  /** The day after the session before. */
  actionsFrom: string
  /** The last day of FB, PXD; the first day of RDDT. */
  renamed: string
  delisted: string
  listed: string
  /** A day without a session between the first and the last, or a session where there is none. */
  closed: string
  timeframe: 'day' | 'minute'
}

const STRETCHES: OpenRange[] = [
  {
    // The last of them is a day on which options expire.
    what: 'clocks go forward',
    sessions: ['2024-03-07', '2024-03-08', '2024-03-11', '2024-03-12', '2024-03-13', '2024-03-14', '2024-03-15'],
    actionsFrom: '2024-03-07',
    renamed: '2024-03-08',
    delisted: '2024-03-12',
    listed: '2024-03-11',
    closed: '2024-03-10',
    timeframe: 'day',
  },
  {
    what: 'a half day before a holiday',
    sessions: ['2024-07-01', '2024-07-02', '2024-07-03', '2024-07-05'],
    actionsFrom: '2024-06-29',
    renamed: '2024-07-02',
    delisted: '2024-07-03',
    listed: '2024-07-03',
    closed: '2024-07-04',
    timeframe: 'minute',
  },
  {
    what: 'clocks go back',
    sessions: ['2024-11-01', '2024-11-04', '2024-11-05', '2024-11-06'],
    actionsFrom: '2024-11-01',
    renamed: '2024-11-01',
    delisted: '2024-11-05',
    listed: '2024-11-04',
    closed: '2024-11-03',
    timeframe: 'minute',
  },
  {
    what: 'a half day after a holiday',
    sessions: ['2024-11-27', '2024-11-29', '2024-12-02'],
    actionsFrom: '2024-11-27',
    renamed: '2024-11-29',
    delisted: '2024-11-29',
    listed: '2024-11-29',
    closed: '2024-11-28',
    timeframe: 'day',
  },
]

const TRADED = ['equities_bars', 'equities_bars_minute', 'options_bars', 'corporate_actions']
const DATASETS = [...TRADED, 'macro_treasury']
const YIELDS_FROM = '2024-01-02'
const UNDERLIERS = ['AAPL', 'BRK.B', 'META']
const YEARS_BEFORE = '2010-01-04'
const dayAfter = (dt: string): string => new Date(Date.parse(dt) + 86_400_000).toISOString().slice(0, 10)
const firstOf = ({ sessions }: OpenRange): string => sessions[0] as string
const lastOf = ({ sessions }: OpenRange): string => sessions.at(-1) as string

/** What the node is told to collect. */
const universeOf = ({ renamed, delisted, listed }: OpenRange): Config['universe'] => [
  { symbol: 'AAPL', from: YEARS_BEFORE, to: null },
  { symbol: 'BRK.B', from: YEARS_BEFORE, to: null },
  { symbol: 'META', from: YEARS_BEFORE, to: null, was: [{ symbol: 'FB', to: renamed }] },
  { symbol: 'PXD', from: YEARS_BEFORE, to: delisted },
  { symbol: 'RDDT', from: listed, to: null },
  { symbol: 'SEB', from: YEARS_BEFORE, to: null },
]

/** The same companies as the vendors know them, and one that nobody asks for. */
function marketOf(stretch: OpenRange): UniverseEntry[] {
  const [, second = '', third = ''] = stretch.sessions
  const splits: Record<string, UniverseEntry['splits']> = {
    AAPL: [{ exDt: second, ratio: 4 }],
    SEB: [{ exDt: third, ratio: 0.1 }],
  }
  const listed: UniverseEntry[] = universeOf(stretch).map((entry) => ({ ...entry, splits: splits[entry.symbol] ?? [] }))
  return [...listed, { symbol: 'ZZZ', from: YEARS_BEFORE, to: null }].map((entry) => ({
    ...entry,
    thin: entry.symbol === 'SEB',
  }))
}

/** Of those below, how many belong to a cell that is wanted. */
const ACTIONS_WANTED = 11

function actionsOf(stretch: OpenRange): LabAction[] {
  const { sessions, actionsFrom, renamed, delisted, closed } = stretch
  const [first = '', second = '', third = ''] = sessions
  const last = lastOf(stretch)
  const knownDt = '2024-01-02'
  const dividend = (symbol: string, exDt: string, cash: number, special = false): LabAction => {
    const days = { exDt, recordDt: dayAfter(exDt), payDt: dayAfter(dayAfter(last)) }
    return { kind: 'dividend', symbol, ...days, cash, special, frequency: special ? 0 : 4, knownDt }
  }
  const before = new Date(Date.parse(actionsFrom) - 86_400_000).toISOString().slice(0, 10)
  return [
    dividend('AAPL', first, 0.123456),
    dividend('AAPL', first, 12.5, true),
    dividend('BRK.B', closed, 1.4),
    dividend('BRK.B', actionsFrom, 0.1),
    dividend('FB', renamed, 0.5),
    dividend('META', last, 0.525),
    dividend('PXD', delisted, 2.56),
    // These belong to nobody's cell: too early, too late, after the end, of a company nobody collects.
    dividend('SEB', before, 2.25),
    dividend('SEB', dayAfter(last), 2.25),
    dividend('PXD', last, 3.33),
    dividend('ZZZ', second, 4.44),
    { kind: 'split', symbol: 'AAPL', exDt: second, from: 1, to: 4, knownDt },
    { kind: 'split', symbol: 'SEB', exDt: third, from: 10, to: 1, knownDt },
    { kind: 'split', symbol: 'RDDT', exDt: last, from: 2, to: 3, knownDt },
    { kind: 'name-change', symbol: 'META', oldSymbol: 'FB', exDt: dayAfter(renamed), knownDt },
  ]
}

/** The same bars with what vendors are known to do to them: no average here, no count there, long fractions, parts of shares. */
function ragged(source: BarSource, shares: (volume: number, at: number) => number): BarSource {
  const change = (bar: LabBar): LabBar => {
    const at = Math.floor(bar.ts / 60_000) % 7
    const vw = at === 2 || bar.vw == null ? null : at === 4 ? bar.vw * (1 + 1 / 7) : bar.vw
    return { ...bar, vw, v: bar.v === null ? null : shares(bar.v, at), ...(at === 3 ? { n: null } : {}) }
  }
  return {
    ...source,
    daily: (...asked) => source.daily(...asked).map(change),
    minute: (...asked) => source.minute(...asked).map(change),
  }
}

interface Vendors {
  lab: Pick<LabOptions, 'alpaca' | 'massive' | 'fred' | 'actions' | 'options'>
  universe: UniverseEntry[]
}

function vendorsOf(stretch: OpenRange, holes: readonly Hole[] = []): Vendors {
  const universe = marketOf(stretch)
  const of = (vendor: 'alpaca' | 'massive') => syntheticBars({ seed: 3, universe, vendor, holes })
  const chains = syntheticOptions({
    seed: 3,
    underliers: ['AAPL', 'BRK.B', 'FB', 'META', 'ZZZ'],
    bars: syntheticBars({ seed: 3, universe, vendor: 'alpaca' }),
    from: firstOf(stretch),
    to: '2025-01-31',
  })
  const actions = { actions: () => actionsOf(stretch) }
  return {
    universe,
    lab: {
      alpaca: ragged(of('alpaca'), (volume) => volume),
      massive: ragged(of('massive'), (volume, at) => (at === 5 ? volume + 0.618093 : volume)),
      fred: syntheticYields(3),
      actions: { alpaca: actions, massive: actions },
      options: { alpaca: chains, massive: chains },
    },
  }
}

/** Pages far smaller than the shipped ones and of odd sizes, so that cells straddle their borders. */
const SMALL_PAGES = {
  equities_bars: 7,
  equities_bars_minute: 97,
  options_bars: 53,
  corporate_actions: 3,
  macro_treasury: 211,
}

interface Played {
  node: WholeNode
  sent: Sent[]
  wish: Wish
}

/** Calls a minute so few that plans end on their way. */
const TIGHT = { alpaca: 23, massive: 120, fred: 120 }

async function play(
  stretch: OpenRange,
  alone: readonly string[],
  lab: Vendors['lab'],
  from: Record<string, string>,
  limits: Record<LabVendorName, number> = TIGHT,
): Promise<Played> {
  const sent: Sent[] = []
  const config = await wholeConfig({
    universe: universeOf(stretch),
    from,
    underliers: UNDERLIERS,
    timeframe: stretch.timeframe,
    serves: (vendor) => alone.includes(vendor),
    rowsPerPage: SMALL_PAGES,
    callsPerMinute: limits,
  })
  const node = await startWholeNode({
    asof: lastOf(stretch),
    config,
    lab: { ...lab, limits, onAnswer: (vendor, answer) => void sent.push({ vendor, ...answer }) },
  })
  onTestFinished(() => node.remove())
  const endings = await node.evening(lastOf(stretch))
  expect(endings.filter(({ ok }) => !ok)).toEqual([])
  const wish: Wish = {
    universe: universeOf(stretch),
    underliers: UNDERLIERS,
    sessions: stretch.sessions,
    actionsFrom: stretch.actionsFrom,
    yields: { from: from.macro_treasury ?? '9999-12-31', to: lastOf(stretch) },
    expireWithinDays: config.datasets.options_bars?.contracts?.expire_within_days ?? 0,
  }
  return { node, sent, wish }
}

type Fields = Record<string, unknown>

/** Every row of the Parquet files below a folder, each with the path of its file, relative to the folder. */
async function rowsBelow(folder: string): Promise<(Fields & { path: string })[]> {
  const names = await readdir(folder, { recursive: true })
  const lake = openLake({ root: await freshRoot(), exportRoot: await freshRoot() })
  try {
    const rows: (Fields & { path: string })[] = []
    for (const dataset of DATASETS) {
      const files = names.filter((name) => name.endsWith('.parquet') && name.split('/').includes(dataset))
      if (files.length === 0) continue
      const list = files.map((name) => `'${join(folder, name)}'`).join(', ')
      const read = `read_parquet([${list}], hive_partitioning = false, filename = 'path')`
      for (const row of await lake.duck.all<Fields & { path: string }>(`SELECT * FROM ${read}`)) {
        rows.push({ ...row, path: row.path.slice(folder.length + 1) })
      }
    }
    return rows
  } finally {
    await closeLake(lake)
  }
}

/** The raw files as texts, dataset, vendor and day taken from the path. */
async function writtenRows({ node }: Played): Promise<{ dataset: string; text: string }[]> {
  const rows = await rowsBelow(join(node.root, 'data_layer', 'raw'))
  return rows.map(({ path, ...row }) => {
    const [vendor = '', dataset = '', day = ''] = path.split('/')
    const provenance = `${row.feed} ${row.adjustment}`
    expect(row.vendor).toBe(vendor)
    return { dataset, text: textOf(vendor, dataset, String(row.symbol), day.replace('date=', ''), provenance, row) }
  })
}

/** Dataset, vendor, feed and adjustment, symbol, day, then the values in the order of the columns; `null` for an empty one. */
const fieldsOf = (text: string): (string | number | null)[] => JSON.parse(text)

interface Difference {
  missing: string[]
  extra: string[]
  twice: string[]
}

const NOTHING: Difference = { missing: [], extra: [], twice: [] }

/** What was served and is not written, what is written and was not served, and what is written more than once; a few of each. */
function compare(served: Iterable<string>, written: readonly string[]): Difference {
  const wanted = new Set(served)
  const found = new Set<string>()
  const twice: string[] = []
  for (const text of written) {
    if (found.has(text)) twice.push(text)
    found.add(text)
  }
  return {
    missing: [...wanted].filter((text) => !found.has(text)).slice(0, 5),
    extra: [...found].filter((text) => !wanted.has(text)).slice(0, 5),
    twice: twice.slice(0, 5),
  }
}

/** The curated files of everything but yields, as texts. */
async function curatedRows({ node }: Played): Promise<string[]> {
  const rows = await rowsBelow(join(node.root, 'data_layer', 'curated'))
  return rows
    .filter(({ path }) => !path.startsWith('macro_treasury/'))
    .map(({ path, ...row }) => {
      const dataset = path.split('/')[0] as string
      return textOf(
        String(row.vendor),
        dataset,
        String(row.symbol),
        String(row.dt),
        `${row.feed} ${row.adjustment}`,
        row,
      )
    })
}

/** Curated yields, unfolded: a text for each value. */
async function curatedYields({ node }: Played): Promise<string[]> {
  const rows = await rowsBelow(join(node.root, 'data_layer', 'curated'))
  return rows
    .filter(({ path }) => path.startsWith('macro_treasury/'))
    .flatMap(({ path: _, date, vendor, feed, ...series }) =>
      Object.entries(series).flatMap(([id, value]) =>
        value === null ? [] : [JSON.stringify([vendor, feed, date, id, value])],
      ),
    )
}

/** The newest value of each series and day among rows that were served. */
function newestYields(texts: Iterable<string>): string[] {
  const newest = new Map<string, { start: string; text: string | null }>()
  for (const text of texts) {
    const [dataset, vendor, provenance, , dt, series, value, start] = fieldsOf(text)
    if (dataset !== 'macro_treasury') continue
    const known = newest.get(`${dt} ${series}`)
    if (known && known.start > String(start)) continue
    const said = JSON.stringify([vendor, String(provenance).split(' ')[0], dt, series, value])
    newest.set(`${dt} ${series}`, { start: String(start), text: value === null ? null : said })
  }
  return [...newest.values()].flatMap(({ text }) => text ?? [])
}

/** Symbols and days that pages cut in two: their rows stand in more than one answer that holds different ones. */
function straddlers(sent: readonly Sent[], wish: Wish): number {
  const answersOf = new Map<string, number>()
  const known = new Set<string>()
  for (const answer of sent) {
    const rows = [...servedRows([answer], wish).values()].filter(({ text }) => !known.has(text))
    for (const { text } of rows) known.add(text)
    for (const cell of new Set(rows.map(({ dataset, symbol, dt }) => `${dataset} ${symbol} ${dt}`))) {
      answersOf.set(cell, (answersOf.get(cell) ?? 0) + 1)
    }
  }
  return [...answersOf.values()].filter((answers) => answers > 1).length
}

/** Everything a vendor served is in the raw files, and everything that is in them was served. The rows written, by dataset. */
async function expectServedIsWritten(played: Played): Promise<Record<string, string[]>> {
  const written = await writtenRows(played)
  const served = servedRows(played.sent, played.wish)
  expect(compare(served.keys(), textsOf(written))).toEqual(NOTHING)
  const byDataset: Record<string, string[]> = {}
  for (const { dataset, text } of written) {
    byDataset[dataset] ??= []
    byDataset[dataset].push(text)
  }
  return byDataset
}

const textsOf = (rows: readonly { text: string }[]): string[] => rows.map(({ text }) => text)

/** The curated files hold the rows of the vendor that won each cell, and no other. */
async function expectCuratedIs(played: Played, isWinner: (row: ServedRow, vendor: string) => boolean): Promise<void> {
  const winning = [...servedRows(played.sent, played.wish).values()].filter((row) =>
    isWinner(row, fieldsOf(row.text)[1] as string),
  )
  const texts = textsOf(winning.filter(({ dataset }) => dataset !== 'macro_treasury'))
  expect(compare(texts, await curatedRows(played))).toEqual(NOTHING)
  expect(compare(newestYields(textsOf(winning)), await curatedYields(played))).toEqual(NOTHING)
}

/** Companies alive on the days of a stretch, summed over them. */
const cellsOf = ({ universe, sessions }: Wish): number =>
  universe.reduce(
    (sum, { from, to }) => sum + sessions.filter((dt) => dt >= from && (to === null || dt <= to)).length,
    0,
  )

const linesOf = ({ node }: Played, event: string): number =>
  node.lines.filter((line) => line.includes(`"msg":"${event}"`)).length

type Cell = Pick<ServedRow, 'dataset' | 'symbol' | 'dt'>

const isAt = (hole: Hole, vendor: string, { dataset, symbol, dt }: Cell): boolean =>
  hole.vendor === vendor && hole.dataset === dataset && hole.symbol === symbol && hole.dt === dt

const PLAYED = process.env.E2E === 'quick' ? STRETCHES.slice(0, 1) : STRETCHES

describe.each(PLAYED)('served is written: $what', (stretch) => {
  test.each(['alpaca', 'massive'])('what %s alone served is what is written', async (vendor) => {
    const traded = Object.fromEntries(TRADED.map((dataset) => [dataset, firstOf(stretch)]))
    const from = vendor === 'massive' ? { ...traded, macro_treasury: YIELDS_FROM } : traded
    const played = await play(stretch, [vendor], vendorsOf(stretch).lab, from)
    const written = await expectServedIsWritten(played)
    await expectCuratedIs(played, () => true)

    // The vendors lack nothing, so neither may the node: nothing above is true only because nothing came.
    expect(Object.keys(written).sort()).toEqual(Object.keys(from).sort())
    expect(written.equities_bars).toHaveLength(cellsOf(played.wish))
    expect(written.corporate_actions).toHaveLength(ACTIONS_WANTED)
    for (const underlier of UNDERLIERS) {
      expect(written.options_bars?.filter((text) => text.includes(`"${underlier}"`)).length).toBeGreaterThan(10)
    }
    expect(written.equities_bars_minute?.length).toBeGreaterThan(150 * cellsOf(played.wish))
    expect(straddlers(played.sent, played.wish)).toBeGreaterThan(cellsOf(played.wish) / 2)
    // Budgets ended plans on their way: what was asked for twice is written once.
    expect(linesOf(played, 'dispatch.interrupted')).toBeGreaterThan(0)
  })
})

test('served is written: every vintage FRED served is written, a value that it merely repeats is not', async () => {
  const [stretch] = STRETCHES as [OpenRange]
  const whole = syntheticYields(3)
  // Longer histories would only make the lab slow.
  const since = (from: string): string => (from < '2015-06-01' ? '2015-06-01' : from)
  const honest: YieldSource = { ...whole, observations: (id, from, to) => whole.observations(id, since(from), to) }
  const first = (id: string, date: string): string => honest.observations(id, date, date)[0]?.value ?? ''
  const revisions = {
    DGS10: [
      { date: '2016-03-01', value: '9.11', from: '2016-05-02' },
      { date: '2016-03-02', value: '9.12', from: '2023-09-05' },
      // The day on which the second window of real time begins.
      { date: '2016-03-03', value: '9.13', from: '2023-08-28' },
    ],
    DGS2: [
      { date: '2020-06-01', value: '8.88', from: '2020-07-01' },
      { date: '2020-06-01', value: first('DGS2', '2020-06-01'), from: '2023-10-02' },
    ],
    DGS5: [
      { date: '2021-02-03', value: '.', from: '2021-03-01' },
      { date: '2021-02-03', value: '7.77', from: '2024-01-03' },
      { date: '2021-02-04', value: '.', from: '2021-03-01' },
    ],
    // A vintage that says nothing new.
    DGS30: [{ date: '2022-05-05', value: first('DGS30', '2022-05-05'), from: '2022-06-01' }],
  }
  const lab = { ...vendorsOf(stretch).lab, fred: withRevisions(honest, revisions) }
  const played = await play(stretch, ['fred'], lab, { macro_treasury: '2016-01-04' })
  const { macro_treasury: written = [] } = await expectServedIsWritten(played)
  await expectCuratedIs(played, () => true)
  const vintages = (dt: string, series: string): unknown[] =>
    written
      .map((text) => fieldsOf(text))
      .filter((row) => row[4] === dt && row[5] === series)
      .map((row) => row.slice(6))
  expect(vintages('2016-03-02', 'DGS10')).toEqual([
    [Number(first('DGS10', '2016-03-02')), '2016-03-02'],
    [9.12, '2023-09-05'],
  ])
  expect(vintages('2016-03-03', 'DGS10')).toEqual([
    [Number(first('DGS10', '2016-03-03')), '2016-03-03'],
    [9.13, '2023-08-28'],
  ])
  expect(vintages('2020-06-01', 'DGS2')).toHaveLength(3)
  expect(vintages('2021-02-03', 'DGS5')).toEqual([
    [Number(first('DGS5', '2021-02-03')), '2021-02-03'],
    [null, '2021-03-01'],
    [7.77, '2024-01-03'],
  ])
  expect(vintages('2022-05-05', 'DGS30')).toHaveLength(1)
  const days = new Set(written.map((text) => fieldsOf(text)[4]))
  expect(written).toHaveLength(11 * days.size + 8)
  expect(days.size).toBeGreaterThan(2_000)
})

test('served is written: of several vendors each cell is curated from one, and what the others gave for it is kept whole', async () => {
  const [stretch] = STRETCHES as [OpenRange]
  const hole = (
    vendor: Hole['vendor'],
    dataset: Hole['dataset'],
    symbol: string,
    dt: string,
    kind: Hole['kind'] = 'missing',
  ): Hole => ({ vendor, dataset, symbol, dt, kind })
  const holes = [
    hole('alpaca', 'equities_bars', 'AAPL', '2024-03-11'),
    hole('massive', 'equities_bars', 'BRK.B', '2024-03-12'),
    hole('alpaca', 'equities_bars', 'SEB', '2024-03-08'),
    hole('massive', 'equities_bars', 'SEB', '2024-03-08'),
    hole('alpaca', 'equities_bars_minute', 'BRK.B', '2024-03-08'),
    hole('massive', 'equities_bars_minute', 'META', '2024-03-12'),
    // Held for its missing stretch, and replaced by the second opinion.
    hole('alpaca', 'equities_bars_minute', 'AAPL', '2024-03-13', 'partial'),
  ]
  const from = Object.fromEntries(DATASETS.map((dataset) => [dataset, firstOf(stretch)]))
  const played = await play(stretch, ['alpaca', 'massive', 'fred'], vendorsOf(stretch, holes).lab, from, {
    ...TIGHT,
    alpaca: 2_000,
  })
  const written = textsOf(await writtenRows(played))
  const served = servedRows(played.sent, played.wish)
  // A page may also hold cells that another vendor had filled before: those are not kept. What is kept of a cell is all of it.
  const cellOf = (text: string): string => JSON.stringify(fieldsOf(text).slice(0, 5))
  const kept = new Set(written.map(cellOf))
  const wanted = [...served.keys()].filter((text) => kept.has(cellOf(text)))
  expect(compare(wanted, written)).toEqual(NOTHING)

  // The best vendor that was asked and had the cell, but for the version that was held.
  const ranks: Record<string, number> = { alpaca: 2, fred: 2, massive: 1 }
  const winners = new Map<string, string>()
  for (const text of written) {
    const [dataset, vendor, , symbol, dt] = fieldsOf(text).map(String) as [string, string, string, string, string]
    const isHeld = holes.some((one) => one.kind === 'partial' && isAt(one, vendor, { dataset, symbol, dt }))
    const best = winners.get(`${dataset} ${symbol} ${dt}`)
    if (!isHeld && (ranks[best ?? ''] ?? 0) < (ranks[vendor] ?? 0)) winners.set(`${dataset} ${symbol} ${dt}`, vendor)
  }
  for (const one of holes) {
    const other = holes.some(
      (two) => two.vendor !== one.vendor && isAt({ ...one, vendor: two.vendor }, two.vendor, two),
    )
    const left = one.vendor === 'alpaca' ? 'massive' : 'alpaca'
    expect(winners.get(`${one.dataset} ${one.symbol} ${one.dt}`)).toBe(other ? undefined : left)
  }
  await expectCuratedIs(
    played,
    ({ dataset, symbol, dt }, vendor) => winners.get(`${dataset} ${symbol} ${dt}`) === vendor,
  )
  const vendorsOfHeld = written.filter((text) => text.includes('"AAPL","2024-03-13"') && text.includes('_minute'))
  expect(new Set(vendorsOfHeld.map((text) => fieldsOf(text)[1]))).toEqual(new Set(['alpaca', 'massive']))
})

test('served is written: the comparison sees a row that is lost, one that is made up, one that stands twice, and one with a changed digit', async () => {
  const [stretch] = STRETCHES as [OpenRange]
  const wish = {
    ...{ universe: universeOf(stretch), underliers: UNDERLIERS, sessions: stretch.sessions },
    actionsFrom: stretch.actionsFrom,
    yields: { from: '9', to: '9' },
    expireWithinDays: 45,
  }
  const body =
    '{"bars":{"AAPL":[{"t":"2024-03-08T05:00:00Z","o":1.1,"h":1.3,"l":1.05,"c":1.2,"v":7,"n":2,"vw":1.123456}]},"next_page_token":null}'
  const answer = {
    vendor: 'alpaca',
    path: '/v2/stocks/bars',
    query: new URLSearchParams('timeframe=1Day'),
    status: 200,
    body,
  } as const
  const [text = ''] = servedRows([answer], wish).keys()
  expect(text).toBe(
    '["equities_bars","alpaca","sip raw","AAPL","2024-03-08",1709874000000,1.1,1.3,1.05,1.2,7,1.123456,2]',
  )
  expect(compare([text], [text])).toEqual(NOTHING)
  expect(compare([text], []).missing).toEqual([text])
  expect(compare([], [text]).extra).toEqual([text])
  expect(compare([text], [text, text]).twice).toEqual([text])
  const changed = text.replace('1.123456', '1.1234560000000001')
  expect(compare([text], [changed])).toEqual({ missing: [text], extra: [changed], twice: [] })
})
