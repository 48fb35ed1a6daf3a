import { expect, test } from 'vitest'
import { listAccepted } from '../../../db/attempts/list-accepted.ts'
import { packMonths } from '../../../db/packed-months/pack-months.ts'
import { deliver, OPEN_MONTH } from '../packed-months/packed-cells.ts'
import { DATASET, freshDb } from '../temp-db.ts'

const DTS = [
  '2023-12-29',
  '2023-12-31',
  '2024-01-01',
  '2024-01-10',
  '2024-01-11',
  '2024-01-31',
  '2024-02-20',
  '2024-02-21',
]

test('list accepted: whatever days a range begins and ends with, each version in it is told once, in either form', async () => {
  const db = await freshDb()
  await deliver(db, ['A', 'B'], DTS)
  const edges = ['2023-12-01', ...DTS, '2024-03-01']
  const told = async () => {
    const ranges: unknown[] = []
    for (const from of edges)
      for (const to of edges) {
        const found = await listAccepted(db, DATASET, from, to)
        const wanted = DTS.filter((dt) => dt >= from && dt <= to).flatMap((dt) => [`A ${dt}`, `B ${dt}`])
        expect(found.map(({ symbol, dt }) => `${symbol} ${dt}`).sort()).toEqual(wanted.sort())
        ranges.push(found.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)))
      }
    return ranges
  }
  const before = await told()
  expect(await packMonths(db, DATASET, OPEN_MONTH, 1_000)).toEqual({ packed: 2 * DTS.length, more: false })
  expect(await told()).toEqual(before)
})
