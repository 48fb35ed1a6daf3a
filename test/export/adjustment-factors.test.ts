import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { mergedSql } from '../../functions/_actions/merged-actions.ts'
import { type CellValue, withTable } from '../../functions/_lake/duck-table.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { adjustmentFactorsSql } from '../../functions/export/adjustment-factors.ts'
import { CALENDAR_COLUMNS, calendarRows, calendarSql } from '../../functions/export/calendar-table.ts'
import { smallLake, specOf } from '../qc-partition/small-lake.ts'

const REAL = resolve('../shared/data')
const [D1, D2, D3, D4] = ['2024-07-01', '2024-07-02', '2024-07-03', '2024-07-05'] as const

interface Filed {
  vendor?: string
  symbol?: string
  dt?: Dt
  kind: string
  id?: string
  cash?: number
  currency?: string
  old_shares?: number
  new_shares?: number
  subtype?: string
  other_symbol?: string
}
interface Close {
  symbol?: string
  dt: Dt
  close: number
}
type Factor = {
  symbol: string
  dt: Dt
  split_factor: number
  total_return_factor: number
  cumulative_split_factor: number
  cumulative_total_return_factor: number
  cash: number | null
  distribution: number | null
  previous_close: number | null
  previous_dt: Dt | null
  flags: string
}

let lake: Lake
beforeEach(async () => {
  lake = await smallLake()
})

const ACTION_COLUMNS = {
  vendor: 'VARCHAR',
  symbol: 'VARCHAR',
  dt: 'DATE',
  kind: 'VARCHAR',
  id: 'VARCHAR',
  effective_date: 'DATE',
  cash: 'DOUBLE',
  currency: 'VARCHAR',
  old_shares: 'DOUBLE',
  new_shares: 'DOUBLE',
  subtype: 'VARCHAR',
  other_symbol: 'VARCHAR',
  detail: 'VARCHAR',
}

/** Writes rows as a Parquet file, through a query over their table where one is given. */
async function write(
  name: string,
  columns: Record<string, string>,
  rows: CellValue[][],
  sqlOf = (table: string): string => `SELECT * FROM ${table}`,
): Promise<string> {
  const path = join(lake.root, 'tables', `${name}.parquet`)
  await mkdir(dirname(path), { recursive: true })
  await withTable(lake.duck, name, columns, rows, (table) =>
    lake.duck.run(`COPY (${sqlOf(table)}) TO ${sqlText(path)} (FORMAT parquet)`),
  )
  return path
}

/** The merged rows of statements, each of one vendor, all of one answer. */
const merged = (table: string): string =>
  mergedSql(
    `(SELECT *, 0 AS rank, 'epoch'::TIMESTAMP AS fetched_at, 0 AS file_row_number, '' AS filename, NULL::DATE AS first_seen, NULL::DATE AS withdrawn FROM ${table})`,
    specOf('corporate_actions').columns,
  )

/** The factors of actions on D3, unless they name another day; closes are of SPY unless they name another symbol. */
async function factorsOf(
  filed: readonly Filed[],
  closes: readonly Close[],
  spec = specOf('corporate_actions'),
): Promise<Factor[]> {
  const actions = filed.map(
    ({
      vendor = 'alpaca',
      symbol = 'SPY',
      dt = D3,
      kind,
      id = 'E1',
      cash,
      currency,
      old_shares,
      new_shares,
      subtype,
      other_symbol,
    }) => [
      vendor,
      symbol,
      dt,
      kind,
      id,
      dt,
      cash ?? null,
      currency ?? null,
      old_shares ?? null,
      new_shares ?? null,
      subtype ?? null,
      other_symbol ?? null,
      null,
    ],
  )
  const bars = closes.map(({ symbol = 'SPY', dt, close }) => [symbol, dt, close])
  return lake.duck.all<Factor>(
    adjustmentFactorsSql({
      actions: [await write('actions', ACTION_COLUMNS, actions, merged)],
      spec,
      bars: bars.length === 0 ? [] : [await write('bars', { symbol: 'VARCHAR', dt: 'DATE', close: 'DOUBLE' }, bars)],
      calendar: await write('calendar', CALENDAR_COLUMNS, calendarRows(), calendarSql),
    }),
  )
}

const AT_100: Close[] = [{ dt: D2, close: 100 }]

describe('adjustment factors: an action', () => {
  test.each<[string, Filed, number, number, string]>([
    ['a split of 2 for 1', { kind: 'split', old_shares: 1, new_shares: 2 }, 1 / 2, 1, ''],
    ['a split of 3 for 2', { kind: 'split', old_shares: 2, new_shares: 3 }, 2 / 3, 1, ''],
    ['a split of 7 for 1', { kind: 'split', old_shares: 1, new_shares: 7 }, 1 / 7, 1, ''],
    ['a reverse split of 1 for 8', { kind: 'split', old_shares: 8, new_shares: 1 }, 8, 1, ''],
    ['a reverse split of 1 for 20', { kind: 'split', old_shares: 20, new_shares: 1 }, 20, 1, ''],
    ['a split of 1.0027 for 1', { kind: 'split', old_shares: 1, new_shares: 1.0027 }, 1 / 1.0027, 1, ''],
    ['a stock dividend of 5 %', { kind: 'stock_dividend', old_shares: 1, new_shares: 0.05 }, 1 / 1.05, 1, ''],
    ['an ordinary dividend', { kind: 'cash_dividend', cash: 0.5 }, 1, 0.995, ''],
    ['a special dividend', { kind: 'cash_dividend', cash: 25, subtype: 'special' }, 1, 0.75, ''],
    ['a distribution of gains', { kind: 'capital_gains_distribution', cash: 4 }, 1, 0.96, ''],
    [
      'a dividend in another currency',
      { kind: 'cash_dividend', cash: 4, currency: 'CAD' },
      1,
      1,
      'OTHER_CURRENCY_NOT_APPLIED',
    ],
    ['a dividend of the whole price', { kind: 'cash_dividend', cash: 100 }, 1, 1, 'CASH_EXCEEDS_PRICE'],
    ['a dividend without its cash', { kind: 'cash_dividend' }, 1, 1, 'DIVIDEND_WITHOUT_CASH'],
    ['a split without its ratio', { kind: 'split', old_shares: 0, new_shares: 2 }, 1, 1, 'SPLIT_WITHOUT_RATIO'],
    ['a spin-off', { kind: 'spin_off', old_shares: 10, new_shares: 1 }, 1, 1, 'SPIN_OFF_NOT_APPLIED'],
    [
      'a distribution of rights',
      { kind: 'rights_distribution', new_shares: 1 },
      1,
      1,
      'RIGHTS_DISTRIBUTION_NOT_APPLIED',
    ],
    ['an action without a word', { kind: 'other' }, 1, 1, 'OTHER_NOT_APPLIED'],
    ['a unit split', { kind: 'unit_split', old_shares: 1, new_shares: 1 }, 1, 1, 'UNIT_SPLIT_NOT_APPLIED'],
    ['a merger for cash', { kind: 'cash_merger', cash: 10 }, 1, 1, 'CASH_MERGER_NOT_APPLIED'],
    ['a merger for stock', { kind: 'stock_merger', old_shares: 1, new_shares: 0.5 }, 1, 1, 'STOCK_MERGER_NOT_APPLIED'],
    [
      'a merger for both',
      { kind: 'stock_and_cash_merger', cash: 10, old_shares: 1, new_shares: 0.5 },
      1,
      1,
      'STOCK_AND_CASH_MERGER_NOT_APPLIED',
    ],
    ['a reorganization', { kind: 'reorganization', cash: 1 }, 1, 1, 'REORGANIZATION_NOT_APPLIED'],
  ])('%s has its factors', async (_, filed, split, total, flags) => {
    const [factor, ...more] = await factorsOf([filed], AT_100)
    expect(more).toEqual([])
    expect(factor).toMatchObject({ symbol: 'SPY', dt: D3, flags })
    expect(factor?.split_factor).toBeCloseTo(split, 12)
    expect(factor?.total_return_factor).toBeCloseTo(total, 12)
  })

  test.each(['name_change', 'redemption', 'worthless_removal', 'partial_call'])('%s has none', async (kind) => {
    expect(await factorsOf([{ kind, cash: 10, old_shares: 1, new_shares: 1 }], AT_100)).toEqual([])
  })

  const SPIN_OFF: Filed = { kind: 'spin_off', old_shares: 4, new_shares: 1, other_symbol: 'NEW' }

  test('a spin-off is worth the shares of the new company at its first close', async () => {
    const [factor] = await factorsOf(
      [SPIN_OFF],
      [...AT_100, { symbol: 'NEW', dt: D3, close: 80 }, { symbol: 'NEW', dt: D4, close: 1 }],
    )
    expect(factor).toMatchObject({ split_factor: 1, cash: null, distribution: 20, total_return_factor: 0.8, flags: '' })
  })

  test('a spin-off and a dividend of one day add up', async () => {
    const dividend: Filed = { kind: 'cash_dividend', cash: 5, id: 'E2' }
    const [factor] = await factorsOf([SPIN_OFF, dividend], [...AT_100, { symbol: 'NEW', dt: D3, close: 80 }])
    expect(factor).toMatchObject({ cash: 5, distribution: 20, total_return_factor: 0.75, flags: '' })
  })

  test('a new company that trades some days later is priced then, with a flag, and one that trades much later not at all', async () => {
    const at = async (dt: Dt) => (await factorsOf([SPIN_OFF], [...AT_100, { symbol: 'NEW', dt, close: 80 }]))[0]
    expect(await at(D4)).toMatchObject({ total_return_factor: 0.8, flags: 'SPIN_OFF_PRICED_LATER' })
    const nothing = { distribution: null, total_return_factor: 1, flags: 'SPIN_OFF_NOT_APPLIED' }
    expect(await at('2024-08-01')).toMatchObject(nothing)
    expect(await at(D2)).toMatchObject(nothing)
  })

  test('of two spin-offs of a day the one without a price is flagged, and the other one applied', async () => {
    const other: Filed = { ...SPIN_OFF, id: 'E2', other_symbol: 'OTHER' }
    const [factor] = await factorsOf([SPIN_OFF, other], [...AT_100, { symbol: 'NEW', dt: D3, close: 80 }])
    expect(factor).toMatchObject({ distribution: 20, total_return_factor: 0.8, flags: 'SPIN_OFF_NOT_APPLIED' })
  })

  test('the dividend carries its cash and the close it relates to', async () => {
    const [factor] = await factorsOf(
      [{ kind: 'cash_dividend', cash: 0.5 }],
      [{ dt: D1, close: 90 }, ...AT_100, { dt: D3, close: 99 }],
    )
    expect(factor).toMatchObject({ cash: 0.5, previous_close: 100, previous_dt: D2 })
  })

  test('several dividends of a day add up, and a split of the same day multiplies', async () => {
    const [factor] = await factorsOf(
      [
        { kind: 'cash_dividend', id: 'a', cash: 1 },
        { kind: 'cash_dividend', id: 'b', cash: 9, subtype: 'special' },
        { kind: 'split', id: 'c', old_shares: 1, new_shares: 2 },
      ],
      AT_100,
    )
    expect(factor).toMatchObject({
      cash: 10,
      total_return_factor: 0.9,
      split_factor: 0.5,
      cumulative_total_return_factor: 0.45,
      flags: '',
    })
  })
})

describe('adjustment factors: doubt', () => {
  test('the same action under two ids counts once', async () => {
    const [dividend] = await factorsOf(
      [
        { kind: 'cash_dividend', id: 'E1', cash: 1 },
        { kind: 'cash_dividend', id: 'E2', cash: 1 },
      ],
      AT_100,
    )
    expect(dividend).toMatchObject({ cash: 1, total_return_factor: 0.99, flags: '' })
    const twoForOne: Filed = { kind: 'split', old_shares: 1, new_shares: 2 }
    const [split] = await factorsOf(
      [
        { ...twoForOne, id: 'S1' },
        { ...twoForOne, id: 'S2' },
      ],
      AT_100,
    )
    expect(split).toMatchObject({ split_factor: 0.5, flags: '' })
  })

  test('one dividend of two vendors that round it and word it differently counts once', async () => {
    const [factor] = await factorsOf(
      [
        { kind: 'cash_dividend', id: 'E1', cash: 0.9834, subtype: 'recurring' },
        { vendor: 'massive', kind: 'cash_dividend', id: 'S9', cash: 0.98, currency: 'USD' },
      ],
      AT_100,
    )
    expect(factor).toMatchObject({ cash: 0.9834, flags: '' })
  })

  test('two ordinary dividends of a day with different cash contradict each other, and neither is applied', async () => {
    const [factor] = await factorsOf(
      [
        { kind: 'cash_dividend', id: 'E1', cash: 0.65 },
        { vendor: 'massive', kind: 'cash_dividend', id: 'S9', cash: 0.61 },
        { kind: 'cash_dividend', id: 'E2', cash: 4, subtype: 'special' },
      ],
      AT_100,
    )
    expect(factor).toMatchObject({ cash: 4, total_return_factor: 0.96, flags: 'CONTRADICTING_DIVIDENDS' })
  })

  test('one split filed as a split and as a stock dividend counts once', async () => {
    const [factor] = await factorsOf(
      [
        { kind: 'split', id: 'a', old_shares: 3, new_shares: 4 },
        { kind: 'stock_dividend', id: 'b', old_shares: 1, new_shares: 0.3333 },
      ],
      AT_100,
    )
    expect(factor?.split_factor).toBe(0.75)
  })

  test('two splits of a day with different ratios contradict each other, and neither is applied', async () => {
    const [factor] = await factorsOf(
      [
        { kind: 'split', id: 'a', old_shares: 1, new_shares: 2 },
        { kind: 'split', id: 'b', old_shares: 1, new_shares: 3 },
      ],
      AT_100,
    )
    expect(factor).toMatchObject({ split_factor: 1, flags: 'CONTRADICTING_SPLITS' })
  })

  test('a dividend without any earlier close is not applied, and one after a gap names the older close', async () => {
    const [none] = await factorsOf([{ kind: 'cash_dividend', cash: 1 }], [])
    expect(none).toMatchObject({ total_return_factor: 1, previous_close: null, flags: 'NO_PREVIOUS_CLOSE' })
    const [older] = await factorsOf([{ kind: 'cash_dividend', cash: 1 }], [{ dt: D1, close: 50 }])
    expect(older).toMatchObject({ total_return_factor: 0.98, previous_dt: D1, flags: 'PREVIOUS_CLOSE_IS_OLDER' })
  })

  test('a close of zero, or of another symbol, is no price', async () => {
    const [factor] = await factorsOf(
      [{ kind: 'cash_dividend', cash: 1 }],
      [
        { dt: D1, close: 50 },
        { dt: D2, close: 0 },
        { symbol: 'IBM', dt: D2, close: 7 },
      ],
    )
    expect(factor).toMatchObject({ previous_close: 50, previous_dt: D1 })
  })

  test('a configuration without the optional columns still gives split factors', async () => {
    const spec = specOf('corporate_actions')
    const columns = spec.columns.filter(({ name }) => !['cash', 'currency', 'subtype'].includes(name))
    const [factor] = await factorsOf([{ kind: 'split', old_shares: 1, new_shares: 4 }], AT_100, { ...spec, columns })
    expect(factor).toMatchObject({ split_factor: 0.25, cash: null })
  })
})

describe('adjustment factors: cumulative factors', () => {
  test('multiply from the newest ex-date back, symbol by symbol', async () => {
    const rows = await factorsOf(
      [
        { dt: D2, kind: 'split', old_shares: 1, new_shares: 2 },
        { dt: D3, kind: 'cash_dividend', cash: 10 },
        { dt: D4, kind: 'split', old_shares: 1, new_shares: 5 },
        { symbol: 'IBM', dt: D3, kind: 'split', old_shares: 3, new_shares: 1 },
      ],
      [
        { dt: D1, close: 200 },
        { dt: D2, close: 100 },
        { dt: D3, close: 90 },
      ],
    )
    expect(
      rows.map(({ symbol, dt, cumulative_split_factor, cumulative_total_return_factor }) => [
        symbol,
        dt,
        cumulative_split_factor,
        cumulative_total_return_factor,
      ]),
    ).toEqual([
      ['IBM', D3, 3, 3],
      ['SPY', D2, 0.1, 0.09000000000000001],
      ['SPY', D3, 0.2, 0.18000000000000002],
      ['SPY', D4, 0.2, 0.2],
    ])
  })
})

describe('adjustment factors: real prices of SPY and IBM, 1998 to 2021', () => {
  const csv = (path: string) => {
    const [head = '', ...lines] = readFileSync(join(REAL, path), 'utf8').trimEnd().split('\n')
    const names = head.trim().split(',')
    return lines.map((line) =>
      Object.fromEntries(
        line
          .trim()
          .split(',')
          .map((value, at) => [names[at], value] as const),
      ),
    )
  }

  test('equal an independent computation, and give the exact return across every ex-date', async (context) => {
    if (!existsSync(REAL)) return context.skip('reference data is absent: expected ../shared/data')
    const closes = ['SPY', 'IBM'].flatMap((symbol) =>
      csv(`bars/daily/${symbol}.csv`).map((row) => ({ symbol, dt: row.session ?? '', close: Number(row.close) })),
    )
    const dividends = csv('corporate_actions/dividends.csv').map((row, at) => ({
      symbol: row.symbol ?? '',
      dt: row.ex_date ?? '',
      kind: 'cash_dividend',
      id: `d${at}`,
      cash: Number(row.implied_dividend),
    }))
    const splits = csv('corporate_actions/splits.csv').map((row, at) => ({
      symbol: row.symbol ?? '',
      dt: row.ex_date ?? '',
      kind: 'split',
      id: `s${at}`,
      old_shares: 1,
      new_shares: Number(row.ratio_new_per_old),
    }))
    const rows = await factorsOf([...dividends, ...splits], closes)
    expect(rows).toHaveLength(dividends.length + splits.length)
    for (const symbol of ['SPY', 'IBM']) {
      const prices = closes.filter((one) => one.symbol === symbol)
      let total = 1
      for (const row of rows.filter((one) => one.symbol === symbol).toReversed()) {
        const at = prices.findIndex(({ dt }) => dt === row.dt)
        const [before, after] = [prices[at - 1]?.close ?? Number.NaN, prices[at]?.close ?? Number.NaN]
        const cash = dividends.find((one) => one.symbol === symbol && one.dt === row.dt)?.cash ?? 0
        const ratio = splits.find((one) => one.symbol === symbol && one.dt === row.dt)?.new_shares ?? 1
        total *= (1 / ratio) * (1 - cash / before)
        expect(Math.abs(row.cumulative_total_return_factor / total - 1)).toBeLessThan(1e-9)
        const later = total / ((1 / ratio) * (1 - cash / before))
        const adjusted = (after * later) / (before * row.cumulative_total_return_factor) - 1
        expect(adjusted).toBeCloseTo((after * ratio) / (before - cash) - 1, 9)
        if (row.cash !== null) expect(row.previous_close).toBe(before)
      }
    }
  })
})
