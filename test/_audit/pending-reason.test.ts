import { expect, test } from 'vitest'
import { blockVendor, closeCircuit, countFailure } from '../../db/circuits/circuits.ts'
import { pendingReason } from '../../functions/_audit/pending-reason.ts'
import { ASOF, EVENING, openStage } from '../_dispatch/bare-node.ts'

const DATASET = 'equities_bars'
/** Alpaca and Massive have every day on its own evening, unless told otherwise. */
const reasonOf = async (stage: Awaited<ReturnType<typeof openStage>>): Promise<string | null> => {
  const { node } = stage
  return (await pendingReason(node, DATASET, node.config.datasets[DATASET]!))(ASOF)
}

test('pending reason: a day that a vendor in good health could serve is simply missing', async () => {
  const stage = await openStage()
  await blockVendor(stage.node.db, 'alpaca', EVENING + 60_000, 'it said so')
  expect(await reasonOf(stage)).toBeNull()
})

test('pending reason: with every vendor blocked it is an outage, and as long as none has answered since', async () => {
  const stage = await openStage({ vendors: { alpaca: {} } })
  const { db } = stage.node
  for (let failures = 0; failures < 2; failures++) await countFailure(db, 'alpaca', 'dead line')
  expect(await reasonOf(stage)).toBeNull()
  await countFailure(db, 'alpaca', 'dead line')
  await blockVendor(db, 'alpaca', EVENING + 60_000, 'dead line')
  expect(await reasonOf(stage)).toBe('VENDOR_OUTAGE')
  await stage.clock.sleep(24 * 60 * 60_000)
  expect(await reasonOf(stage)).toBe('VENDOR_OUTAGE')
  await closeCircuit(db, 'alpaca')
  expect(await reasonOf(stage)).toBeNull()
})

test('pending reason: a day that nobody has yet is too recent, and one that nobody will ever have is neither', async () => {
  const later = await openStage({ terms: { recency: { days: 2, at: '11:00' } } })
  expect(await reasonOf(later)).toBe('TOO_RECENT')
  const never = await openStage({ terms: { history: { from: '2025-01-02' } } })
  expect(await reasonOf(never)).toBeNull()
})
