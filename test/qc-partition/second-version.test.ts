import { expect, test } from 'vitest'
import { secondVersions, versionKey } from '../../functions/qc-partition/second-version.ts'

const DT = '2024-07-03'
const version = (vendor: string, symbol = 'A') => ({ symbol, dt: DT, vendor })
const winners = new Map([[`A ${DT}`, version('alpaca')]])
const terms = {
  order: ['alpaca', 'massive', 'other'],
  refused: new Map<string, string>(),
  houseOf: (vendor: string) => vendor.split('_')[0]!,
}

test('second versions: a cell that one vendor has delivered has none', () => {
  expect(secondVersions([version('alpaca')], winners, terms)).toEqual([])
})

test('second versions: another feed of the same house is no second witness', () => {
  expect(secondVersions([version('alpaca'), version('alpaca_iex')], winners, terms)).toEqual([])
})

test('second versions: of several the one of the most preferred vendor is taken, a vendor that is not listed last', () => {
  const all = ['gone', 'other', 'massive', 'alpaca'].map((vendor) => version(vendor))
  expect(secondVersions(all, winners, terms)).toMatchObject([{ vendor: 'massive', isRefused: false }])
  expect(secondVersions([version('gone'), version('alpaca'), version('other')], winners, terms)).toMatchObject([
    { vendor: 'other' },
  ])
})

test('second versions: one that was refused may return only where all it was refused for is settled by two that agree', () => {
  const refusedFor = (flags: string) =>
    secondVersions([version('alpaca'), version('massive')], winners, {
      ...terms,
      refused: new Map([[versionKey('massive', 'A', DT), flags]]),
    })
  expect(refusedFor('BAD_PRINT,VENDORS_PRICE_DIFFERS')).toMatchObject([{ isRefused: true, mayReturn: true }])
  expect(refusedFor('BAD_PRINT,OHLC_ORDER')).toMatchObject([{ isRefused: true, mayReturn: false }])
  expect(refusedFor('DAMAGED')).toMatchObject([{ isRefused: true, mayReturn: false }])
})
