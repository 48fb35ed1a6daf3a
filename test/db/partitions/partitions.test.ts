import { expect, test } from 'vitest'
import type { Db } from '../../../db/client.ts'
import { failPartition, returnToCuration } from '../../../db/partitions/fail-partition.ts'
import {
  countWork,
  expectPartitions,
  leaseTouched,
  leaseUnchecked,
  listPartitions,
  markCurated,
  type PartitionWork,
  releaseAllPartitions,
  releasePartition,
  retirePartitions,
  unexpectedPartitions,
} from '../../../db/partitions/partitions.ts'
import { workLeft } from '../../../db/partitions/work-left.ts'
import { claimed, DATASET, freshDb, NOW, settle, settlement, snapshot } from '../temp-db.ts'

const made = { sha256: 'sha', rows: 7 }
const expected = (partition: string, fingerprint = 'one') => ({ partition, expected: fingerprint })

test('partitions: only partitions whose expected cells changed are touched', async () => {
  const db = await freshDb()
  expect(await expectPartitions(db, DATASET, [expected('2023'), expected('2024')], NOW)).toBe(2)
  const before = await snapshot(db)
  expect(await expectPartitions(db, DATASET, [expected('2023'), expected('2024')], NOW + 1)).toBe(0)
  expect(await snapshot(db)).toEqual(before)
  expect(await expectPartitions(db, DATASET, [expected('2023'), expected('2024', 'two')], NOW + 2)).toBe(1)
  expect(await expectPartitions(db, DATASET, [], NOW + 3)).toBe(0)
  expect((await snapshot(db)).partitions).toEqual([
    expect.objectContaining({ partition: '2023', version: 1, touched_at: NOW }),
    expect.objectContaining({ partition: '2024', version: 2, touched_at: NOW + 2 }),
  ])
})

test('partitions: work is handed out longest touched first, each partition to one worker', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2024')], NOW)
  await expectPartitions(db, DATASET, [expected('2023'), expected('2022')], NOW + 1)
  const taken = await Promise.all(['a', 'b', 'c', 'd'].map((token) => leaseTouched(db, token, NOW + 2, NOW + 100)))
  expect(taken.map((work) => work?.partition)).toEqual(['2024', '2022', '2023', undefined])
  expect(await countWork(db)).toEqual({ touched: 3, unchecked: 0 })
})

test('partitions: a partition is touched, then curated, then checked', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2024')], NOW)
  expect(await leaseUnchecked(db, 'qc', NOW, NOW + 100)).toBeUndefined()
  const work = (await leaseTouched(db, 'a', NOW, NOW + 100)) as PartitionWork
  expect(work).toEqual({
    dataset: DATASET,
    partition: '2024',
    version: 1,
    curatedSha256: null,
    contextVersion: 0,
    ledgerSha256: null,
  })
  expect(await markCurated(db, work, 'a', made, NOW)).toBe(true)
  expect(await countWork(db)).toEqual({ touched: 0, unchecked: 1 })
  expect(await leaseTouched(db, 'b', NOW, NOW + 100)).toBeUndefined()
  expect(await leaseUnchecked(db, 'qc', NOW, NOW + 100)).toMatchObject({ partition: '2024', curatedSha256: 'sha' })
  expect(await listPartitions(db, DATASET)).toEqual([{ partition: '2024', curatedRows: 7 }])
})

test('partitions: a change during a rebuild leaves the partition touched', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2024')], NOW)
  const work = (await leaseTouched(db, 'a', NOW, NOW + 100)) as PartitionWork
  const id = await claimed(db, 'AAPL', '2024-07-01', 't1')
  await settle(db, 't1', [settlement(id, 'AAPL', '2024-07-01')])
  expect(await markCurated(db, work, 'a', made, NOW)).toBe(true)
  expect(await countWork(db)).toEqual({ touched: 1, unchecked: 0 })
  expect(await leaseTouched(db, 'b', NOW, NOW + 100)).toMatchObject({ version: 2 })
})

/** A filled day of 2024. */
async function changed(db: Db, dt: string, now: number): Promise<void> {
  const id = await claimed(db, 'AAPL', dt, dt)
  await settle(db, dt, [settlement(id, 'AAPL', dt)], { now })
}

test('partitions: many changes cost one rebuild, and one that waits for it is written once', async () => {
  const db = await freshDb()
  await changed(db, '2024-07-01', NOW)
  const touched = (await snapshot(db)).partitions
  for (const dt of ['2024-07-02', '2024-07-03']) await changed(db, dt, NOW + 1)
  expect((await snapshot(db)).partitions).toEqual(touched)
  const work = (await leaseTouched(db, 'a', NOW, NOW + 100)) as PartitionWork
  await markCurated(db, work, 'a', made, NOW)
  expect(await leaseTouched(db, 'a', NOW, NOW + 100)).toBeUndefined()
  await changed(db, '2024-07-05', NOW + 2)
  expect(await leaseTouched(db, 'b', NOW, NOW + 100)).toMatchObject({ partition: '2024', version: 2 })
})

test('partitions: a change under the lease of a worker that died leaves the partition touched, whoever ends the work', async () => {
  const db = await freshDb()
  await changed(db, '2024-07-01', NOW)
  const work = (await leaseTouched(db, 'a', NOW, NOW + 100)) as PartitionWork
  await changed(db, '2024-07-02', NOW + 100)
  expect(await markCurated(db, work, 'a', made, NOW + 101)).toBe(true)
  expect(await countWork(db)).toEqual({ touched: 1, unchecked: 0 })
})

test('partitions: a lapsed lease passes on and the first worker can no longer mark its work', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2024')], NOW)
  const first = (await leaseTouched(db, 'a', NOW, NOW + 100)) as PartitionWork
  expect(await leaseTouched(db, 'b', NOW + 99, NOW + 200)).toBeUndefined()
  const second = (await leaseTouched(db, 'b', NOW + 100, NOW + 200)) as PartitionWork
  const before = await snapshot(db)
  expect(await markCurated(db, first, 'a', made, NOW + 100)).toBe(false)
  await releasePartition(db, first, 'a', 0)
  expect(await snapshot(db)).toEqual(before)
  expect(await markCurated(db, second, 'b', made, NOW + 100)).toBe(true)
})

test('partitions: a partition let go of waits for its time', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2024')], NOW)
  const work = (await leaseTouched(db, 'a', NOW, NOW + 100)) as PartitionWork
  await releasePartition(db, work, 'a', NOW + 60_000)
  expect(await leaseTouched(db, 'b', NOW + 59_999, NOW + 99_999)).toBeUndefined()
  expect(await leaseTouched(db, 'b', NOW + 60_000, NOW + 99_999)).toMatchObject({ partition: '2024' })
})

test('partitions: a start gives every lease back', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2023'), expected('2024')], NOW)
  const work = (await leaseTouched(db, 'a', NOW, NOW + 100)) as PartitionWork
  await releaseAllPartitions(db)
  expect(await markCurated(db, work, 'a', made, NOW)).toBe(false)
  expect(await leaseTouched(db, 'b', NOW, NOW + 100)).toMatchObject({ partition: '2023' })
})

const MINUTE = 60_000
const nothingLeft = { partitions: 0, due: 0, nextAt: null, failing: [] }

test('partitions: a partition that fails waits longer each time, up to six hours, and another one is handed out meanwhile', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2023')], NOW)
  await expectPartitions(db, DATASET, [expected('2024')], NOW + 1)
  const pauses: number[] = []
  let now = NOW
  for (let time = 0; time < 11; time++) {
    const work = (await leaseTouched(db, 'a', now, now + 100, { dataset: DATASET, partition: '2023' })) as PartitionWork
    const retryAt = (await failPartition(db, work, 'a', 'EIO', now)) as number
    expect(await leaseTouched(db, 'b', retryAt - 1, retryAt)).toMatchObject({ partition: '2024' })
    pauses.push((retryAt - now) / MINUTE)
    now = retryAt
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360])
  expect((await workLeft(db, 'touched', now)).failing).toEqual([
    { dataset: DATASET, partition: '2023', failures: 11, error: 'EIO', retryAt: now },
  ])
})

test('partitions: what waits is told with its instant: the end of a pause, or a look again soon at what another call works on', async () => {
  const db = await freshDb()
  expect(await workLeft(db, 'touched', NOW)).toEqual(nothingLeft)
  await expectPartitions(db, DATASET, [expected('2023'), expected('2024')], NOW)
  expect(await workLeft(db, 'touched', NOW)).toMatchObject({ partitions: 2, due: 2, nextAt: null })
  const work = (await leaseTouched(db, 'a', NOW, NOW + 10 * MINUTE)) as PartitionWork
  await failPartition(db, work, 'a', 'EIO', NOW)
  expect(await workLeft(db, 'touched', NOW)).toMatchObject({ partitions: 2, due: 1, nextAt: NOW + MINUTE })
  await leaseTouched(db, 'b', NOW, NOW + 10 * MINUTE)
  expect(await workLeft(db, 'touched', NOW)).toMatchObject({ partitions: 2, due: 0, nextAt: NOW + 5_000 })
  expect(await workLeft(db, 'unchecked', NOW)).toEqual(nothingLeft)
})

test('partitions: a partition whose curated file differs goes back to curation: at once, then with a pause, and not under a lapsed lease', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2024')], NOW)
  const curate = async (now: number) => {
    const work = (await leaseTouched(db, 'a', now, now + 100)) as PartitionWork
    await markCurated(db, work, 'a', made, now)
    return (await leaseUnchecked(db, 'qc', now, now + 100)) as PartitionWork
  }
  const first = await curate(NOW)
  expect(await returnToCuration(db, first, 'other', 'differs', NOW)).toBe(false)
  expect(await returnToCuration(db, first, 'qc', 'differs', NOW)).toBe(true)
  expect(await workLeft(db, 'touched', NOW)).toMatchObject({ partitions: 1, due: 1 })
  await returnToCuration(db, await curate(NOW), 'qc', 'differs', NOW)
  expect(await workLeft(db, 'touched', NOW)).toMatchObject({ partitions: 1, due: 0, nextAt: NOW + 2 * MINUTE })
})

test('partitions: a retired partition is no work and not listed, and touched when it is expected again', async () => {
  const db = await freshDb()
  await expectPartitions(db, DATASET, [expected('2023'), expected('2024')], NOW)
  const key = { dataset: DATASET, partition: '2023' }
  expect(await unexpectedPartitions(db, [{ dataset: DATASET, partition: '2024' }])).toEqual([key])
  expect(await retirePartitions(db, [key], NOW)).toBe(1)
  expect(await retirePartitions(db, [key], NOW)).toBe(0)
  expect(await unexpectedPartitions(db, [{ dataset: DATASET, partition: '2024' }])).toEqual([])
  expect((await listPartitions(db, DATASET)).map(({ partition }) => partition)).toEqual(['2024'])
  expect(await countWork(db)).toEqual({ touched: 1, unchecked: 0 })
  expect(await leaseTouched(db, 'a', NOW, NOW + 100, key)).toBeUndefined()
  expect(await expectPartitions(db, DATASET, [expected('2023')], NOW + 1)).toBe(1)
  expect(await leaseTouched(db, 'a', NOW, NOW + 100, key)).toMatchObject({ partition: '2023', version: 2 })
})
