import { describe, expect, test } from 'vitest'
import { OptionError } from './arguments.ts'
import { type Options, readOptions } from './options.ts'
import { setScene, withSplit } from './scenario.ts'

const options = (...argv: string[]): Options => readOptions(argv) as Options

const entry = (symbol: string, from: string, to: string | null = null) => ({ symbol, from, to })
const SESSIONS = ['2024-06-06', '2024-06-07', '2024-06-10', '2024-06-11']

describe('scenario: the split of a night', () => {
  const splitsOf = (universe: ReturnType<typeof withSplit>) =>
    universe.flatMap(({ symbol, splits = [] }) => splits.map((split) => ({ symbol, ...split })))

  test('the well-known split is shown where the universe has the company', () => {
    const universe = [entry('SPY', '1993-01-29'), entry('NVDA', '1999-01-22')]
    expect(splitsOf(withSplit(universe, ['SPY'], SESSIONS))).toEqual([
      { symbol: 'NVDA', exDt: '2024-06-10', ratio: 10 },
    ])
  })

  test('another company splits half-way where it is not there, and not one with options if another can', () => {
    const universe = [entry('SPY', '1993-01-29'), entry('NEW', '2024-06-10'), entry('KO', '1990-01-02')]
    const split = { exDt: '2024-06-10', ratio: 4 }
    expect(splitsOf(withSplit(universe, ['SPY'], SESSIONS))).toEqual([{ symbol: 'KO', ...split }])
    expect(splitsOf(withSplit(universe.slice(0, 1), ['SPY'], SESSIONS))).toEqual([{ symbol: 'SPY', ...split }])
  })

  test('one session has no price before a split, so nobody splits', () => {
    expect(splitsOf(withSplit([entry('NVDA', '1999-01-22')], [], SESSIONS.slice(2, 3)))).toEqual([])
  })

  test('the default night serves it as a corporate action', async () => {
    const { sources } = await setScene(options('--seed', '7'))
    const splits = sources.actions?.alpaca?.actions().filter(({ kind }) => kind === 'split')
    expect(splits).toMatchObject([{ symbol: 'NVDA', exDt: '2024-06-10', from: 1, to: 10 }])
  })
})

test('scenario: an unknown symbol is refused with the symbols that are there', async () => {
  const refused = await setScene(options('--symbols', 'SPY,NOSUCH')).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(OptionError)
  expect((refused as Error).message).toMatch(
    /^--symbols: nobody has NOSUCH; config\/universe.yaml has SPY, QQQ, .*PXD$/,
  )
})
