import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ledgerFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { createApp } from '../../functions/index.ts'
import { ASOF, FIRST, type TestNode } from '../test-node.ts'
import { AGREED_EMPTY, BEFORE_HISTORY, explainedNode, HELD } from '../why/explained-node.ts'
import { type Element, elementsOf, readXml } from './well-formed.ts'

interface Counts {
  expected: number
  present: number
  short: number
  held: number
  absent: number
  open: number
  absentBecause: Record<string, number>
  openBecause: Record<string, number>
}

interface Told {
  from: string
  to: string
  symbols: number
  by: string
  total: Counts
  periods: (Counts & { period: string; from: string; to: string })[]
}

let node: TestNode
beforeAll(async () => {
  node = await explainedNode()
})
afterAll(() => node.remove())

const coverage = async (query: string): Promise<Told> => {
  const { status, body } = await node.get(`/coverage/${query}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body as unknown as Told
}
const picture = async (query: string): Promise<Element> => {
  const answer = await fetch(`${node.running().address}/coverage/${query}`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8')
  return readXml(await answer.text())
}
/** What a tile says, and where it leads. */
const tilesIn = (svg: Element): { told: string; href: string; state: string }[] =>
  elementsOf(svg, 'a').map((link) => ({
    told: elementsOf(link, 'title')[0]!.text,
    href: link.attributes.href!,
    state: elementsOf(link, 'rect')[0]!.attributes.class!.replace('t ', ''),
  }))

/** The same counts out of the ledger that QC wrote, cell by cell. */
async function ledgerOf(dataset: string): Promise<Partial<Counts>> {
  const file = sqlText(ledgerFile(join(node.root, 'data_layer')))
  const rows = await node
    .running()
    .node.lake.duck.all<{ status: string; reason: string | null; vendor: string | null; cells: number }>(
      `SELECT status, reason, vendor, count(*)::INTEGER AS cells FROM read_parquet(${file}) WHERE dataset = ${sqlText(dataset)} GROUP BY ALL`,
    )
  const sum = (isWanted: (row: (typeof rows)[number]) => boolean): number =>
    rows.filter(isWanted).reduce((total, { cells }) => total + cells, 0)
  const reasons: Record<string, number> = {}
  for (const { reason, cells } of rows) if (reason !== null) reasons[reason] = (reasons[reason] ?? 0) + cells
  const { TOO_RECENT = 0, ...absentBecause } = reasons
  return {
    expected: sum(() => true),
    present: sum(({ vendor }) => vendor !== null),
    held: sum(({ vendor, status }) => vendor !== null && status === 'RED'),
    absent: Object.values(absentBecause).reduce((total, cells) => total + cells, 0),
    absentBecause,
    open: TOO_RECENT,
  }
}

describe('coverage: counts', () => {
  test.each(['equities_bars', 'macro_treasury', 'corporate_actions'])(
    'of %s are those of the ledger',
    async (dataset) => {
      const { total } = await coverage(dataset)
      expect(total).toMatchObject(await ledgerOf(dataset))
      expect(total.expected).toBe(total.present + total.absent + total.open)
      expect(total.expected).toBeGreaterThan(0)
    },
  )

  test('say what is absent and why, what is held, and what waits', async () => {
    expect((await coverage('equities_bars')).total).toEqual({
      expected: 4 * 6 + 4 - 4,
      present: 18,
      short: 0,
      held: 1,
      absent: 6,
      open: 0,
      absentBecause: { VENDORS_AGREE_EMPTY: 1, VENDOR_EMPTY_ONCE: 1, BEFORE_VENDOR_HISTORY: 4 },
      openBecause: {},
    })
    expect((await coverage('macro_treasury')).total).toMatchObject({ open: 1, openBecause: { TOO_RECENT: 1 } })
    expect((await coverage('corporate_actions')).total).toMatchObject({ absentBecause: { SOURCE_SAYS_NONE: 12 } })
  })

  test('by month add up to the year and to the total', async () => {
    const year = await coverage('equities_bars')
    const months = await coverage('equities_bars?by=month')
    expect(year.periods.map(({ period }) => period)).toEqual(['2025'])
    expect(months.periods.map(({ period, from, to }) => [period, from, to])).toEqual([
      ['2025-06', '2025-06-30', '2025-06-30'],
      ['2025-07', '2025-07-01', ASOF],
    ])
    expect(months.total).toEqual(year.total)
    expect(months.periods.map(({ expected, absent }) => [expected, absent])).toEqual([
      [4, 4],
      [20, 2],
    ])
    expect(months.periods[0]?.absentBecause).toEqual({ BEFORE_VENDOR_HISTORY: 4 })
  })

  test('of some days and some symbols', async () => {
    const told = await coverage('equities_bars?from=2025-07-02&to=2025-07-04&symbols=AAPL,META..MSFT')
    expect(told).toMatchObject({ from: '2025-07-02', to: '2025-07-04', symbols: 3 })
    expect(told.total).toMatchObject({ expected: 6, present: 5, held: 1, absentBecause: { VENDORS_AGREE_EMPTY: 1 } })
    expect(
      (await coverage(`equities_bars?symbols=${AGREED_EMPTY.symbol}&from=${AGREED_EMPTY.dt}&to=${AGREED_EMPTY.dt}`))
        .total,
    ).toMatchObject({
      expected: 1,
      present: 0,
      absent: 1,
    })
  })

  test('end with what is expected: nothing before the depth, after the life or in the future', async () => {
    expect(await coverage('equities_bars?from=1950-01-01&to=2100-01-01')).toMatchObject({ from: FIRST, to: ASOF })
    for (const query of [
      'to=2025-06-29',
      'from=2025-07-09',
      'symbols=GONE&from=2025-07-03',
      'symbols=NEWB&to=2025-07-02',
      'from=2025-07-04&to=2025-07-06',
    ])
      expect((await coverage(`equities_bars?${query}`)).total, query).toMatchObject({
        expected: 0,
        present: 0,
        open: 0,
      })
  })

  test('of a node that has asked nobody yet are all open', async () => {
    const { node: real } = node.running()
    const config = {
      ...real.config,
      universe: [...real.config.universe, { symbol: 'FRESH', from: '2025-07-07', to: null }],
    }
    const app = createApp({ ...real, config }, { full: null, read: null })
    const answer = await app.request('/coverage/equities_bars?symbols=FRESH', { headers: { host: '127.0.0.1' } })
    expect(((await answer.json()) as Told).total).toMatchObject({ expected: 2, present: 0, absent: 0, open: 2 })
  })
})

describe('coverage: the picture', () => {
  test('has a tile a cell where there is room, coloured by state, each leading to its story', async () => {
    const tiles = tilesIn(await picture('equities_bars.svg'))
    expect(tiles).toHaveLength(24)
    const tileOf = ({ symbol, dt }: { symbol: string; dt: string }) =>
      tiles.find(({ told }) => told.startsWith(`${symbol}, ${dt}:`))
    expect(tileOf(HELD)).toEqual({
      told: 'AAPL, 2025-07-02: 1 expected, 1 present, 1 held',
      href: '../why/equities_bars/AAPL/2025-07-02',
      state: 'held-2',
    })
    expect(tileOf(AGREED_EMPTY)).toMatchObject({ state: 'absent', told: expect.stringContaining('1 absent') })
    expect(tileOf(BEFORE_HISTORY)?.state).toBe('absent')
    expect(tileOf({ symbol: 'GONE', dt: '2025-07-03' })).toBe(undefined)
    expect(tilesIn(await picture('macro_treasury.svg')).at(-1)?.state).toBe('recent')
    for (const { href } of tiles) {
      const { pathname } = new URL(href, `${node.running().address}/coverage/equities_bars.svg`)
      expect((await node.get(pathname)).status, href).toBe(200)
    }
  })

  test('stands on a page for a browser, with a table that says the same', async () => {
    const read = async (path: string): Promise<string> => {
      const answer = await fetch(`${node.running().address}/coverage/${path}`, { headers: { accept: 'text/html' } })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
      return await answer.text()
    }
    const page = await read('equities_bars')
    expect(page).toContain('<h1>Coverage of equities_bars</h1>')
    expect(page.match(/<rect class="t /g)).toHaveLength(24)
    expect(page).toContain(`href="../why/equities_bars/AAPL/2025-07-02" tabindex="-1"`)
    expect(page).toContain('href="?from=2025-06-30&amp;to=2025-06-30">2025-06</a>')
    expect(page).not.toMatch(/<style|\sstyle=|<script(?! src=)|\b(undefined|null|NaN|\[object)/)
    const one = await read('equities_bars?symbols=AAPL&from=2025-07-02&to=2025-07-02')
    expect(one).toContain('<h1>Coverage of equities_bars: AAPL</h1>')
    expect(one).toContain('href="../why/equities_bars/AAPL/2025-07-02">2025-07</a>')
  })

  test('has a title, axes and a legend of every state', async () => {
    const svg = await picture('equities_bars.svg')
    expect(svg).toMatchObject({ name: 'svg', attributes: { xmlns: 'http://www.w3.org/2000/svg' } })
    expect(svg.children[0]).toMatchObject({ name: 'title', text: `Coverage of equities_bars, ${FIRST} to ${ASOF}` })
    const texts = elementsOf(svg, 'text').map(({ text }) => text)
    expect(texts).toEqual(
      expect.arrayContaining([
        'AAPL',
        'NEWB',
        FIRST,
        ASOF,
        'present',
        'too recent: vendors do not have it yet',
        'present, up to 2 % missing or held',
        'missing: more',
        'blank: nothing expected',
      ]),
    )
    expect(elementsOf(svg, 'script')).toEqual([])
  })

  test('of nothing says so', async () => {
    const svg = await picture('equities_bars.svg?from=2025-07-04&to=2025-07-04')
    expect(tilesIn(svg)).toEqual([])
    expect(elementsOf(svg, 'text').map(({ text }) => text)).toContain('nothing is expected here')
  })
})

describe('coverage: refuses', () => {
  test.each([
    ['nope', 404, 'no dataset "nope" here: there are equities_bars, macro_treasury, corporate_actions'],
    ['nope.svg', 404, 'no dataset "nope" here: there are equities_bars, macro_treasury, corporate_actions'],
    ['equities_bars?from=2025-02-30', 400, 'from: expected a day as YYYY-MM-DD, got 2025-02-30'],
    ['equities_bars?from=2025-07-03&to=2025-07-02', 400, 'from: 2025-07-03 lies after to, 2025-07-02'],
    ['equities_bars?from=2025-07-01&from=2025-07-02', 400, 'from: expected at most once'],
    ['equities_bars?symbols=ZZZ', 404, 'symbols: no ZZZ in equities_bars: it has 5 others'],
    ['equities_bars?symbols=AAPL,FB', 404, 'symbols: no FB in equities_bars: FB is a former name of META'],
    ['equities_bars?symbols=B..C', 404, 'symbols: no B..C in equities_bars: it has 5 others'],
    ['equities_bars?symbols=A..B..C', 400, 'symbols: expected a range such as A..BRK.B, got A..B..C'],
    ['corporate_actions?symbols=META', 404, 'symbols: no META in corporate_actions: it has 2 others'],
  ])('%s', async (query, status, error) => {
    expect(await node.get(`/coverage/${query}`)).toEqual({ status, body: { ok: false, error } })
  })

  test.each([
    'symbols=',
    'symbols=aapl',
    'symbols=AAPL,',
    'symbols=..',
    'symbols=%3Csvg%3E',
    'by=week',
    'day=1',
    'from=',
  ])('%s', async (query) => {
    for (const form of ['', '.svg'])
      expect((await node.get(`/coverage/equities_bars${form}?${query}`)).status).toBe(400)
  })

  test('more names than a question may have', async () => {
    const names = Array.from({ length: 201 }, () => 'AAPL').join(',')
    expect((await node.get(`/coverage/equities_bars?symbols=${names}`)).body.error).toContain('at most 200')
  })
})

test('coverage: reading writes nothing, asks nobody, and may be done with the reading token', async () => {
  const before = await node.databaseText()
  const asked = node.asked()
  await coverage('equities_bars?by=month')
  await picture('equities_bars.svg')
  expect(await node.databaseText()).toBe(before)
  expect(node.asked()).toBe(asked)
  const app = createApp(node.running().node, { full: 'full-token', read: 'read-token' })
  const ask = (headers: Record<string, string>) => app.request('/coverage/equities_bars.svg', { headers })
  expect((await ask({ authorization: 'Bearer read-token' })).status).toBe(200)
  expect((await ask({})).status).toBe(401)
})
