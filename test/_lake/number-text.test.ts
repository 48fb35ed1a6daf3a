import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MOST_DIGITS, writeNumber } from '../../functions/_lake/number-text.ts'

function written(value: number): string {
  const bytes = Buffer.alloc(3 + MOST_DIGITS)
  return bytes.toString('latin1', 3, writeNumber(bytes, 3, value))
}

test('a number is written as JSON writes it', () => {
  for (const value of [0, -0, 1, 9, 10, 0.5, 0.000001, 0.0000001, 12.3456789, 999_999_999, 999_999_999.999999, 1e9])
    expect(written(value)).toBe(JSON.stringify(value))
  for (const value of [1e9 + 0.5, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e21, -1, -0.25, 5e-324, -1.7976931348623157e308])
    expect(written(value)).toBe(JSON.stringify(value))
})

test('so is every other', () => {
  const decimals = fc
    .tuple(fc.maxSafeNat(), fc.integer({ min: 0, max: 9 }))
    .map(([digits, places]) => digits / 10 ** places)
  const neighbours = decimals.map((value) => value * (1 + Number.EPSILON))
  const numbers = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.nat({ max: 1e12 }).map((digits) => digits / 1e4),
    decimals,
    neighbours,
  )
  fc.assert(
    fc.property(numbers, (value) => {
      expect(written(value)).toBe(JSON.stringify(value))
    }),
    { numRuns: 5_000 },
  )
})
