import { access, cp, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { readRawParts } from '../../functions/_lake/file-parts.ts'
import { dayNumber } from '../../functions/_market/dt.ts'
import type { Bar } from '../../functions/_market/row.ts'
import { type ScrubTerms, scrub } from '../../functions/_recovery/scrub.ts'
import { specOf } from '../_lake/lake-fixture.ts'
import { SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DAY = '2025-07-01'
const OTHER = '2025-07-02'
const DAY_MS = 86_400_000
const NIGHTS = 40

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await node.post('/audit')
  for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
})
afterEach(() => node.remove())

const raw = (dt: string): string => join(node.root, `data_layer/raw/alpaca/equities_bars/date=${dt}/data.parquet`)
/** The n-th of the nights in which every day has its turn once. */
const TERMS = { dataset: 'equities_bars', bytesPerNight: null, canBeServed: () => true } as const
const scrubIn = async (night: number, more: Partial<ScrubTerms> = {}) => {
  const context = node.running().node
  return await scrub(context, { ...TERMS, spec: context.config.datasets.equities_bars!, ...more }, night)
}
/** An instant after the node's evening whose night is the turn of a day. */
const turnOf = (dt: string): number => {
  const now = node.clock.now()
  const late = (Math.floor(now / DAY_MS) - dayNumber(dt)) % NIGHTS
  return now + (NIGHTS - late) * DAY_MS
}

test('scrub: every file has its turn once in forty nights, and whole ones are left alone', async () => {
  const before = await node.databaseText()
  let files = 0
  for (let night = 20_000; night < 20_000 + NIGHTS; night++) {
    const scrubbed = await scrubIn(night)
    files += scrubbed.files
    expect(scrubbed.lost).toBe(0)
  }
  expect(files).toBe(SESSIONS)
  expect(await node.databaseText()).toBe(before)
})

test('scrub: a flipped bit in a file that nobody reads is found by its turn, though every row can be read', async () => {
  const parts = (await readRawParts(node.running().node.lake, specOf('equities_bars'), [raw(DAY)])).get(raw(DAY)) ?? []
  const changed = parts.map((part) => ({
    ...part,
    rows: (part.rows as Bar[]).map((row) => ({ ...row, low: row.low / 2 })),
  }))
  await writeFile(raw(DAY), await encodeRows(specOf('equities_bars').columns, changed))
  let lost = 0
  for (let night = 20_000; night < 20_000 + NIGHTS; night++) lost += (await scrubIn(night)).lost
  expect(lost).toBe(2)
})

test('scrub: a budget too small for a night says so, and reads the other files in the rounds after', async () => {
  const bytes = (await stat(raw(DAY))).size
  const night = dayNumber(DAY) + 100 * NIGHTS
  for (const dt of ['2025-05-22']) await cp(join(raw(DAY), '..'), join(raw(dt), '..'), { recursive: true })
  expect(dayNumber(DAY) - dayNumber('2025-05-22')).toBe(NIGHTS)
  const seen = new Set<number>()
  for (let round = 0; round < 2; round++) {
    const scrubbed = await scrubIn(night + round * NIGHTS, { bytesPerNight: bytes })
    expect(scrubbed).toMatchObject({ files: 1, dueFiles: 2, dueBytes: 2 * bytes })
    seen.add(scrubbed.bytes)
  }
  await node.reconfigure((config) => ({ ...config, scrub: { bytes_per_night: 1 } }))
  await node.clock.sleep(turnOf(DAY) - node.clock.now())
  await node.post('/audit')
  const { body } = await node.get('/status')
  expect(body.scrub).toContainEqual(
    expect.objectContaining({ dataset: 'equities_bars', files: 1, dueFiles: 2, nightsForAll: 2 * NIGHTS }),
  )
  expect(node.lines.some((line) => line.includes('audit.scrub_behind'))).toBe(true)
})

test('scrub: a file of a day that nobody ever asked for is named by the night of its turn', async () => {
  await cp(join(raw(DAY), '..'), join(raw('2025-03-03'), '..'), { recursive: true })
  await scrubIn(dayNumber('2025-03-03') + 10 * NIGHTS)
  expect((await node.get('/status')).body.unacceptedFiles).toMatchObject({
    files: 1,
    first: ['raw/alpaca/equities_bars/date=2025-03-03/data.parquet'],
  })
})

test('scrub: a file that is gone or damaged in a partition nobody touches is found by the audit of its turn, which queues its cells', async () => {
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
