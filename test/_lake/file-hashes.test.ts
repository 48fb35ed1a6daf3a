import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { fileKeyOf, hashFiles, isExpected } from '../../functions/_lake/file-hashes.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { rawFile } from '../../functions/_lake/paths.ts'
import { writeCells } from '../../functions/_lake/write-cells.ts'
import { bar, dropLake, from, JULY_3, specOf, tempLake } from './lake-fixture.ts'

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

test('file hashes: a hash is expected when it begins with what is known, and when nothing is known', () => {
  expect(isExpected('abcdef', 'abc')).toBe(true)
  expect(isExpected('abcdef', 'abd')).toBe(false)
  expect(isExpected('abcdef', undefined)).toBe(true)
})

test('file hashes: small and large files are hashed to the same sha256 as their bytes, and a file that is gone is left out', async () => {
  const small = join(lake.root, 'small')
  const large = join(lake.root, 'large')
  const bytes = Buffer.alloc(9_000_000, 7)
  await writeFile(small, 'small')
  await writeFile(large, bytes)
  const { hashes, bytes: read } = await hashFiles([small, large, join(lake.root, 'gone')])
  expect(hashes).toEqual(
    new Map([
      [small, sha256('small')],
      [large, sha256(bytes)],
    ]),
  )
  expect(read).toBe(9_000_005)
})

test('file hashes: the files of one cell in two layouts, and that of its day, have names of their own', () => {
  const layouts = ['date', 'date-symbol', 'date-underlier'] as const
  const keys = layouts.map((layout) =>
    fileKeyOf(lake.root, rawFile(lake.root, 'alpaca', 'options_bars', layout, '2024-07-03', 'SPY')),
  )
  expect(keys.map(({ symbol }) => symbol)).toEqual(['', 'SPY', '=SPY'])
  expect(() => fileKeyOf(lake.root, join(lake.root, 'elsewhere'))).toThrow('expected a raw file')
})

test('file hashes: keeping an answer hears of each file after it is written and before its line is, and refuses to merge into other bytes', async () => {
  const spec = specOf('equities_bars')
  const told: [string, string][] = []
  const known = new Map<string, string>()
  const book = {
    expected: async () => known,
    wrote: async (hashes: ReadonlyMap<string, string>) => {
      for (const [path, hash] of hashes) {
        told.push([path, hash])
        known.set(path, hash.slice(0, 32))
      }
    },
  }
  const keep = (symbol: string) =>
    writeCells(
      lake,
      spec,
      'equities_bars',
      from('alpaca'),
      [{ symbol, dt: '2024-07-03', rows: [bar(JULY_3)], known: null }],
      book,
    )
  await keep('A')
  const path = rawFile(lake.root, 'alpaca', 'equities_bars', 'date', '2024-07-03', 'A')
  expect(told).toEqual([[path, (await hashFiles([path])).hashes.get(path)]])
  await keep('B')
  expect(told).toHaveLength(2)
  known.set(path, '0'.repeat(32))
  await expect(keep('C')).rejects.toMatchObject({ name: 'DamagedFiles', paths: [path] })
})
