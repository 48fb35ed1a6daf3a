import { expect, test } from 'vitest'
import { blockVendor, closeCircuit, countFailure } from '../../db/circuits/circuits.ts'
import { pendingReason } from '../../functions/_audit/pending-reason.ts'
import { ASOF, EVENING, openBareNode } from '../_dispatch/bare-node.ts'

const DATASET = 'equities_bars'
/** Alpaca and Massive have every day on its own evening, unless told otherwise. */
const reasonOf = async (bare: Awaited<ReturnType<typeof openBareNode>>): Promise<string | null> => {
  const { node } = bare
  return (await pendingReason(node, DATASET, node.config.datasets[DATASET]!))(ASOF)
}

test('pending reason: a day that a vendor in good health could serve is simply missing', async () => {
  const bare = await openBareNode()
  await blockVendor(bare.node.db, 'alpaca', EVENING + 60_000, 'it said so')
  expect(await reasonOf(bare)).toBeNull()
})

test('pending reason: with every vendor blocked it is an outage, and as long as none has answered since', async () => {
  const bare = await openBareNode({ vendors: { alpaca: {} } })
  const { db } = bare.node
  for (let failures = 0; failures < 2; failures++) await countFailure(db, 'alpaca', 'dead line')
  expect(await reasonOf(bare)).toBeNull()
  await countFailure(db, 'alpaca', 'dead line')
  await blockVendor(db, 'alpaca', EVENING + 60_000, 'dead line')
  expect(await reasonOf(bare)).toBe('VENDOR_OUTAGE')
  await bare.clock.sleep(24 * 60 * 60_000)
  expect(await reasonOf(bare)).toBe('VENDOR_OUTAGE')
  await closeCircuit(db, 'alpaca')
  expect(await reasonOf(bare)).toBeNull()
})

test('pending reason: a day that nobody has yet is too recent, and one that nobody will ever have is neither', async () => {
  const later = await openBareNode({ terms: { recency: { days: 2, at: '11:00' } } })
  expect(await reasonOf(later)).toBe('TOO_RECENT')
  const never = await openBareNode({ terms: { history: { from: '2025-01-02' } } })
  expect(await reasonOf(never)).toBeNull()
})
