import { expect, test } from 'vitest'
import { forgetOwnFiles, hashesOf, recordHashes } from '../../../db/raw-files/raw-files.ts'
import { shareFile } from '../../../db/raw-files/share-file.ts'
import { freshDb } from '../temp-db.ts'

const MINUTES = 'equities_bars_minute'
const DAY = { dt: '2025-06-30', vendor: 'alpaca' }
const A = 'a'.repeat(32)
const B = 'b'.repeat(32)
const ONE = '1'.repeat(64)

async function setup() {
  const db = await freshDb()
  const record = (symbol: string, hash: string, vendor = 'alpaca') =>
    recordHashes(db, MINUTES, [{ dt: DAY.dt, vendor, symbol, hash }])
  await record('AAPL', A)
  await record('MSFT', B)
  await record('AAPL', A, 'massive')
  const known = new Map([
    ['AAPL', A],
    ['MSFT', B],
  ])
  const all = async () => Object.fromEntries(await hashesOf(db, MINUTES, DAY.dt, DAY.dt))
  return { db, record, known, all }
}
const UNTOUCHED = { '2025-06-30 massive AAPL': A }
const SHARED = { ...UNTOUCHED, '2025-06-30 alpaca ': ONE.slice(0, 32) }

test('share file: the hashes of the cells of a day are replaced by the one of the shared file, those of another vendor stay', async () => {
  const { db, known, all } = await setup()
  expect(await shareFile(db, MINUTES, { ...DAY, hashes: known }, ONE)).toBe(true)
  expect(await all()).toEqual(SHARED)
})

test('share file: nothing changes where a file was written, came or went since the hashes were read', async () => {
  const changes: Record<string, (record: (symbol: string, hash: string) => Promise<void>) => Promise<void>> = {
    written: (record) => record('MSFT', A),
    new: (record) => record('NEW', A),
    shared: (record) => record('', A),
  }
  for (const change of Object.values(changes)) {
    const { db, record, known, all } = await setup()
    await change(record)
    const before = await all()
    expect(await shareFile(db, MINUTES, { ...DAY, hashes: known }, ONE)).toBe(false)
    expect(await all()).toEqual(before)
  }
  const { db, known, all } = await setup()
  await forgetOwnFiles(db, MINUTES, 'alpaca', [DAY.dt])
  expect(await shareFile(db, MINUTES, { ...DAY, hashes: known }, ONE)).toBe(false)
  expect(await all()).toEqual(UNTOUCHED)
})

test('share file: a second compaction replaces the hash of the shared file and those beside it', async () => {
  const { db, record, known, all } = await setup()
  await shareFile(db, MINUTES, { ...DAY, hashes: known }, ONE)
  await record('MSFT', A)
  const hashes = new Map([
    ['', ONE.slice(0, 32)],
    ['MSFT', A],
  ])
  expect(await shareFile(db, MINUTES, { ...DAY, hashes }, ONE)).toBe(true)
  expect(await all()).toEqual(SHARED)
})
