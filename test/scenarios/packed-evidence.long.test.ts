/** A node whose night lies months back: its evidence is packed, and nothing that it tells or does is otherwise than before. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { listAccepted } from '../../db/attempts/list-accepted.ts'
import { packMonths } from '../../db/packed-months/pack-months.ts'
import { digestRows, isSameDigest } from '../../functions/_lake/digest.ts'
import { replayManifests } from '../../functions/_recovery/replay-manifests.ts'
import { loadCellState } from '../../functions/why/cell-state.ts'
import { packedTwice } from '../db/packed-months/readers.ts'
import { dyingAfter } from '../db/temp-db.ts'
import type { TestNode } from '../test-node.ts'
import { explainedNode } from '../why/explained-node.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const DATASETS = ['equities_bars', 'macro_treasury', 'corporate_actions'] as const
const SYMBOLS = ['AAPL', 'GONE', 'META', 'MSFT', 'NEWB', 'UST']
const DTS = ['2025-06-30', '2025-07-01', '2025-07-02', '2025-07-03', '2025-07-07', '2025-07-08']
/** Longer than any window of re-reading, counted from the end of the month. */
const MONTHS_MS = 120 * 86_400_000

let node: TestNode
beforeEach(async () => {
  node = await explainedNode()
  await node.clock.sleep(MONTHS_MS)
})
afterEach(() => node.remove())

const db = () => node.running().node.db
const packedMonths = async () => (await db().all(sql`SELECT 1 FROM packed_months`)).length
const versions = () =>
  db().all(
    sql`SELECT dataset, symbol, dt, vendor, rows, digest FROM attempts WHERE digest IS NOT NULL ORDER BY 1, 2, 3, 4`,
  )
const files = () =>
  db().all(sql`SELECT dataset, partition, curated_sha256, ledger_sha256 FROM partitions ORDER BY 1, 2`)

async function explanations(): Promise<unknown[]> {
  const told: unknown[] = []
  for (const dataset of DATASETS) {
    for (const symbol of SYMBOLS) {
      for (const dt of DTS) {
        const { body } = await node.get(`/why/${dataset}/${symbol}/${dt}`)
        told.push(body)
      }
    }
  }
  return told
}

/** Every check finds nothing, also those that read all rows. */
async function expectAllWell(): Promise<void> {
  for (let cursor: unknown = null; ; ) {
    const { body } = await node.post('/verify', { mode: 'deep', cursor })
    expect(body).toMatchObject({ counts: {}, failures: [] })
    cursor = body.cursor
    if (cursor === null) return
  }
}

/** Until nothing is left to pack. */
async function packed(): Promise<number> {
  const answers = await node.steps('sweep')
  return answers.reduce((sum, answer) => sum + Number(answer.packed), 0)
}

test('packed evidence: a sweep months later packs it, and every cell is explained as before', async () => {
  const before = await explanations()
  const rows = await versions()
  expect(await packed()).toBeGreaterThan(10)
  expect(await packedMonths()).toBeGreaterThan(3)
  expect((await versions()).length).toBeLessThan(rows.length / 2)
  expect(await explanations()).toEqual(before)
  expect(await packed()).toBe(0)
})

test('packed evidence: a root with it passes every check, and a rebuild of it changes nothing', async () => {
  await packed()
  const before = (await node.databaseText()).split('\n').filter((line) => !/^manifests|manifest-/.test(line))
  expect((await node.post('/audit', { rebuild: true })).body).toMatchObject({
    ok: true,
    restored: 0,
    cleared: 0,
    repaired: 0,
  })
  const after = (await node.databaseText()).split('\n').filter((line) => !/^manifests|manifest-/.test(line))
  expect(after).toEqual(before)
  await expectAllWell()
})

test('packed evidence: what manifests alone give is what was packed', async () => {
  const rows = await versions()
  await packed()
  await node.stop()
  await rm(join(node.root, 'data_layer', 'state'), { recursive: true })
  await node.start()
  const rebuilt = await versions()
  expect(rebuilt).toEqual(rows)
  expect(await packed()).toBeGreaterThan(10)
  expect(await packedTwice(db())).toEqual([])
})

test('packed evidence: a database that fills again is packed meanwhile, and holds the same', async () => {
  await packed()
  const evidence = async () => {
    const accepted = await Promise.all(DATASETS.map((dataset) => listAccepted(db(), dataset, DTS[0]!, DTS.at(-1)!)))
    return accepted.flat().sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  const before = await evidence()
  const months = await packedMonths()
  for (const table of ['attempts', 'packed_months', 'coverage', 'bookmarks', 'manifests'])
    await db().write([sql`DELETE FROM ${sql.identifier(table)} WHERE true`])
  await replayManifests(node.running().node, () => 0, 1)
  // What QC refuses is not in the manifests.
  expect(await packedMonths()).toBeGreaterThanOrEqual(months)
  expect(await evidence()).toEqual(before)
})

test('packed evidence: curated anew and judged anew, the files are the same to the byte', async () => {
  const anew = async () => {
    await db().write([sql`UPDATE partitions SET version = version + 1, touched_at = 0 WHERE retired_at IS NULL`])
    await node.steps('curate-partition', 'qc-partition')
    return await files()
  }
  const before = await anew()
  expect(await packed()).toBeGreaterThan(10)
  expect(await anew()).toEqual(before)
  expect(before.length).toBeGreaterThan(1)
})

test('packed evidence: a manifest that was lost is written again from it', async () => {
  await packed()
  await node.stop()
  await rm(join(node.root, 'data_layer', 'manifests', 'alpaca', 'equities_bars'), { recursive: true })
  await node.start()
  expect((await node.post('/audit', { rebuild: true })).body).toMatchObject({ ok: true, cleared: 0 })
  await expectAllWell()
})

test('packed evidence: a file that is gone makes gaps of packed cells', async () => {
  await packed()
  const months = await packedMonths()
  const path = join(node.root, 'data_layer/raw/alpaca/equities_bars/date=2025-07-07')
  await rm(path, { recursive: true })
  expect((await node.post('/audit', { rebuild: true })).body.cleared).toBeGreaterThan(0)
  expect(await packedMonths()).toBeLessThan(months)
  const { body } = await node.get('/why/equities_bars/AAPL/2025-07-07')
  expect(JSON.stringify(body)).toContain('lost')
})

test('packed evidence: of a thousand cells that an older version left, each is told as before, packed in steps that are killed', async () => {
  const { config } = node.running().node
  const spec = config.datasets.equities_bars!
  const dts = Array.from(
    { length: 25 },
    (_, at) => `2024-${at < 13 ? '02' : '03'}-${String(1 + (at % 13)).padStart(2, '0')}`,
  )
  const cells = Array.from({ length: 40 }, (_, at) => `T${String(at).padStart(2, '0')}`).flatMap((symbol) =>
    dts.map((dt) => ({ symbol, dt })),
  )
  const outcomes = ['filled', 'filled', 'filled', 'filled', 'filled', 'short', 'empty', 'lost']
  const attempts = cells.flatMap(({ symbol, dt }, at) =>
    ['alpaca', 'massive'].flatMap((vendor, of) => {
      const outcome = outcomes[(at * 7 + of * 3) % outcomes.length]!
      const holds = outcome === 'filled' || outcome === 'short'
      if (of === 1 && at % 3 > 0) return []
      const digest = holds && at % 11 > 0 ? digestRows([{ series: `${symbol} ${dt} ${vendor}` } as never]) : null
      return [
        [symbol, dt, vendor, outcome, holds ? 390 : 0, digest, 1_700_000_000_000 + at, at % 13 === 0 ? 'RANGE' : null],
      ]
    }),
  )
  await db().write([
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at, refused_for)
        SELECT 'equities_bars', value->>0, value->>1, value->>2, 1, value->>3, value->>4, value->>5, value->>6,
          CASE value->>3 WHEN 'filled' THEN 9007199254740991 ELSE 0 END, value->>7 FROM json_each(${JSON.stringify(attempts)})`,
    sql`INSERT INTO coverage (dataset, symbol, month, present)
        SELECT 'equities_bars', symbol, substr(dt, 1, 7), sum(DISTINCT 1 << (CAST(substr(dt, 9) AS INTEGER) - 1)) FROM attempts
        WHERE dt < '2025' AND outcome IN ('filled', 'short') GROUP BY 2, 3`,
  ])
  const states = async (): Promise<unknown[]> => {
    const told: unknown[] = []
    for (const { symbol, dt } of cells)
      told.push(
        await loadCellState(node.running().node, { dataset: 'equities_bars', spec, symbol, dt }, node.clock.now()),
      )
    return told
  }
  const before = await states()
  for (let step = 0; ; step++) {
    await packMonths(dyingAfter(db(), step % 2), 'equities_bars', '2025-01', 300).catch(() => undefined)
    const { more } = await packMonths(db(), 'equities_bars', '2025-01', 100)
    expect(await packedTwice(db())).toEqual([])
    if (!more) break
  }
  expect(await packedMonths()).toBeGreaterThan(60)
  expect(await states()).toEqual(before)
  expect(cells.length).toBeGreaterThan(950)
})

test('packed evidence: a digest is told by its beginning, as the database keeps it', () => {
  const digest = digestRows([])
  expect(isSameDigest(digest, digest.slice(0, 32))).toBe(true)
  expect(isSameDigest(digest, `${digest.slice(0, 31)}x`)).toBe(false)
  expect(isSameDigest(digest, null)).toBe(false)
  expect(isSameDigest(null, null)).toBe(true)
})
