import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { keepSamples, type Sample } from '../../../db/quarantine/keep-samples.ts'
import { listSamples } from '../../../db/quarantine/list-samples.ts'
import { DATASET, freshDb, NOW, snapshot } from '../temp-db.ts'

const sample = (more: Partial<Sample> = {}): Sample => ({
  vendor: 'alpaca',
  dataset: DATASET,
  symbol: 'AAPL',
  dt: '2024-07-05',
  outcome: 'malformed',
  status: 200,
  message: 'c: expected number, received string',
  sample: '{"c":"1"}',
  ...more,
})

test('keep samples: a sample comes back as it was kept, with when and how often it was seen', async () => {
  const db = await freshDb()
  await keepSamples(db, [sample()], NOW)
  expect(await listSamples(db, 10, null)).toEqual([{ ...sample(), at: NOW, times: 1 }])
})

test('keep samples: a sample of a whole plan has no cell, and one without status or body none of these', async () => {
  const db = await freshDb()
  const plan = sample({ symbol: null, dt: null, status: null, sample: null })
  await keepSamples(db, [plan], NOW)
  await keepSamples(db, [plan], NOW + 1)
  expect(await listSamples(db, 10, null)).toEqual([{ ...plan, at: NOW + 1, times: 2 }])
})

test('keep samples: nothing kept is nothing written', async () => {
  const db = await freshDb()
  const before = await snapshot(db)
  await keepSamples(db, [], NOW)
  expect(await snapshot(db)).toEqual(before)
})

test('keep samples: the same message about the same cell is one row: counted, and shown as it came last', async () => {
  const db = await freshDb()
  await keepSamples(db, [sample()], NOW)
  await keepSamples(db, [sample({ sample: '{"c":"2"}', status: 203 })], NOW + 5)
  expect(await listSamples(db, 10, null)).toEqual([
    { ...sample({ sample: '{"c":"2"}', status: 203 }), at: NOW + 5, times: 2 },
  ])
})

test.each<[string, Partial<Sample>]>([
  ['vendor', { vendor: 'massive' }],
  ['dataset', { dataset: 'macro_treasury' }],
  ['symbol', { symbol: 'MSFT' }],
  ['day', { dt: '2024-07-03' }],
  ['cell, a whole plan', { symbol: null, dt: null }],
  ['message', { message: 'o: expected number, received null' }],
])('keep samples: another %s is another row', async (_what, more) => {
  const db = await freshDb()
  await keepSamples(db, [sample(), sample(more)], NOW)
  expect(await listSamples(db, 10, null)).toHaveLength(2)
})

test('keep samples: the newest come first, of one vendor or of all, no more than asked for', async () => {
  const db = await freshDb()
  await keepSamples(db, [sample({ message: 'first' }), sample({ message: 'second' })], NOW)
  await keepSamples(db, [sample({ message: 'older', vendor: 'fred' })], NOW - 1)
  const messages = async (limit: number, vendor: string | null) =>
    (await listSamples(db, limit, vendor)).map(({ message }) => message)
  expect(await messages(10, null)).toEqual(['second', 'first', 'older'])
  expect(await messages(2, null)).toEqual(['second', 'first'])
  expect(await messages(10, 'fred')).toEqual(['older'])
  expect(await messages(10, 'massive')).toEqual([])
})

test('keep samples: the newest thousand stay, and one that is seen again is new again', async () => {
  const db = await freshDb()
  const batch = (from: number, count: number): Sample[] =>
    Array.from({ length: count }, (_, index) => sample({ message: `number ${from + index}` }))
  await keepSamples(db, batch(0, 10), NOW)
  await keepSamples(db, batch(10, 990), NOW + 1)
  expect(await listSamples(db, 2000, null)).toHaveLength(1000)
  await keepSamples(db, batch(0, 1), NOW + 2)
  await keepSamples(db, batch(1000, 3), NOW + 3)
  const kept = (await listSamples(db, 2000, null)).map(({ message }) => message)
  expect(kept).toHaveLength(1000)
  expect(kept).toContain('number 0')
  for (const gone of ['number 1', 'number 2', 'number 3']) expect(kept).not.toContain(gone)
  for (const there of ['number 4', 'number 1002']) expect(kept).toContain(there)
})

test('keep samples: quotes, line breaks and characters of any script come back unharmed', async () => {
  const db = await freshDb()
  const odd = sample({ message: `it's "odd"; -- \\`, sample: '<p>\n\t日本 😀 é</p>' })
  await keepSamples(db, [odd], NOW)
  expect(await listSamples(db, 1, null)).toEqual([{ ...odd, at: NOW, times: 1 }])
})

test('keep samples: a row seen no times at all is impossible', async () => {
  const db = await freshDb()
  await keepSamples(db, [sample()], NOW)
  await expect(db.write([sql`UPDATE quarantine SET times = 0`])).rejects.toThrow(/CHECK/)
})
