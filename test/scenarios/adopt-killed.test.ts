import { appendFile, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import { readAdopted } from '../../functions/_lake/adopted-manifest.ts'
import { replayAdopted } from '../../functions/_recovery/replay-adopted.ts'
import { cellsByName, cellsOf, readableFiles } from '../../functions/adopt/cells.ts'
import { appendRead, appendUnread } from '../../functions/adopt/lines.ts'
import { readCells } from '../../functions/adopt/rows.ts'
import { type Tree, treesOf } from '../../functions/adopt/trees.ts'
import { type RawFile, walk } from '../../functions/adopt/walk.ts'
import { dailyBar, oldFile } from '../adopt/old-tree.ts'
import { startTestNode, type TestNode } from '../test-node.ts'

const DTS = ['2025-06-30', '2025-07-01', '2025-07-02']

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  for (const dt of DTS) {
    await oldFile(running().lake.duck, data(), `alpaca/equities_bars/date=${dt}/symbol=AAPL/data.parquet`, dailyBar(dt))
  }
})
afterEach(() => node.remove())

const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const running = () => node.running().node
const folder = () => data('manifests/alpaca/equities_bars')
const attempts = () =>
  running().db.all(sql`SELECT symbol, dt, rows, digest IS NULL AS unread FROM attempts ORDER BY dt`)
const restart = async (): Promise<void> => {
  await node.stop()
  await node.start()
}
const replay = async () => {
  const marks = await manifestMarks(running().db)
  return replayAdopted(running(), (file) => marks.get(file) ?? 0)
}

/** What a call does up to the moment before its commit. */
async function untilCommit(): Promise<{ tree: Tree; raws: RawFile[] }> {
  const { trees } = await treesOf(data(), running().config, {})
  const [tree] = trees
  if (!tree) throw new Error('expected a tree')
  const raws: RawFile[] = []
  for await (const met of walk(tree, null, running().now())) if ('raw' in met) raws.push(met.raw)
  return { tree, raws }
}
const never = (problem: object): void => {
  throw new Error(`expected no problem, got ${JSON.stringify(problem)}`)
}

test('adopt killed: killed between the lines and the commit: the next call takes the same cells over, and none is missing', async () => {
  const { tree, raws } = await untilCommit()
  await appendUnread(tree, cellsByName(tree, raws, never), 'names', running().now())
  // The start itself replays lines whose commit was lost.
  await restart()
  expect((await node.post('/adopt', { verify: 'names' })).body).toMatchObject({ adopted: 0, known: 3, more: false })
  expect(await attempts()).toHaveLength(3)
})

test('adopt killed: killed between the manifest lines of read cells and the commit: the start replays them, and the walk finds them known', async () => {
  const { tree, raws } = await untilCommit()
  const { duck } = running().lake
  const readable = await readableFiles(duck, tree, raws, null, never)
  const cells = await cellsOf(duck, tree, readable, never)
  const read = await readCells(duck, tree, readable.groups[0]!, cells, never)
  await appendRead(tree, read, running().now())
  await restart()
  expect(node.running().recovered.replayed).toBe(3)
  expect((await node.post('/adopt', { verify: 'rows' })).body).toMatchObject({ adopted: 0, known: 3, cells: 0 })
})

test('adopt killed: half a line of a killed process neither swallows the next one nor keeps it from being read', async () => {
  await node.post('/adopt', { limitFiles: 1 })
  const [name = ''] = await readdir(folder())
  const file = join(folder(), name)
  await truncate(file, (await stat(file)).size - 9)
  await node.post('/adopt')
  const found: string[] = []
  for await (const { lines } of readAdopted(data(), () => 0)) found.push(...lines.map(({ dt }) => dt))
  expect(found).toEqual(DTS.slice(1))
})

test('adopt killed: with the database gone, adopted lines are replayed; once', async () => {
  await node.post('/adopt')
  const known = await attempts()
  expect(await replay()).toBe(0)
  await node.stop()
  await rm(data('state'), { recursive: true })
  await node.start()
  await replay()
  expect(await attempts()).toEqual(known)
  expect(await replay()).toBe(0)
  expect((await node.post('/adopt')).body).toMatchObject({ adopted: 0, known: 3, cells: 0 })
  const { db } = running()
  const [mask] = await db.all(sql`SELECT sum(present) AS present FROM coverage`)
  expect(mask).toEqual({ present: 2 ** 29 + 1 + 2 })
})

test('adopt killed: lines of a dataset that is no longer configured, and lines that are none, are passed over', async () => {
  await node.post('/adopt')
  const [name = ''] = await readdir(folder())
  await appendFile(join(folder(), name), 'nonsense\n{"dataset":"equities_bars"}\n')
  await node.stop()
  await rm(data('state'), { recursive: true })
  await node.reconfigure(({ datasets: { equities_bars: _, ...datasets }, ...config }) => ({ ...config, datasets }))
  expect(await replay()).toBe(0)
})
