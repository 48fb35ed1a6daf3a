import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { ledgerFragment } from '../../functions/_lake/paths.ts'
import { ASOF, startTestNode, type TestNode } from '../test-node.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await node.night()
})
afterEach(() => node.remove())

const running = () => node.running().node
const fragment = () => ledgerFragment(join(node.root, 'data_layer'), 'equities_bars', '2025')
const waiting = async () =>
  (
    await running().db.all<{ partition: string }>(
      sql`SELECT partition FROM partitions WHERE dataset = 'equities_bars' AND checked_context < context_version`,
    )
  ).length

test('judged again: a judgement that comes to the same leaves the bytes of its fragment', async () => {
  const bytes = await readFile(fragment())
  await running().db.write([sql`UPDATE partitions SET context_version = context_version + 1`])
  expect(await waiting()).toBe(1)
  await node.steps('qc-partition')
  expect(await waiting()).toBe(0)
  expect((await readFile(fragment())).equals(bytes)).toBe(true)
})

test('judged again: another threshold has the audit ask for it, and the ledger shows the new ruleset', async () => {
  const { qc } = running().config
  qc.ruleset = 'other'
  await node.steps('audit', 'qc-partition')
  const rows = await running().lake.duck.all<{ ruleset: string }>(
    `SELECT DISTINCT ruleset FROM ${readParquet(fragment())}`,
  )
  expect(rows).toEqual([{ ruleset: 'other' }])
})

test('judged again: only the newest session is provisional', async () => {
  const rows = await running().lake.duck.all<{ dt: string }>(
    `SELECT DISTINCT dt FROM ${readParquet(fragment())} WHERE provisional`,
  )
  expect(rows).toEqual([{ dt: ASOF }])
})
