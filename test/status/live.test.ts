import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { livePages, type Sections } from '../../functions/status/live.ts'

function setup() {
  const state = {
    sections: { a: 'one', b: 'two' } as Sections,
    renders: 0,
    sleeping: 0,
    errors: [] as unknown[],
    fails: false,
  }
  let wake: (() => void)[] = []
  const stopping = new AbortController()
  const live = livePages({
    render: async () => {
      state.renders++
      if (state.fails) throw new Error('unreadable')
      return { ...state.sections }
    },
    clock: {
      sleep: (_ms, signal) =>
        new Promise<void>((resolve) => {
          state.sleeping++
          const done = () => {
            signal?.removeEventListener('abort', done)
            state.sleeping--
            resolve()
          }
          wake.push(done)
          signal?.addEventListener('abort', done, { once: true })
        }),
    },
    onError: (error) => void state.errors.push(error),
    stopping: stopping.signal,
  })
  /** The next look of the ticker, to its end. */
  const look = async (): Promise<void> => {
    const woken = wake
    wake = []
    for (const done of woken) done()
    for (let turns = 0; turns < 5; turns++) await turn()
  }
  return { state, live, look, stopping }
}

const decoder = new TextDecoder()
function open(stream: ReadableStream<Uint8Array> | null) {
  if (stream === null) throw new Error('expected a stream, got a refusal')
  const reader = stream.getReader()
  return {
    next: async (): Promise<string | undefined> => {
      const { value, done } = await reader.read()
      return done ? undefined : decoder.decode(value)
    },
    leave: () => reader.cancel(),
  }
}
const event = (sections: Sections): string => `data: ${JSON.stringify(sections)}\n\n`

test('live pages: a page is sent everything once, then what has changed', async () => {
  const { state, live, look } = setup()
  const page = open(live.join())
  expect(await page.next()).toBe(event({ a: 'one', b: 'two' }))
  await look()
  state.sections.b = 'new'
  await look()
  expect(await page.next()).toBe(event({ b: 'new' }))
})

test('live pages: all open pages share one look, and a late one is not kept waiting', async () => {
  const { state, live, look } = setup()
  const pages = Array.from({ length: 10 }, () => open(live.join()))
  await look()
  const late = open(live.join())
  expect(await late.next()).toBe(event({ a: 'one', b: 'two' }))
  for (const page of pages) expect(await page.next()).toBe(event({ a: 'one', b: 'two' }))
  expect(state.renders).toBe(1)
})

test('live pages: nothing is looked at once the last page has gone, and again for the next one', async () => {
  const { state, live, look } = setup()
  const page = open(live.join())
  await page.next()
  await page.leave()
  await look()
  const { renders } = state
  await look()
  expect([state.renders, state.sleeping]).toEqual([renders, 0])
  expect(await open(live.join()).next()).toBe(event({ a: 'one', b: 'two' }))
})

test('live pages: the thirty-third page is refused until one has gone', async () => {
  const { live } = setup()
  const pages = Array.from({ length: 32 }, () => open(live.join()))
  expect(live.join()).toBeNull()
  await pages[7]!.leave()
  expect(live.join()).not.toBeNull()
})

test('live pages: a slow one gets everything later, and one that reads nothing is ended', async () => {
  const { state, live, look } = setup()
  const slow = open(live.join())
  await look()
  for (let change = 0; change < 8; change++) {
    state.sections.a = `change ${change}`
    await look()
  }
  let last: string | undefined
  for (let read = 0; read < 4; read++) last = await slow.next()
  expect(last).not.toContain('change 7')
  await look()
  expect(await slow.next()).toBe(event({ a: 'change 7', b: 'two' }))
  for (let change = 0; change < 30; change++) {
    state.sections.a = `more ${change}`
    await look()
  }
  for (let read = 0; read < 4; read++) expect(await slow.next()).toContain('more')
  expect(await slow.next()).toBeUndefined()
})

test('live pages: a look that fails is logged and the next one is made', async () => {
  const { state, live, look } = setup()
  state.fails = true
  const page = open(live.join())
  await look()
  expect(state.errors).not.toHaveLength(0)
  state.fails = false
  await look()
  expect(await page.next()).toBe(event({ a: 'one', b: 'two' }))
})

test('live pages: a stop ends every stream, and none begins after it', async () => {
  const { live, look, stopping } = setup()
  const page = open(live.join())
  await page.next()
  stopping.abort()
  await look()
  expect(await page.next()).toBeUndefined()
  expect(live.join()).toBeNull()
})
