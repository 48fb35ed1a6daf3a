import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { ledgerFile } from '../../functions/_lake/paths.ts'
import { hashesBelow } from '../adopt/old-tree.ts'
import { SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const nodes: TestNode[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.remove()
})

async function nodeBelow(below: string): Promise<TestNode> {
  const node = await startTestNode({ below })
  nodes.push(node)
  return node
}

/** Every verdict and every exported row, and how the night ended. */
async function outcomeOf(node: TestNode): Promise<unknown> {
  const { lake } = node.running().node
  const bundle = (dataset: string): string =>
    join(node.root, `exports/latest/curated/${dataset}/year=2025/data.parquet`)
  return {
    ledger: await lake.duck.all(
      `SELECT * EXCLUDE (checked_at) FROM ${readParquet(ledgerFile(lake.root))} ORDER BY ALL`,
    ),
    bars: await lake.duck.all(`SELECT * FROM ${readParquet(bundle('equities_bars'))} ORDER BY ALL`),
    yields: await lake.duck.all(`SELECT * FROM ${readParquet(bundle('macro_treasury'))} ORDER BY ALL`),
  }
}

const night = async (node: TestNode): Promise<void> => {
  const endings = await node.night()
  expect(endings.filter(({ ok }) => !ok)).toEqual([])
}

let plain: unknown
async function plainOutcome(): Promise<unknown> {
  if (plain === undefined) {
    const node = await nodeBelow('')
    await night(node)
    plain = await outcomeOf(node)
  }
  return plain
}

test.each(['year=2024', 'date=2020-01-02/symbol=X', 'vendor=x/status=RED', 'disk[1]', 'what?', 'a*b'])(
  'odd roots: a night below %s ends like any other',
  async (below) => {
    const node = await nodeBelow(below)
    await night(node)
    expect(await outcomeOf(node)).toEqual(await plainOutcome())
  },
)

test.each([
  ['disk[1]', 'disk1'],
  ['what?', 'whatX'],
  ['a*b', 'aXb'],
])('odd roots: a node at %s neither reads nor changes the node at %s', async (below, neighbour) => {
  const other = await nodeBelow('')
  await night(other)
  const node = await nodeBelow(below)
  const beside = join(node.root, '..', neighbour)
  await cp(other.root, beside, { recursive: true })
  // The neighbour has other values: were they read, they would show.
  for (const folder of ['raw/alpaca/equities_bars', 'raw/fred/macro_treasury']) {
    const days = join(beside, 'data_layer', folder)
    await cp(join(days, 'date=2025-07-08'), join(days, 'date=2025-07-07'), { recursive: true, force: true })
  }
  const before = await hashesBelow(beside)
  await night(node)
  const adopted = await node.post('/adopt', { verify: 'rows', restart: true })
  expect(adopted.body).toMatchObject({ ok: true, problems: [] })
  expect(await outcomeOf(node)).toEqual(await plainOutcome())
  expect(await hashesBelow(beside)).toEqual(before)
})

test.each(['date=2020-01-02/year=1999', 'disk[1]', 'a*b'])(
  'odd roots: raw files below %s are adopted row by row and end as they would anywhere',
  async (below) => {
    const source = await nodeBelow('')
    await night(source)
    const node = await nodeBelow(below)
    await node.stop()
    await cp(join(source.root, 'data_layer/raw'), join(node.root, 'data_layer/raw'), { recursive: true })
    await node.start()
    for (const verify of ['footers', 'rows']) {
      const { body } = await node.post('/adopt', { verify })
      expect(body).toMatchObject({ ok: true, cells: 3 * SESSIONS, problems: [], more: false })
    }
    await night(node)
    expect(await outcomeOf(node)).toEqual(await plainOutcome())
  },
)
