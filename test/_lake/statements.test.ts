import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readRawCells } from '../../functions/_lake/file-parts.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { type Asking, stands } from '../../functions/_lake/statements.ts'
import { writeCells } from '../../functions/_lake/write-cells.ts'
import type { Action, Row } from '../../functions/_market/row.ts'
import { action, dropLake, from, specOf, tempLake } from './lake-fixture.ts'

const DT = '2024-07-03'
const HOUR = 3_600_000
const EVENING = from('alpaca').fetchedAt
const SPEC = specOf('corporate_actions')

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

/** Keeps a complete answer for one cell; `hour` counts from the first evening. */
async function keep(rows: Row[], asof: string, hour = 0, more: Partial<Asking> = {}, known: string | null = null) {
  const at = EVENING + hour * HOUR
  const provenance = from('alpaca', { adjustment: 'none', fetchedAt: at })
  const asking: Asking = { asof, askedAt: at, speaksFor: () => true, ...more }
  const [kept] = await writeCells(
    lake,
    SPEC,
    'corporate_actions',
    provenance,
    [{ symbol: 'SPY', dt: DT, rows, known }],
    null,
    asking,
  )
  return kept!
}

/** What raw holds, `id cash first_seen` a line, with the day of the withdrawal. */
async function stored(): Promise<string[]> {
  const cells = await readRawCells(lake, SPEC, 'corporate_actions', 'alpaca', [{ symbol: 'SPY', dt: DT }])
  return ([...cells.values()].flat() as Action[])
    .map(({ id, new_shares, first_seen, withdrawn }) =>
      [id, new_shares, first_seen, withdrawn].filter((value) => value != null).join(' '),
    )
    .sort()
}
const split = (id: string, new_shares = 4): Action => action(id, DT, { new_shares })

describe('statements: a complete answer', () => {
  test('that lacks an action withdraws it, and raw keeps the action with the day', async () => {
    const first = await keep([split('a'), split('b')], '2024-07-03')
    const second = await keep([split('b')], '2024-07-05', 24)
    expect(second).toMatchObject({ verdict: 'replaced', rows: 2, previous: first.digest })
    expect(await stored()).toEqual(['a 4 2024-07-03 2024-07-05', 'b 4 2024-07-03'])
  })

  test('without a row withdraws all, once, and is the same when it comes again', async () => {
    await keep([split('a')], '2024-07-03')
    const gone = await keep([], '2024-07-05', 24)
    expect(gone).toMatchObject({ verdict: 'replaced', rows: 1 })
    const again = await keep([], '2024-07-08', 48, {}, gone.digest)
    expect(again).toMatchObject({ verdict: 'same', rows: 1, digest: gone.digest })
    expect(await stored()).toEqual(['a 4 2024-07-03 2024-07-05'])
  })

  test('without a row about a cell of which nothing is known writes nothing', async () => {
    expect(await keep([], '2024-07-05')).toMatchObject({ verdict: 'same', rows: 0, previous: null })
    expect(await stored()).toEqual([])
  })

  test('that has a withdrawn action again restores it, first seen as before', async () => {
    await keep([split('a')], '2024-07-03')
    await keep([], '2024-07-05', 24)
    await keep([split('a', 5)], '2024-07-10', 72)
    expect(await stored()).toEqual(['a 5 2024-07-03'])
  })

  test('that changes an action keeps when it was first seen, and sees a new one with its own night', async () => {
    await keep([split('a')], '2024-07-03')
    await keep([split('a', 5), split('b')], '2024-07-05', 24)
    expect(await stored()).toEqual(['a 5 2024-07-03', 'b 4 2024-07-05'])
  })

  test('that repeats what is known changes nothing, whenever it was first seen', async () => {
    const first = await keep([split('a')], '2024-07-03')
    expect(await keep([split('a')], '2024-07-05', 24)).toMatchObject({ verdict: 'same', digest: first.digest })
    expect(await stored()).toEqual(['a 4 2024-07-03'])
  })
})

describe('statements: an answer that withdraws nothing', () => {
  test('was asked for before the action was stored', async () => {
    await keep([split('a')], '2024-07-05', 24)
    await keep([split('b')], '2024-07-03', 25, { askedAt: EVENING })
    expect(await stored()).toEqual(['a 4 2024-07-05', 'b 4 2024-07-03'])
  })

  test('does not speak for the action', async () => {
    await keep([split('a')], '2024-07-03')
    expect(await keep([], '2024-07-05', 24, { speaksFor: () => false })).toMatchObject({ verdict: 'same', rows: 1 })
    expect(await stored()).toEqual(['a 4 2024-07-03'])
  })

  test('arrives late, and neither restores what was withdrawn since nor undoes what was corrected since', async () => {
    await keep([split('a'), split('b')], '2024-07-03')
    await keep([split('b', 5)], '2024-07-05', 24)
    await keep([split('a'), split('b')], '2024-07-03', 25, { askedAt: EVENING })
    expect(await stored()).toEqual(['a 4 2024-07-03 2024-07-05', 'b 5 2024-07-03'])
  })
})

test('statements: an action stands until it is withdrawn, and any other row stands', () => {
  expect([split('a'), { ...split('a'), withdrawn: null }, { ...split('a'), withdrawn: DT }].map(stands)).toEqual([
    true,
    true,
    false,
  ])
})
