import { relative, sep } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bundleFolder,
  curatedFile,
  latestLink,
  ledgerFile,
  ledgerFragment,
  manifestFile,
  rawFile,
  rawFileParts,
  rawFiles,
  stagingFolder,
  stateFile,
} from '../../functions/_lake/paths.ts'
import { decodeSymbol, encodeSymbol, folderNames } from '../../functions/_lake/symbol-name.ts'

const ROOT = '/data'

test('paths are those of the agreed tree', () => {
  expect(rawFile(ROOT, 'alpaca', 'equities_bars_minute', 'date-symbol', '2024-07-03', 'BRK.B')).toBe(
    '/data/raw/alpaca/equities_bars_minute/date=2024-07-03/symbol=BRK.B/data.parquet',
  )
  expect(rawFile(ROOT, 'fred', 'macro_treasury', 'date', '2024-07-03', 'UST')).toBe(
    '/data/raw/fred/macro_treasury/date=2024-07-03/data.parquet',
  )
  expect(manifestFile(ROOT, 'alpaca', 'equities_bars', '2024-07-04')).toBe(
    '/data/manifests/alpaca/equities_bars/manifest-2024-07-04.jsonl',
  )
  expect(curatedFile(ROOT, 'equities_bars', 'year', '2024')).toBe('/data/curated/equities_bars/year=2024/data.parquet')
  expect(curatedFile(ROOT, 'equities_bars_minute', 'date', '2024-07-03')).toBe(
    '/data/curated/equities_bars_minute/date=2024-07-03/data.parquet',
  )
  expect(ledgerFragment(ROOT, 'equities_bars', '2024')).toBe('/data/qc/ledger/equities_bars/2024.parquet')
  expect(ledgerFile(ROOT)).toBe('/data/qc/partition_status.parquet')
  expect(stateFile(ROOT)).toBe('/data/state/node.db')
  expect(bundleFolder('/exports', '2024-07-03')).toBe('/exports/nightly/2024-07-03')
  expect(stagingFolder('/exports', '2024-07-03')).toBe('/exports/.staging/2024-07-03')
  expect(latestLink('/exports')).toBe('/exports/latest')
})

test.each([
  ['vendor', () => rawFile(ROOT, '../x', 'equities_bars', 'date', '2024-07-03', 'A')],
  ['vendor', () => manifestFile(ROOT, 'a/b', 'equities_bars', '2024-07-03')],
  ['dataset', () => rawFile(ROOT, 'alpaca', '..' as 'equities_bars', 'date', '2024-07-03', 'A')],
  ['day', () => rawFile(ROOT, 'alpaca', 'equities_bars', 'date', '2024-02-30', 'A')],
  ['day', () => bundleFolder(ROOT, '../../etc')],
  ['partition key', () => curatedFile(ROOT, 'equities_bars', 'year', '2024-07-03')],
  ['partition key', () => ledgerFragment(ROOT, 'equities_bars', '../2024')],
])('paths: no path is built from a bad %s', (what, build) => {
  expect(build).toThrow(what)
})

test.each([
  ['AAPL', 'AAPL'],
  ['BRK.B', 'BRK.B'],
  ['BF-B', 'BF-B'],
  ['CON', '%43ON'],
  ['NUL.X', '%4EUL.X'],
  ['COM1', '%43OM1'],
  ['COMP', 'COMP'],
  ['CONE', 'CONE'],
  ['brk.b', '%62%72%6B.%62'],
  ['..', '%2E%2E'],
  ['../x', '%2E.%2F%78'],
  ['A\0B', 'A%00B'],
  ['%2e', '%252%65'],
  ['é', '%C3%A9'],
])('paths: the symbol %j is stored as %s', (symbol, name) => {
  expect(encodeSymbol(symbol)).toBe(name)
  expect(decodeSymbol(name)).toBe(symbol)
})

test.each(['', '\ud800', 'x'.repeat(300)])('paths: a symbol that cannot name a folder is refused (%#)', (symbol) => {
  expect(() => encodeSymbol(symbol)).toThrow(/symbol/)
})

test.each([
  ['CON', 'CON'],
  ['PRN', 'PRN'],
  ['NUL', 'NUL'],
  ['AUX.B', 'AUX.B'],
  ['COM1', 'COM1'],
])('paths: the plain folder %s of an older node is read as %s', (name, symbol) => {
  expect(decodeSymbol(name)).toBe(symbol)
  for (const key of ['symbol', 'underlier']) {
    const path = `${ROOT}/raw/alpaca/equities_bars/date=2024-07-03/${key}=${name}/data.parquet`
    expect(rawFileParts(ROOT, path)).toMatchObject({ dt: '2024-07-03', symbol })
  }
  const places = rawFiles(ROOT, 'alpaca', 'equities_bars', 'date-symbol', '2024-07-03', symbol)
  expect(places).toHaveLength(2)
  expect(places[0]).toBe(rawFile(ROOT, 'alpaca', 'equities_bars', 'date-symbol', '2024-07-03', symbol))
  expect(places[1]).toContain(`/symbol=${name}/`)
})

test('paths: the two folders of a device name are different folders on a case-blind disk, and small letters are no spelling', () => {
  const [encoded = '', plain = ''] = folderNames('CON')
  expect(encoded.toLowerCase()).not.toBe(plain.toLowerCase())
  expect(folderNames('AAPL')).toEqual(['AAPL'])
  for (const name of ['con', 'Con', 'cON', 'prn', '%43on']) expect(() => decodeSymbol(name)).toThrow(/encoded symbol/)
})

test.each(['', 'aapl', '%41', '%4', '%c3%A9', '..', 'A/B', '%FF'])('paths: %j is not a name that we write', (name) => {
  expect(() => decodeSymbol(name)).toThrow(/encoded symbol/)
})

const symbols = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  fc.stringMatching(/^[A-Za-z0-9.\-/%\\]{1,12}$/),
  fc.constantFrom('CON', 'con', 'AUX.B', 'LPT9', '.', '..', '../..', 'C:\\x', ' ', 'A ', 'A.', 'COM0'),
)

test('paths: distinct symbols never meet, not even on a case-blind disk, and each is read back', () => {
  fc.assert(
    fc.property(symbols, symbols, (a, b) => {
      expect(decodeSymbol(encodeSymbol(a))).toBe(a)
      expect(encodeSymbol(a).toLowerCase() === encodeSymbol(b).toLowerCase()).toBe(a === b)
      expect(encodeSymbol(a)).toMatch(/^[A-Z0-9.%-]+$/)
    }),
    { numRuns: 2_000 },
  )
})

test('paths: no symbol leaves its day, and the path tells its parts', () => {
  fc.assert(
    fc.property(symbols, (symbol) => {
      const path = rawFile(ROOT, 'alpaca', 'equities_bars_minute', 'date-symbol', '2024-07-03', symbol)
      const steps = relative('/data/raw/alpaca/equities_bars_minute/date=2024-07-03', path).split(sep)
      expect(steps).toHaveLength(2)
      expect(rawFileParts(ROOT, path)).toEqual({
        vendor: 'alpaca',
        dataset: 'equities_bars_minute',
        dt: '2024-07-03',
        symbol,
      })
    }),
  )
})

test('paths: a path that is no raw file has no parts', () => {
  for (const path of [
    'raw/alpaca/equities_bars/date=2024-07-03/.data.parquet.x.tmp',
    'raw/alpaca/nope/date=2024-07-03/data.parquet',
    'qc/data.parquet',
    'raw/alpaca/equities_bars/date=2024-02-30/data.parquet',
    'raw/alpaca/equities_bars/date=2024-07-03/other=A/data.parquet',
  ]) {
    expect(rawFileParts(ROOT, `${ROOT}/${path}`)).toBeNull()
  }
})
