import { expect, test } from 'vitest'
import type { Answer, NodeClient } from '../../functions/_cli/node-client.ts'
import { countsText, untilIdle } from '../../functions/_cli/repeat.ts'

/** A node that gives these answers in turn, and notes what it was asked. */
function scripted(answers: readonly Answer[], open: readonly number[] = []) {
  const asked: object[] = []
  const rest = [...answers]
  const counts = [...open]
  const node: NodeClient = {
    address: '',
    post: async (_path, body) => {
      asked.push(body)
      return rest.shift() ?? { ok: true, more: false }
    },
    get: async () => ({ open: counts.shift() ?? 0 }),
    health: async () => ({}),
  }
  const shown: [number, number | null][] = []
  return { node, asked, shown, progress: (done: number, all: number | null) => void shown.push([done, all]) }
}

test('repeat: counts are summed, and the next call goes on after the last answer', async () => {
  const world = scripted([
    { ok: true, enqueued: 5, after: '2025-01', more: true },
    { ok: true, enqueued: 2, after: null, more: false },
  ])
  const sum = await untilIdle(world, 'enqueue', { dataset: 'd' })
  expect(sum).toMatchObject({ enqueued: 7, more: false })
  expect(world.asked).toEqual([{ dataset: 'd' }, { dataset: 'd', after: '2025-01' }])
})

test('repeat: a dispatch shows how much of what was queued is done', async () => {
  const world = scripted(Array(3).fill({ ok: true, calls: 1, more: true }), [100, 60])
  const sum = await untilIdle(world, 'dispatch-one-task', {})
  expect(sum.calls).toBe(3)
  expect(world.shown).toEqual([
    [40, 100],
    [40, 100],
    [40, 100],
  ])
})

test('repeat: a function that says its place shows that', async () => {
  const world = scripted([{ ok: true, done: 3, places: 9, cursor: 'c', more: true }])
  await untilIdle(world, 'verify', {})
  expect(world.shown).toEqual([[3, 9]])
  expect(world.asked[1]).toEqual({ cursor: 'c' })
})

test('repeat: an answer without counts says that there was nothing to do', () => {
  expect(countsText({ ok: true, files: 0, more: false })).toBe('nothing to do')
  expect(countsText({ ok: true, files: 1200, cells: 3 })).toBe('files 1,200, cells 3')
})
