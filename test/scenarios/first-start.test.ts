/** A new node that is started outside its schedule. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type HandClock, handClock } from '../_runtime/manual-clock.ts'
import { smallNode, type TestNode } from '../test-node.ts'

const FRIDAY_21 = Date.parse('2025-07-11T21:00:00-04:00')
const NIGHT = '2025-07-12T00:30:00.000Z'

let node: TestNode | undefined
afterEach(() => node?.remove())

interface Shown {
  running: { scheduledAt: string; step: number } | null
  last: { scheduledAt: string; ok: boolean } | null
  nextAt: string
}
const night = async (): Promise<Shown> => ((await node!.get('/status')).body.chains as Shown[])[0]!

/** Lets time pass until the night shows what is waited for. */
async function passUntil(clock: HandClock, isReached: (shown: Shown) => boolean): Promise<Shown> {
  for (;;) {
    const shown = await night()
    if (isReached(shown)) return shown
    clock.advance(5_000)
    await pause(20)
  }
}

const said = (event: string) =>
  node!.lines.filter((line) => line.includes(`"${event}"`)).map((line) => JSON.parse(line))

test('first start: on a Friday at 21:00 with an empty database the node plays the night of 20:30 at once; killed in the middle it goes on, and plays it once', async () => {
  const clock = handClock(FRIDAY_21)
  node = await smallNode({ clock })
  ;(await node.start()).invoker.start()
  await passUntil(clock, ({ running }) => (running?.step ?? 0) >= 3)
  expect(said('cron.catch_up')).toMatchObject([{ chain: 'night', scheduledAt: NIGHT, reason: 'first start' }])
  expect(clock.now() - FRIDAY_21).toBeLessThan(10 * 60_000)
  await node.stop()

  ;(await node.start()).invoker.start()
  const { last, nextAt } = await passUntil(clock, (shown) => shown.last !== null)
  expect(last).toMatchObject({ scheduledAt: NIGHT, ok: true })
  expect(nextAt).toBe('2025-07-15T00:30:00.000Z')
  expect(said('cron.catch_up')).toEqual([])
  expect(said('cron.fired')).toMatchObject([{ scheduledAt: NIGHT, step: expect.any(Number) }])
  expect(said('cron.fired')[0].step).toBeGreaterThanOrEqual(2)
  expect(existsSync(join(node.root, 'exports/nightly/2025-07-11/SHA256SUMS'))).toBe(true)
  await node.stop()

  ;(await node.start()).invoker.start()
  await passUntil(clock, () => said('cron.next').length > 0)
  await pause(100)
  expect(said('cron.fired')).toEqual([])
}, 120_000)

test('first start: without any key the node waits, and the first start with keys plays the night', async () => {
  const clock = handClock(FRIDAY_21)
  node = await smallNode({ clock })
  const { env } = node
  const keys = { ...env }
  for (const name of ['APCA_API_KEY_ID', 'APCA_API_SECRET_KEY', 'MASSIVE_API_KEY', 'FRED_API_KEY']) env[name] = ''
  ;(await node.start()).invoker.start()
  await passUntil(clock, () => said('cron.next').length > 0)
  await pause(100)
  expect(said('cron.fired')).toEqual([])
  await node.stop()

  Object.assign(env, keys)
  ;(await node.start()).invoker.start()
  await passUntil(clock, ({ running }) => running !== null)
  expect(said('cron.catch_up')).toMatchObject([{ scheduledAt: NIGHT, reason: 'first start' }])
}, 60_000)
