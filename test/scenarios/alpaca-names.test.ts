import { describe, expect, it } from 'vitest'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { StocksRequest } from '../../functions/_vendors/alpaca/request.ts'
import { canonicalSymbolsOf, vendorTicker } from '../../functions/_vendors/alpaca/ticker-format.ts'
import type { Names } from '../../functions/_vendors/vendor.ts'
import { asking, daily, page } from '../_vendors/alpaca/asking.ts'
import { termsOf, want } from '../_vendors/contract.ts'
import { inOrder, NOW } from '../_vendors/scripted-vendor.ts'

const NAMES: Record<string, Names> = {
  META: { until: null, was: [{ symbol: 'FB', to: '2022-06-08' }] },
  PXD: { until: '2024-05-02', was: [] },
  ATVI: { until: '2023-10-12', was: [] },
  SOON: { until: '2024-09-30', was: [] },
}
const TERMS = { ...termsOf('equities_bars', NOW), names: NAMES }
const planned = (symbol: string, ...others: string[]) => {
  const plan = alpaca.plan(
    want(symbol, '2022-06-07'),
    others.map((other) => want(other, '2022-06-07')),
    TERMS,
  )
  return { wants: plan.wants.map((one) => one.symbol), request: StocksRequest.parse(plan.request) }
}

describe('alpaca names: whose ticker it is', () => {
  it('is said of today for the living, who ride together', () => {
    const { wants, request } = planned('META', 'AAPL', 'ATVI', 'PXD')
    expect(wants).toEqual(['META', 'AAPL'])
    expect(request.asof).toBe('2024-06-14')
  })

  it('is said of the last day for a delisted company, which rides with nobody of another day', () => {
    const { wants, request } = planned('PXD', 'AAPL', 'ATVI')
    expect(wants).toEqual(['PXD'])
    expect(request.asof).toBe('2024-05-02')
  })

  it('is never said of a day to come', () => {
    const { wants, request } = planned('SOON', 'AAPL')
    expect(wants).toEqual(['SOON', 'AAPL'])
    expect(request.asof).toBe('2024-06-14')
  })

  it('is said of today in New York, not in Greenwich', () => {
    const plan = alpaca.plan(want('AAPL', '2024-06-03'), [], termsOf('equities_bars', Date.UTC(2024, 5, 15, 3)))
    expect(StocksRequest.parse(plan.request).asof).toBe('2024-06-14')
  })

  it('lets the years as FB come back under META', async () => {
    const days = ['2022-06-07', '2022-06-08', '2022-06-09']
    const answer = await asking(
      days.map((dt) => want('META', dt)),
      inOrder([page({ META: days.map((dt) => daily(dt)) }, null)]),
      TERMS,
    )
    expect(answer.asked[0]?.searchParams.get('symbols')).toBe('META')
    expect(answer.asked[0]?.searchParams.get('asof')).toBe('2024-06-14')
    expect([...answer.rows.keys()]).toEqual(days.map((dt) => `META ${dt}`))
  })
})

describe("alpaca names: Alpaca's spelling", () => {
  it('is the canonical one but for the dash, and leads back to every symbol', () => {
    const symbols = ['AAPL', 'BRK.A', 'BRK-B', 'BAC.PRL', 'XYZ.WS', 'XYZ.U']
    expect(symbols.map(vendorTicker)).toEqual(['AAPL', 'BRK.A', 'BRK.B', 'BAC.PRL', 'XYZ.WS', 'XYZ.U'])
    expect(symbols.map((symbol) => canonicalSymbolsOf(symbols).get(vendorTicker(symbol)))).toEqual(symbols)
  })

  it('puts rows under the canonical symbol', async () => {
    const answer = await asking(
      [want('BRK-B', '2024-06-03')],
      inOrder([page({ 'BRK.B': [daily('2024-06-03')] }, null)]),
    )
    expect(answer.asked[0]?.searchParams.get('symbols')).toBe('BRK.B')
    expect([...answer.rows.keys()]).toEqual(['BRK-B 2024-06-03'])
    expect(answer.unrequested).toEqual([])
  })

  it('never puts two symbols of one spelling into one question', () => {
    const { wants } = planned('BRK-B', 'BRK.A', 'BRK.B')
    expect(wants).toEqual(['BRK-B', 'BRK.A'])
  })

  it('is the order of pages: what the vendor sorts first is complete, what we would sort first is not', async () => {
    // As text BRK-B comes before BRK.A, at the vendor BRK.B comes behind it.
    const answer = await asking(
      [want('BRK-B', '2024-06-03'), want('BRK.A', '2024-06-03'), want('BRK.A', '2024-06-04')],
      inOrder([page({ 'BRK.A': [daily('2024-06-03'), daily('2024-06-04')] }, 'one'), { status: 500 }]),
    )
    expect([...answer.complete]).toEqual(['BRK.A 2024-06-03'])
  })

  it('is what a refusal names', async () => {
    const answer = await asking(
      [want('BRK-B', '2024-06-03'), want('AAPL', '2024-06-03')],
      inOrder([
        { status: 400, body: { message: 'invalid symbol: BRK.B' } },
        page({ AAPL: [daily('2024-06-03')] }, null),
      ]),
    )
    expect(answer.asked[1]?.searchParams.get('symbols')).toBe('AAPL')
    expect(answer.faults.get('BRK-B 2024-06-03')?.fault).toBe('not_entitled')
    expect([...answer.complete]).toEqual(['AAPL 2024-06-03'])
  })
})
