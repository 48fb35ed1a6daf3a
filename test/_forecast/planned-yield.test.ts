import { expect, test } from 'vitest'
import { sourcesFor } from '../../functions/_catalog/catalog.ts'
import { plannedYield } from '../../functions/_forecast/planned-yield.ts'
import { openBareNode } from '../_dispatch/bare-node.ts'

const DAYS = { fromDt: '2024-07-01', toDt: '2024-07-05' }

async function yieldOf({ node }: Awaited<ReturnType<typeof openBareNode>>): Promise<number> {
  const [source] = sourcesFor(node, 'equities_bars').filter(({ connection }) => connection.name === 'alpaca')
  return await plannedYield(node, source!, 'equities_bars', node.config.datasets.equities_bars!, DAYS)
}

test('planned yield: is what a plan of the connector holds a call', async () => {
  // Three symbols on the three expected sessions fit on one page.
  expect(await yieldOf(await openBareNode())).toBe(9)
})

test('planned yield: follows the universe when reference lists change it under the running node', async () => {
  const bare = await openBareNode()
  expect(await yieldOf(bare)).toBe(9)
  bare.node.config.universe = bare.node.config.universe.slice(0, 1)
  expect(await yieldOf(bare)).toBe(3)
})
