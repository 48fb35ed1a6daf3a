import { expect, test } from 'vitest'
import type { ShownReason } from '../../functions/_http/health.ts'
import type { ChainState } from '../../functions/_http/node.ts'
import { verdictOf } from '../../functions/status/verdict.ts'

const reason = (sentence: string, isDown: boolean): ShownReason => ({ code: 'disk_low', sentence, since: 0, isDown })
const chain = (id: string, change: Partial<ChainState> = {}): ChainState => ({
  id,
  last: null,
  running: null,
  nextAt: `next of ${id}`,
  ...change,
})
const running = (call: string, steps: number) => ({ scheduledAt: null, since: null, step: 2, steps, call })

test('verdict: without a reason the node is well, and the night is what comes next', () => {
  expect(verdictOf([], [chain('day'), chain('night')])).toMatchObject({
    level: 'good',
    word: 'Well.',
    reasons: [],
    running: null,
    nextAt: 'next of night',
  })
  expect(verdictOf([], [chain('other')]).nextAt).toBe('next of other')
  expect(verdictOf([], []).nextAt).toBeNull()
})

test('verdict: what keeps the node down stands before what only needs attention', () => {
  const mild = reason('Mild.', false)
  expect(verdictOf([mild], [])).toMatchObject({ level: 'warn', reasons: ['Mild.'] })
  expect(verdictOf([mild, reason('Grave.', true)], [])).toMatchObject({ level: 'bad', reasons: ['Grave.', 'Mild.'] })
})

test('verdict: of several chains under way the longest is named', () => {
  const chains = [
    chain('day', { running: running('ingest-tick', 2) }),
    chain('night', { running: running('audit', 16) }),
  ]
  expect(verdictOf([], chains)).toMatchObject({
    level: 'good',
    running: { chain: 'night', call: 'audit', step: 2, steps: 16 },
  })
})
