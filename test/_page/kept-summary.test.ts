import { expect, test } from 'vitest'
import { keptSummary } from '../../functions/_page/kept-summary.ts'

function setup(load: (call: number) => Promise<string>, kept100 = true) {
  const state = { now: 1_000, calls: 0, errors: [] as unknown[] }
  const kept = keptSummary({
    ...(kept100 && { keptMs: 100 }),
    elapsed: () => state.now,
    now: () => state.now,
    load: () => load(++state.calls),
    onError: (error) => void state.errors.push(error),
  })
  return { state, kept }
}

test('kept summary: nobody waits for the first count, and many readers share one', async () => {
  const { state, kept } = setup(async (call) => `count ${call}`)
  expect([kept.read(), kept.read()]).toEqual([null, null])
  await kept.settled()
  expect(kept.read()).toEqual({ at: 1_000, summary: 'count 1' })
  expect(state.calls).toBe(1)
})

test('kept summary: an old one is shown with its age while the next is counted', async () => {
  const { state, kept } = setup(async (call) => `count ${call}`)
  kept.read()
  await kept.settled()
  state.now += 99
  kept.read()
  expect(state.calls).toBe(1)
  state.now += 1
  expect(kept.read()).toEqual({ at: 1_000, summary: 'count 1' })
  await kept.settled()
  expect(kept.read()).toEqual({ at: 1_100, summary: 'count 2' })
})

test('kept summary: a count that fails leaves the last one, and is tried again when its time is up', async () => {
  const { state, kept } = setup(async (call) => {
    if (call === 2) throw new Error('busy')
    return `count ${call}`
  })
  kept.read()
  await kept.settled()
  state.now += 100
  kept.read()
  await kept.settled()
  expect(kept.read()?.summary).toBe('count 1')
  expect([state.calls, state.errors.length]).toEqual([2, 1])
  state.now += 100
  kept.read()
  await kept.settled()
  expect(kept.read()?.summary).toBe('count 3')
})

test('kept summary: a count that takes longer than it is kept is not begun twice', async () => {
  const releases: (() => void)[] = []
  const { state, kept } = setup((call) => new Promise((done) => releases.push(() => done(`count ${call}`))))
  kept.read()
  state.now += 1_000
  expect(kept.read()).toBeNull()
  expect(state.calls).toBe(1)
  releases[0]!()
  await kept.settled()
  expect(kept.read()?.summary).toBe('count 1')
  releases[1]!()
  await kept.settled()
})

test('kept summary: one that took long to count is kept longer', async () => {
  const releases: (() => void)[] = []
  const load = (call: number): Promise<string> => new Promise((done) => releases.push(() => done(`count ${call}`)))
  const { state, kept } = setup(load, false)
  kept.read()
  state.now += 50
  releases[0]!()
  await kept.settled()
  state.now += 949
  kept.read()
  expect(state.calls).toBe(1)
  state.now += 1
  kept.read()
  expect(state.calls).toBe(2)
  releases[1]!()
  await kept.settled()
})

test('kept summary: a count that is soon through is waited for, and one that is not is not', async () => {
  const releases: (() => void)[] = []
  const { kept } = setup((call) => new Promise((done) => releases.push(() => done(`count ${call}`))))
  expect(await kept.readSoon(1)).toBeNull()
  setTimeout(() => releases[0]!(), 1)
  expect((await kept.readSoon(60_000))?.summary).toBe('count 1')
})
