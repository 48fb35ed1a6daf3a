import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SymbolText } from '../../../functions/_market/cell.ts'
import { canonicalSymbol, vendorTicker } from '../../../functions/_vendors/massive/ticker-format.ts'

const word = fc.stringMatching(/^[A-Z0-9]{1,4}$/)
const suffix = fc.oneof(word, fc.constantFrom('PR', 'PRA', 'PRL', 'WS', 'U', 'A', 'B', 'PRAB'))
const ticker = fc.tuple(word, fc.array(suffix, { maxLength: 2 })).map(([root, rest]) => [root, ...rest].join('.'))

describe("massive ticker format: Massive's spelling of tickers", () => {
  it.each([
    ['AAPL', 'AAPL'],
    ['BRK.B', 'BRK.B'],
    ['BAC.PRL', 'BACpL'],
    ['BAC.PR', 'BACp'],
    ['XYZ.WS', 'XYZ.WS'],
    ['XYZ.U', 'XYZ.U'],
    ['X.PROP', 'X.PROP'],
  ])('%s is %s, and back', (canonical, spelling) => {
    expect(vendorTicker(canonical)).toBe(spelling)
    expect(canonicalSymbol(spelling)).toBe(canonical)
  })

  it('a dash is asked for as a dot', () => {
    expect(vendorTicker('BRK-B')).toBe('BRK.B')
    expect(vendorTicker('BAC-PRL')).toBe('BACpL')
  })

  it('no two canonical tickers share one, and what was spelled can be read', () => {
    fc.assert(
      fc.property(ticker, (one) => {
        fc.pre(SymbolText.safeParse(one).success)
        expect(canonicalSymbol(vendorTicker(one))).toBe(one)
      }),
    )
  })

  it('what can be read is spelled the same again', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z0-9.p]{1,8}$/), (text) => {
        const read = canonicalSymbol(text)
        if (read !== null) expect(vendorTicker(read)).toBe(text)
      }),
    )
  })

  it.each(['KIMrt', 'aapl', 'BACpl', 'BACpLA', 'BAC.PRL', '', 'BRK-B', 'I:SPX', 'A..B', 'ApBpC'])(
    '%s is nobody we could name',
    (text) => {
      expect(canonicalSymbol(text)).toBeNull()
    },
  )
})
