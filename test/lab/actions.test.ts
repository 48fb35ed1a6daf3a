import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { type ActionSource, fraction, type LabAction, syntheticActions } from './action-source.ts'
import { ALPACA_HEADERS, askAlpaca, askMassive, hear } from './asking.ts'
import { folderBars } from './folder.ts'
import { folderActions } from './folder-actions.ts'
import { type Lab, startLab } from './lab.ts'
import { syntheticBars } from './synthetic.ts'

const REFERENCE = resolve(process.cwd(), '../shared/data')
const NOW = instantOf('2024-06-14', '20:00')
const SPLITS = [
  { exDt: '2024-03-06', ratio: 2 },
  { exDt: '2024-05-06', ratio: 7 },
  { exDt: '2024-06-24', ratio: 4 },
]
const UNIVERSE = [{ symbol: 'AAA', from: '2010-01-04', to: null, splits: SPLITS }]
const split = (exDt: string, to: number, knownDt: string): LabAction => ({
  kind: 'split',
  symbol: 'AAA',
  exDt,
  from: 1,
  to,
  knownDt,
})
const ACTIONS: LabAction[] = [
  split('2024-03-06', 2, '2024-02-20'),
  split('2024-05-06', 7, '2024-04-20'),
  split('2024-06-24', 4, '2024-06-20'),
  {
    kind: 'dividend',
    symbol: 'AAA',
    exDt: '2024-02-19',
    recordDt: '2024-02-20',
    payDt: '2024-03-05',
    cash: 1.4,
    special: false,
    frequency: 4,
    knownDt: '2024-02-01',
  },
  { kind: 'name-change', symbol: 'AAA', oldSymbol: 'OLD', exDt: '2024-03-05', knownDt: '2024-02-20' },
]

let lab: Lab | undefined
let folder: string | undefined
afterEach(async () => {
  await lab?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true })
  folder = undefined
})

async function setup(source: ActionSource = { actions: () => ACTIONS }): Promise<Lab> {
  const of = (vendor: 'alpaca' | 'massive') => syntheticBars({ seed: 7, universe: UNIVERSE, vendor })
  lab = await startLab({
    now: () => NOW,
    seed: 7,
    plan: 'open',
    limits: { alpaca: 1_000, massive: 1_000 },
    alpaca: of('alpaca'),
    massive: of('massive'),
    actions: { alpaca: source, massive: source },
  })
  return lab
}

type Rows = Record<string, unknown>[]
const alpaca = async (on: Lab, query: string) => {
  const { status, body } = await hear(`${on.alpaca.url}/v1/corporate-actions?${query}`, ALPACA_HEADERS)
  return {
    status,
    ...(body as { corporate_actions: Record<string, Rows>; next_page_token: string | null; message: string }),
  }
}
const massive = async (on: Lab, path: string): Promise<Rows> =>
  ((await askMassive(on, path)).body as { results: Rows }).results

describe("actions: Alpaca's corporate actions", () => {
  it('are found by process date, which for a dividend is the day it is paid', async () => {
    const on = await setup()
    expect(await alpaca(on, 'start=2024-02-01&end=2024-02-29')).toMatchObject({
      corporate_actions: {},
      next_page_token: null,
    })
    const { corporate_actions: march } = await alpaca(on, 'start=2024-03-05&end=2024-03-05')
    expect(Object.keys(march).sort()).toEqual(['cash_dividends', 'name_changes'])
    expect(march.cash_dividends).toMatchObject([
      { symbol: 'AAA', rate: 1.4, ex_date: '2024-02-19', process_date: '2024-03-05' },
    ])
    expect(march.name_changes).toMatchObject([{ old_symbol: 'OLD', new_symbol: 'AAA' }])
  })

  it('count over all kinds in a page, and follow by token in both orders', async () => {
    const on = await setup()
    const ids: string[] = []
    for (const sort of ['asc', 'desc']) {
      let token = ''
      for (let page = 0; page < 10; page++) {
        const got = await alpaca(on, `start=2024-01-01&end=2024-12-31&limit=1&sort=${sort}${token}`)
        const rows = Object.values(got.corporate_actions).flat()
        expect(rows).toHaveLength(1)
        ids.push(String(rows[0]?.id))
        if (got.next_page_token === null) break
        const text = Buffer.from(got.next_page_token, 'base64').toString()
        expect(text).toMatch(/^[0-9A-F]{9}\|2024-\d\d-\d\d\|[0-9a-f-]{36}$/)
        token = `&page_token=${encodeURIComponent(got.next_page_token)}`
      }
    }
    expect(ids).toHaveLength(8)
    expect(ids.slice(4)).toEqual(ids.slice(0, 4).toReversed())
  })

  it('can be narrowed by kind, symbol and id, and exist only once announced', async () => {
    const on = await setup()
    const year = 'start=2024-01-01&end=2024-12-31'
    const splits = (await alpaca(on, `${year}&types=forward_split,reverse_split`)).corporate_actions
    expect(splits.forward_splits?.map((row) => row.ex_date)).toEqual(['2024-03-06', '2024-05-06'])
    expect(Object.keys(splits)).toEqual(['forward_splits'])
    expect((await alpaca(on, `${year}&symbols=ZZZ`)).corporate_actions).toEqual({})
    expect((await alpaca(on, `ids=${splits.forward_splits?.[1]?.id}`)).corporate_actions.forward_splits).toHaveLength(1)
    expect(await alpaca(on, `${year}&types=gift`)).toMatchObject({ status: 400, message: 'invalid type: gift' })
  })
})

describe("actions: Massive's splits and dividends", () => {
  it('carry the factor that turns an older raw price into one of today', async () => {
    const rows = await massive(await setup(), '/stocks/v1/splits?sort=execution_date.asc')
    expect(rows.map((row) => [row.execution_date, row.split_to, row.historical_adjustment_factor])).toEqual([
      ['2024-03-06', 2, 0.071429],
      ['2024-05-06', 7, 0.142857],
    ])
    const [dividend] = await massive(lab as Lab, '/stocks/v1/dividends')
    expect(dividend).toMatchObject({
      cash_amount: 1.4,
      split_adjusted_cash_amount: 0.1,
      distribution_type: 'recurring',
    })
    expect(dividend?.historical_adjustment_factor).toBeLessThan(1)
  })

  it('filter by operators and refuse what they cannot read', async () => {
    const on = await setup()
    const dates = async (query: string) =>
      (await massive(on, `/stocks/v1/splits?${query}`)).map((row) => row.execution_date)
    expect(await dates('execution_date.gt=2024-03-06')).toEqual(['2024-05-06'])
    expect(await dates('execution_date.lte=2024-03-06')).toEqual(['2024-03-06'])
    expect(await dates('ticker.any_of=BBB,CCC')).toEqual([])
    expect(await massive(on, '/v3/reference/splits?reverse_split=true')).toEqual([])
    for (const query of ['execution_date.gt=March', 'limit=5001', 'sort=execution_date']) {
      const heard = await askMassive(on, `/stocks/v1/splits?${query}`)
      expect(heard.status).toBe(400)
      expect(heard.body).toMatchObject({ status: 'ERROR', error: expect.any(String) })
    }
  })

  it('know a renamed ticker by its new name only, and roughly when it changed', async () => {
    const on = await setup()
    const { body } = await askMassive(on, '/vX/reference/tickers/AAA/events?types=ticker_change')
    expect(body).toMatchObject({
      results: {
        events: [{ date: '2024-03-07', ticker_change: { ticker: 'AAA' } }, { ticker_change: { ticker: 'OLD' } }],
      },
    })
    const heard = await askMassive(on, '/v3/reference/tickers/OLD')
    expect([heard.status, heard.body]).toEqual([
      404,
      expect.objectContaining({ status: 'NOT_FOUND', message: 'Ticker not found.' }),
    ])
  })
})

describe('actions: split-adjusted bars at Alpaca', () => {
  it('have prices in cents and more volume before a split, and none of a split to come', async () => {
    const on = await setup()
    const day = async (dt: string, adjustment: string) =>
      (
        (await askAlpaca(on, { symbols: 'AAA', timeframe: '1Day', start: dt, end: dt, adjustment })).body as {
          bars: { AAA: { c: number; v: number; n: number }[] }
        }
      ).bars.AAA[0]
    const [raw, adjusted] = [await day('2024-03-05', 'raw'), await day('2024-03-05', 'split')]
    expect(adjusted).toMatchObject({
      c: Math.round(((raw?.c ?? 0) / 14) * 100) / 100,
      v: (raw?.v ?? 0) * 14,
      n: raw?.n,
    })
    expect((await day('2024-06-13', 'split'))?.c).toBe((await day('2024-06-13', 'raw'))?.c)
  })
})

describe('actions: sources of actions', () => {
  it('write ratios as whole numbers', () => {
    expect([2, 0.1, 1.5, 0.02].map(fraction)).toEqual([
      { from: 1, to: 2 },
      { from: 10, to: 1 },
      { from: 2, to: 3 },
      { from: 50, to: 1 },
    ])
  })

  it('of one seed say the same, and pay dividends every quarter', () => {
    const universe = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF'].map((symbol) => ({
      symbol,
      from: '2015-01-02',
      to: null,
    }))
    const make = () => syntheticActions({ seed: 3, universe, from: '2020-01-01', to: '2023-12-31' }).actions()
    expect(make()).toEqual(make())
    const dividends = make().filter((action) => action.kind === 'dividend' && !action.special)
    const payers = new Set(dividends.map((action) => action.symbol))
    expect(payers.size).toBeGreaterThan(0)
    for (const payer of payers) expect(dividends.filter((action) => action.symbol === payer)).toHaveLength(16)
  })

  it.skipIf(!existsSync(REFERENCE))('read the splits and dividends of the reference data', () => {
    folder = mkdtempSync(join(tmpdir(), 'lab-actions-'))
    for (const [name, target] of [
      ['corporate_actions', 'corporate_actions'],
      ['daily', 'bars/daily'],
    ] as const) {
      symlinkSync(join(REFERENCE, target), join(folder, name))
    }
    const actions = folderActions(folderBars(folder)).actions()
    expect(actions).toContainEqual(
      expect.objectContaining({ kind: 'split', symbol: 'IBM', exDt: '1999-05-27', from: 1, to: 2 }),
    )
    expect(actions).toContainEqual(
      expect.objectContaining({ kind: 'dividend', symbol: 'IBM', exDt: '1998-02-06', cash: 0.2, payDt: '1998-02-24' }),
    )
  })
})
