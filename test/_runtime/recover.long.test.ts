import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import { countTasks } from '../../db/gap-tasks/count-tasks.ts'
import { leaseTouched } from '../../db/partitions/partitions.ts'
import { EVENING, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
})
afterEach(() => node.remove())

const CELLS = 3 * SESSIONS
const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const steps = (...names: string[]) => node.steps(...names)
const coverage = async () => (await node.get('/status')).body.coverage
const manifests = async (): Promise<string[]> =>
  (await readdir(data('manifests'), { recursive: true })).filter((name) => name.endsWith('.jsonl')).sort()
const bundleSums = (): Promise<string> => readFile(join(node.root, 'exports/latest/SHA256SUMS'), 'utf8')

/** Calls for Alpaca's assets and Massive's tickers. */
const REFERENCE_LISTS = 2

test('recover: a start after a good end finds nothing to put right', async () => {
  await node.night()
  await node.stop()
  const { recovered } = await node.start()
  expect(recovered).toEqual({ temps: 0, tornTails: 0, leases: 0, replayed: 0, repaired: 0 })
})

test('recover: temp files of a killed writer are swept, and nothing else', async () => {
  await node.night()
  const before = (await readdir(data('raw'), { recursive: true })).sort()
  await node.stop()
  await writeFile(data('raw/alpaca/equities_bars/.data.parquet.0123abcd-77-1.tmp'), 'half a file')
  await writeFile(data('qc/.partition_status.parquet.0123abcd-77-2.tmp'), '')
  await writeFile(data('raw/alpaca/equities_bars/notes.tmp'), 'a file of the owner')
  const { recovered } = await node.start()
  expect(recovered.temps).toBe(2)
  expect((await readdir(data('raw'), { recursive: true })).sort()).toEqual(
    [...before, 'alpaca/equities_bars/notes.tmp'].sort(),
  )
})

test('recover: a half-written last line of a manifest is cut off, and its cell is asked for again', async () => {
  await steps('ingest-tick')
  const name = (await manifests()).find((path) => path.includes('equities_bars'))!
  await node.stop()
  const whole = await readFile(data('manifests', name))
  const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1
  await truncate(data('manifests', name), whole.length - 20)
  await rm(data('state'), { recursive: true })
  const { recovered } = await node.start()
  // One of the two bars, and the history of yields.
  expect(recovered).toMatchObject({ tornTails: 1, replayed: 1 + 6 })
  expect(await readFile(data('manifests', name))).toEqual(whole.subarray(0, lastLine))
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
  expect((await node.post('/audit')).body).toMatchObject({ expected: CELLS, gaps: 0 })
})

test('recover: work that a killed process had claimed is given back at once', async () => {
  await node.post('/audit')
  const { db } = node.running().node
  const tasks = await db.all<{ id: number }>(sql`SELECT id FROM gap_tasks`)
  const until = EVENING + 86_400_000
  const claim = { vendor: 'alpaca', token: 'dead', holder: 'dead', now: EVENING, leaseExpiresAt: until }
  await claimTasks(db, { ids: tasks.map(({ id }) => id), ...claim })
  await leaseTouched(db, 'dead', EVENING, until)
  await node.stop()
  const { recovered, node: started } = await node.start()
  expect(recovered.leases).toBe(CELLS)
  expect((await countTasks(started.db)).every(({ state }) => state === 'queued')).toBe(true)
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
  expect((await node.get('/status')).body.partitions).toEqual({ touched: 0, unchecked: 0, failing: [] })
})

test('recover: answers that reached the disk but not the database are replayed instead of asked for again', async () => {
  await node.post('/audit')
  await node.stop()
  await cp(data('state'), join(node.root, 'older-state'), { recursive: true })
  await node.start()
  await steps('dispatch-one-task')
  const known = await coverage()
  const asked = node.asked()
  await node.stop()
  await rm(data('state'), { recursive: true })
  await cp(join(node.root, 'older-state'), data('state'), { recursive: true })
  const { recovered } = await node.start()
  expect(recovered.replayed).toBe(CELLS)
  expect(await coverage()).toEqual(known)
  await node.night()
  expect(node.asked()).toBe(asked + REFERENCE_LISTS)
  expect((await node.post('/audit')).body).toMatchObject({ gaps: 0 })
})

test('recover: a database that is gone is rebuilt from the manifests, and the night gives the same bundle without asking for any cell', async () => {
  await node.night()
  const [known, sums, asked] = [await coverage(), await bundleSums(), node.asked()]
  await node.stop()
  await rm(data('state'), { recursive: true })
  const { recovered } = await node.start()
  expect(recovered.replayed).toBe(CELLS)
  expect(await coverage()).toEqual(known)
  expect((await node.night()).every(({ ok }) => ok)).toBe(true)
  // What the vendors were sent lately is forgotten with the database: in the first minute nobody is asked, not even for a calendar. The lists
  // are forgotten with it as well, and asked at the end of the night.
  expect(node.asked()).toBe(asked + REFERENCE_LISTS)
  expect(await bundleSums()).toBe(sums)
})

test('recover: replaying is done once: the start after it has nothing left to replay', async () => {
  await node.night()
  await node.stop()
  await rm(data('state'), { recursive: true })
  await node.start()
  await node.stop()
  const { recovered } = await node.start()
  expect(recovered.replayed).toBe(0)
})

test('recover: manifests of a dataset that is no longer configured do not keep the node from starting', async () => {
  await node.night()
  await node.stop()
  await rm(data('state'), { recursive: true })
  await node.reconfigure(({ datasets: { macro_treasury: _, ...datasets }, ...config }) => ({ ...config, datasets }))
  expect(node.running().recovered.replayed).toBe(2 * SESSIONS)
})
