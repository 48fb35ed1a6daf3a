import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mergedSql } from '../../functions/_actions/merged-actions.ts'
import { type CellValue, withTable } from '../../functions/_lake/duck-table.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { dropLake, specOf, tempLake } from '../_lake/lake-fixture.ts'

const [DT, NEXT] = ['2024-07-03', '2024-07-05'] as const
const COLUMNS = {
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
  other_symbol: 'VARCHAR',
  subtype: 'VARCHAR',
  detail: 'VARCHAR',
  first_seen: 'DATE',
  withdrawn: 'DATE',
  fetched_at: 'TIMESTAMP',
  filename: 'VARCHAR',
} as const
type Statement = Partial<Record<keyof typeof COLUMNS, CellValue>>

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

type Merged = Record<string, unknown>

/** The merged rows. Massive is preferred to alpaca. */
async function mergedRows(statements: readonly Statement[], spec = specOf('corporate_actions')): Promise<Merged[]> {
  const defaults = { vendor: 'alpaca', symbol: 'SPY', dt: DT, kind: 'cash_dividend', fetched_at: '2024-07-03 23:00:00' }
  const rows = statements.map((statement) => {
    const filled: Statement = { ...defaults, filename: 'a', ...statement }
    return Object.keys(COLUMNS).map((name) => filled[name as keyof typeof COLUMNS] ?? null)
  })
  return withTable(lake.duck, 'statements', COLUMNS, rows, (table) => {
    const statementRows = `(SELECT *, row_number() OVER () AS file_row_number, IF(vendor = 'massive', 0, 1) AS rank FROM ${table})`
    return lake.duck.all<Merged>(
      `SELECT * FROM (${mergedSql(statementRows, spec.columns)}) ORDER BY symbol, dt, kind, id`,
    )
  })
}

/** The same, a line a row: `kind size sources`, with `!` where it contradicts another. */
const merged = async (statements: readonly Statement[], spec = specOf('corporate_actions')): Promise<string[]> =>
  (await mergedRows(statements, spec)).map(({ dt, kind, cash, old_shares, new_shares, sources, contradicts }) => {
    const size = cash ?? (old_shares === null ? '-' : `${new_shares}:${old_shares}`)
    return `${dt === DT ? '' : `${dt} `}${kind} ${size} ${sources}${contradicts ? ' !' : ''}`
  })

const split = (id: string, old_shares: number, new_shares: number, more: Statement = {}): Statement => ({
  id,
  kind: 'split',
  old_shares,
  new_shares,
  ...more,
})

describe('merged actions: one action', () => {
  test.each<[string, Statement[], string[]]>([
    [
      'under two ids of one vendor',
      [
        { id: 'E1', cash: 0.98 },
        { id: 'E2', cash: 0.98 },
      ],
      ['cash_dividend 0.98 alpaca:E1,alpaca:E2'],
    ],
    [
      'of two vendors, of which one rounds to cents, has the terms of the preferred one',
      [
        { id: 'E1', cash: 0.98, subtype: 'recurring', effective_date: DT },
        { id: 'S9', vendor: 'massive', cash: 0.9834, currency: 'USD', effective_date: '2024-07-02' },
      ],
      ['cash_dividend 0.9834 alpaca:E1,massive:S9'],
    ],
    [
      'with another word of what sort it is',
      [
        { id: 'E1', cash: 5, subtype: 'special' },
        { id: 'S9', vendor: 'massive', cash: 5, subtype: 'irregular' },
      ],
      ['cash_dividend 5 alpaca:E1,massive:S9'],
    ],
    [
      'whose ratio is written in other numbers',
      [split('a', 1, 4), split('b', 25, 100), split('c', 1, 4.0001, { vendor: 'massive' })],
      ['split 4.0001:1 alpaca:a,alpaca:b,massive:c'],
    ],
    [
      'whose reverse ratio is rounded to four decimals',
      [split('a', 12, 1), split('b', 1, 0.0833, { vendor: 'massive' })],
      ['split 0.0833:1 alpaca:a,massive:b'],
    ],
    [
      'that is a stock dividend, whose new shares come on top',
      [
        { ...split('a', 1, 0.05), kind: 'stock_dividend' },
        { ...split('b', 100, 5, { vendor: 'massive' }), kind: 'stock_dividend' },
      ],
      ['stock_dividend 5:100 alpaca:a,massive:b'],
    ],
    [
      'that has no numbers',
      [
        { id: 'a', kind: 'name_change', other_symbol: 'FB' },
        { id: 'b', vendor: 'massive', kind: 'name_change', other_symbol: 'FB' },
      ],
      ['name_change - alpaca:a,massive:b'],
    ],
    [
      'that the vendor states anew, as the newest answer has it',
      [
        { id: 'E1', cash: 0.5, fetched_at: '2024-07-09 23:00:00' },
        { id: 'E1', cash: 0.4 },
      ],
      ['cash_dividend 0.5 alpaca:E1'],
    ],
  ])('%s is one row', async (_, statements, rows) => {
    expect(await merged(statements)).toEqual(rows)
    expect(await merged(statements.toReversed())).toEqual(rows)
  })

  test('was first seen with its first statement', async () => {
    const rows = await mergedRows([
      { id: 'E1', cash: 1, first_seen: '2024-07-08' },
      { id: 'S9', vendor: 'massive', cash: 1, first_seen: '2024-07-03' },
      { id: 'S8', vendor: 'massive', cash: 1 },
    ])
    expect(rows).toMatchObject([{ seen: '2024-07-03' }])
  })
})

describe('merged actions: two actions', () => {
  test.each<[string, Statement[], string[]]>([
    [
      'an ordinary and a special dividend of a day',
      [
        { id: 'E1', cash: 0.5 },
        { id: 'E2', cash: 15, subtype: 'special' },
        { id: 'S1', vendor: 'massive', cash: 15, subtype: 'supplemental' },
      ],
      ['cash_dividend 0.5 alpaca:E1', 'cash_dividend 15 alpaca:E2,massive:S1'],
    ],
    [
      'dividends in two currencies',
      [
        { id: 'E1', cash: 4, currency: 'CAD' },
        { id: 'E2', cash: 4 },
      ],
      ['cash_dividend 4 alpaca:E1', 'cash_dividend 4 alpaca:E2'],
    ],
    [
      'two children that are spun off',
      [
        split('a', 1, 1, { kind: 'spin_off', other_symbol: 'B' }),
        split('b', 1, 1, { kind: 'spin_off', other_symbol: 'C' }),
      ],
      ['spin_off 1:1 alpaca:a', 'spin_off 1:1 alpaca:b'],
    ],
    [
      'what nobody has a word for',
      [
        { id: 'a', kind: 'other', subtype: 'tender_offers', detail: '{"rate":1}' },
        { id: 'b', kind: 'other', subtype: 'tender_offers', detail: '{"rate":2}' },
      ],
      ['other - alpaca:a', 'other - alpaca:b'],
    ],
    [
      'the dividends of two quarters under one id',
      [
        { id: 'E1', cash: 0.5 },
        { id: 'E1', cash: 0.5, dt: '2024-10-03', fetched_at: '2024-10-03 23:00:00' },
      ],
      ['cash_dividend 0.5 alpaca:E1', '2024-10-03 cash_dividend 0.5 alpaca:E1'],
    ],
    [
      'one id on two days of one answer',
      [
        { id: 'E1', cash: 0.5 },
        { id: 'E1', cash: 0.5, dt: NEXT },
      ],
      ['cash_dividend 0.5 alpaca:E1', `${NEXT} cash_dividend 0.5 alpaca:E1`],
    ],
  ])('%s are two rows and no contradiction', async (_, statements, rows) => {
    expect(await merged(statements)).toEqual(rows)
  })
})

describe('merged actions: a contradiction', () => {
  test.each<[string, Statement[], string[]]>([
    [
      'amounts that differ by more than rounding',
      [
        { id: 'E1', cash: 0.65 },
        { id: 'S9', vendor: 'massive', cash: 0.61, subtype: 'recurring' },
      ],
      ['cash_dividend 0.65 alpaca:E1 !', 'cash_dividend 0.61 massive:S9 !'],
    ],
    [
      'ratios that differ by a cent',
      [split('a', 1, 1.0027), split('b', 1, 1.01)],
      ['split 1.0027:1 alpaca:a !', 'split 1.01:1 alpaca:b !'],
    ],
    [
      'a split up and down',
      [split('a', 1, 8), split('b', 8, 1, { vendor: 'massive' })],
      ['split 8:1 alpaca:a !', 'split 1:8 massive:b !'],
    ],
    [
      'two earlier names',
      [
        { id: 'a', kind: 'name_change', other_symbol: 'FB' },
        { id: 'b', kind: 'name_change', other_symbol: 'FBK' },
      ],
      ['name_change - alpaca:a !', 'name_change - alpaca:b !'],
    ],
    [
      'two ratios of one spin-off',
      [
        split('a', 10, 1, { kind: 'spin_off', other_symbol: 'B' }),
        split('b', 8, 1, { kind: 'spin_off', other_symbol: 'B', vendor: 'massive' }),
      ],
      ['spin_off 1:10 alpaca:a !', 'spin_off 1:8 massive:b !'],
    ],
  ])('%s keeps both statements', async (_, statements, rows) => {
    expect(await merged(statements)).toEqual(rows)
  })
})

describe('merged actions: what stands', () => {
  test('a statement that its vendor withdrew is none, and that of another vendor stays', async () => {
    expect(await merged([{ id: 'E1', cash: 1, withdrawn: NEXT }])).toEqual([])
    expect(
      await merged([
        { id: 'E1', cash: 1, withdrawn: NEXT },
        { id: 'S9', vendor: 'massive', cash: 1 },
      ]),
    ).toEqual(['cash_dividend 1 massive:S9'])
  })

  test('an action whose id its vendor states for another day since is one action, on that day', async () => {
    const moved = { id: 'E1', cash: 1, dt: NEXT, fetched_at: '2024-07-10 23:00:00' }
    expect(await merged([{ id: 'E1', cash: 1 }, moved])).toEqual([`${NEXT} cash_dividend 1 alpaca:E1`])
    expect(
      await merged([
        { id: 'E1', cash: 1 },
        { ...moved, withdrawn: '2024-07-11' },
      ]),
    ).toEqual(['cash_dividend 1 alpaca:E1'])
    expect(
      await merged([
        { id: 'E1', cash: 1 },
        { ...moved, vendor: 'massive' },
      ]),
    ).toEqual(['cash_dividend 1 alpaca:E1', `${NEXT} cash_dividend 1 massive:E1`])
  })
})

test('merged actions: a configuration without the optional columns merges what it has', async () => {
  const spec = specOf('corporate_actions')
  const columns = spec.columns.filter(({ name }) => !['currency', 'subtype', 'other_symbol', 'detail'].includes(name))
  expect(await merged([split('a', 1, 2), split('b', 2, 4)], { ...spec, columns })).toEqual([
    'split 2:1 alpaca:a,alpaca:b',
  ])
})
