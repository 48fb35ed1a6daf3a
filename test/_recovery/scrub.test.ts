import { access, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { dayNumber } from '../../functions/_market/dt.ts'
import { scrub } from '../../functions/_recovery/scrub.ts'
import { SESSIONS, type SmallNode, startSmallNode } from '../functions/small-node.ts'

// Whole nodes are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DAY = '2025-07-01'
const OTHER = '2025-07-02'
const DAY_MS = 86_400_000
const NIGHTS = 40

let node: SmallNode
beforeEach(async () => {
  node = await startSmallNode()
  await node.post('/audit')
  for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
})
afterEach(() => node.remove())

const raw = (dt: string): string => join(node.root, `data_layer/raw/alpaca/equities_bars/date=${dt}/data.parquet`)
/** The n-th of the nights in which every day has its turn once. */
const scrubIn = async (night: number) => {
  const keeper = node.running().node
  return await scrub(keeper, { dataset: 'equities_bars', spec: keeper.config.datasets.equities_bars! }, night)
}
/** An instant after the node's evening whose night is the turn of a day. */
const turnOf = (dt: string): number => {
  const now = node.clock.now()
  const late = (Math.floor(now / DAY_MS) - dayNumber(dt)) % NIGHTS
  return now + (NIGHTS - late) * DAY_MS
}

test('every file has its turn once in forty nights, and whole ones are left alone', async () => {
  const before = await node.memory()
  let files = 0
  for (let night = 20_000; night < 20_000 + NIGHTS; night++) {
    const scrubbed = await scrubIn(night)
    files += scrubbed.files
    expect(scrubbed.lost).toBe(0)
  }
  expect(files).toBe(SESSIONS)
  expect(await node.memory()).toBe(before)
})

test('a file that is gone or damaged in a partition nobody touches is found by the audit of its turn, which queues its cells', async () => {
  await rm(raw(DAY))
  await truncate(raw(OTHER), 700)
  expect(await scrubIn(dayNumber(DAY) + 2 * NIGHTS - 1)).toMatchObject({ lost: 0 })
  await node.clock.sleep(turnOf(DAY) - node.clock.now())
  const { body } = await node.post('/audit')
  expect(body).toMatchObject({ ok: true, lost: 2 })
  const queued = (await node.get(`/why/equities_bars/AAPL/${DAY}`)).body
  expect(queued).toMatchObject({ coverage: { present: false }, task: { state: 'queued' } })
  await node.clock.sleep(DAY_MS)
  expect((await node.post('/audit')).body).toMatchObject({ ok: true, lost: 2 })
  await access(`${raw(OTHER)}.damaged`)
  expect((await node.post('/audit')).body).toMatchObject({ ok: true, lost: 0 })
  expect((await node.get('/status')).body).toMatchObject({ lostFiles: { damaged: 1, gone: 1 } })
})
