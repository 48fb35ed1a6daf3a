import { describe, expect, it } from 'vitest'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { alpaca } from '../../../functions/_vendors/alpaca/index.ts'
import { ActionsRequest, actionsAddress } from '../../../functions/_vendors/alpaca/request.ts'
import type { CallPlan } from '../../../functions/_vendors/vendor.ts'
import { expectSoundPlan, termsOf, want } from '../contract.ts'
import { NOW } from '../scripted-vendor.ts'

const TERMS = termsOf('corporate_actions', NOW)
const requestOf = (made: CallPlan): ActionsRequest => ActionsRequest.parse(made.request)
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `S${String(i).padStart(3, '0')}`)

describe('alpaca actions plan: the rectangle of corporate actions', () => {
  it('is twenty years of two hundred symbols in one plan of few calls', () => {
    const symbols = names(200)
    const years = calendarOf('xnys').sessions('2004-06-14', '2024-06-13')
    const wants = years.flatMap((dt) => symbols.map((symbol) => want(symbol, dt)))
    const [head, ...others] = wants
    const made = alpaca.plan(head!, others, TERMS)
    expect(made.wants.length).toBe(wants.length)
    expect(made.expectedCalls).toBeLessThan(30)
    expect(made.isResumable).toBe(true)
    expect(requestOf(made)).toMatchObject({ from: years[0], to: years.at(-1), limit: 1000 })
  })

  it('holds the head, the symbols of its day, their later days and nothing else, always the same', () => {
    const head = want('MSFT', '2024-03-05')
    const others = [
      want('AAPL', '2024-03-04'),
      want('AAPL', '2024-03-05'),
      want('ZZZ', '2024-03-06'),
      want('AAPL', '2024-05-01'),
      want('MSFT', '2024-06-03'),
    ]
    const made = alpaca.plan(head, others, TERMS)
    expectSoundPlan(made, head, others)
    expect(made.wants).toEqual([head, others[1], others[3], others[4]])
    expect(alpaca.plan(head, others, TERMS)).toEqual(made)
    expect(alpaca.plan(head, others, { ...TERMS, now: NOW + 60_000 })).toEqual(made)
  })

  it('asks by process date: from a month before the first effective day to half a year behind the last', () => {
    // 2024-01-02 follows a long weekend, so what took effect since 2023-12-30 is its.
    const made = alpaca.plan(want('AAPL', '2024-01-02'), [want('AAPL', '2024-01-05')], TERMS)
    expect(requestOf(made)).toMatchObject({ start: '2023-11-30', end: '2024-07-03' })
    expect(made.speaksFor).toEqual({ processed: { from: '2023-11-30', to: '2024-07-03' } })
  })

  it('names every ticker a symbol ever had, as the vendor spells it, each once', () => {
    const had = (symbol: string, to: string) => ({ until: null, was: [{ symbol, to }] })
    const terms = { ...TERMS, names: { META: had('FB', '2022-06-08'), 'BRK-B': had('BRK-X', '2001-01-03') } }
    const made = alpaca.plan(want('META', '2024-01-02'), [want('BRK-B', '2024-01-02'), want('FB', '2024-01-02')], terms)
    expect(requestOf(made)).toMatchObject({
      symbols: ['BRK-B', 'FB', 'META'],
      tickers: ['BRK.B', 'BRK.X', 'FB', 'META'],
    })
  })

  it('keeps to the tickers a call may name, and the address below eight thousand bytes', () => {
    const symbols = names(900).map((name) => `${name}.PRA`)
    const was = (symbol: string) => ({ until: null, was: [{ symbol: `OLD${symbol}`, to: '2001-01-03' }] })
    const terms = {
      ...termsOf('corporate_actions', NOW, { symbolsPerCall: 5000 }),
      names: Object.fromEntries(symbols.map((symbol) => [symbol, was(symbol)])),
    }
    const wants = symbols.map((symbol) => want(symbol, '2024-01-02'))
    const made = alpaca.plan(wants[0]!, wants.slice(1), terms)
    const { path, query } = actionsAddress(requestOf(made), 'x'.repeat(200))
    expect(`https://data.alpaca.markets${path}?${new URLSearchParams(query)}`.length).toBeLessThan(8000)
    expect(made.wants.length).toBeGreaterThan(200)
    const few = { ...terms, shape: { ...terms.shape, symbolsPerCall: 5 } }
    expect(alpaca.plan(wants[0]!, wants.slice(1), few).wants.length).toBe(2)
  })
})
