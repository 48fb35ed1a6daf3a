/** A node in trouble: people hear of it once when it begins and once when it is over, whatever the node has lost. */
import { mkdtemp, rename, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { beginTick, endTick } from '../../db/ticks/ticks.ts'
import { stateFile } from '../../functions/_lake/paths.ts'
import { checkKeys } from '../../functions/_runtime/check-keys.ts'
import { settableClock } from '../_runtime/settable-clock.ts'
import { LAB_KEYS } from '../lab/lab.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { EVENING, type SmallTerms, startTestNode, type TestNode } from '../test-node.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const GB = 1e9

let node: TestNode | undefined
let webhook: Receiver
let ping: Receiver
let stateDir: string
beforeEach(async () => {
  webhook = await startReceiver()
  ping = await startReceiver()
  stateDir = await mkdtemp(join(tmpdir(), 'state-'))
})
afterEach(async () => {
  await node?.remove()
  node = undefined
  await webhook.close()
  await ping.close()
  await rm(stateDir, { recursive: true, force: true })
})

async function begin(terms: SmallTerms = {}): Promise<TestNode> {
  const receivers = { WEBHOOK_URL: webhook.url, PING_URL: ping.url, STATE_DIR: stateDir }
  node = await startTestNode({ ...terms, env: { ...receivers, ...terms.env } })
  return node
}

/** Looks once a minute. */
async function pass(on: TestNode, minutes: number): Promise<void> {
  for (let at = 0; at <= minutes; at++) {
    await on.running().notifier?.turn()
    if (at < minutes) await on.clock.sleep(MINUTE)
  }
}

async function restarted(on: TestNode, env: Record<string, string> = {}): Promise<void> {
  await on.stop()
  Object.assign(on.env, env)
  await on.start()
}

const events = (): string[] => webhook.said().map(({ event, state }) => `${event} ${state}`)

/** The newest message says what `/readyz` says now. */
async function saysSo(on: TestNode, code: string): Promise<void> {
  const { reasons } = (await on.get('/readyz')).body as { reasons: { code: string; sentence: string }[] }
  const sentence = reasons.find((reason) => reason.code === code)?.sentence
  expect(webhook.said().findLast(({ event }) => event === code)?.summary).toBe(sentence)
  const html = await (
    await fetch(`${on.running().address}/`, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document' } })
  ).text()
  expect(html).toContain(sentence!.split(' ').slice(0, 3).join(' '))
}

describe('notifications: a node that loses', () => {
  test('room on its disk', async () => {
    let free = 300 * GB
    const on = await begin({ statfs: async () => ({ bavail: free, blocks: 500 * GB, bsize: 1 }) })
    await pass(on, 3)
    free = 0.1 * GB
    await pass(on, 3)
    await saysSo(on, 'disk_low')
    await restarted(on)
    await pass(on, 10)
    free = 300 * GB
    await pass(on, 7)
    await restarted(on)
    await pass(on, 7)
    expect(events()).toEqual(['disk_low began', 'disk_low ended'])
  })

  test('its data volume, which comes back', async () => {
    const on = await begin()
    const data = on.env.DATA_ROOT!
    await rename(data, `${data}.away`)
    await pass(on, 10)
    await saysSo(on, 'volume_lost')
    await rename(`${data}.away`, data)
    await pass(on, 7)
    expect(events()).toEqual(['volume_lost began', 'volume_lost ended'])
  })

  test('its key', async () => {
    const on = await begin({ env: { MASSIVE_API_KEY: 'wrong-secret-0123456789' } })
    await checkKeys(on.running().node)
    await pass(on, 3)
    await saysSo(on, 'key_refused')
    await restarted(on)
    await pass(on, 7)
    await restarted(on, { MASSIVE_API_KEY: LAB_KEYS.massive })
    await pass(on, 7)
    expect(events()).toEqual(['key_refused began', 'key_refused ended'])
    expect(JSON.stringify(webhook.received)).not.toContain('wrong-secret')
  })

  test('its clock', async () => {
    const clock = settableClock(0)
    const builtAt = EVENING - 300 * 24 * HOUR
    const on = await begin({ clock, clockEvidence: { builtAt, isSynchronised: async () => null } })
    await pass(on, 1)
    // The sentence shows what the clock shows.
    await saysSo(on, 'clock_doubtful')
    await pass(on, 10)
    clock.set(EVENING)
    await pass(on, 7)
    expect(events()).toEqual(['clock_doubtful began', 'clock_doubtful ended'])
  })

  test('its database, which is damaged: until a night ends well, of which the ping is sent', async () => {
    const on = await begin()
    await on.stop()
    await truncate(stateFile(on.env.DATA_ROOT!), 1_000)
    await on.start()
    await pass(on, 3)
    await saysSo(on, 'database_set_aside')
    await restarted(on)
    await pass(on, 7)
    expect(ping.received).toHaveLength(0)
    expect((await on.night()).every(({ ok }) => ok)).toBe(true)
    await pass(on, 7)
    expect(events()).toEqual(['database_set_aside began', 'database_set_aside ended'])
    expect(ping.received.map(({ method }) => method)).toEqual(['GET'])
  })

  test('its database file, so that the process ends: the next start says it', async () => {
    const on = await begin()
    await rm(stateFile(on.env.DATA_ROOT!))
    await on.get('/readyz')
    expect(await on.running().mustStop).toMatch(/node\.db was removed or replaced/)
    await restarted(on)
    await pass(on, 7)
    expect(events()).toEqual(['volume_lost began', 'volume_lost ended'])
    expect(webhook.said()[0]?.summary).toMatch(/^The database file .* was removed or replaced; this process ends/)
  })
})

describe('notifications: a night', () => {
  test('that ended with failed steps, and a session that a vendor lacks, are said once each; no ping is sent', async () => {
    const on = await begin()
    const { db } = on.running().node
    const tick = await beginTick(db, 'night', EVENING, EVENING)
    const endings = [{ call: 'export', calls: 4, ok: false, error: 'the disk is full' }]
    await endTick(db, tick!, JSON.stringify(endings), EVENING + HOUR)
    await db.write([
      sql`INSERT INTO incidents (kind, dataset, vendor, dt, cells, opened_at, last_seen_at, looks, next_look_at, probes)
          VALUES ('vendor_outage', 'equities_bars', 'alpaca', '2025-07-07', 24, ${EVENING}, ${EVENING}, 0, ${EVENING}, '[]')`,
    ])
    await pass(on, 5)
    await saysSo(on, 'night_failed')
    await saysSo(on, 'incident_open')
    await db.write([sql`UPDATE incidents SET cleared_at = ${EVENING}`, sql`UPDATE ticks SET result = '[]'`])
    await pass(on, 7)
    expect(events().sort()).toEqual([
      'incident_open began',
      'incident_open ended',
      'night_failed began',
      'night_failed ended',
    ])
    expect(ping.received).toEqual([])
  })

  test('is neither delayed nor failed by receivers that never answer', async () => {
    const silent = (): Promise<void> => new Promise(() => undefined)
    webhook.onRequest = silent
    ping.onRequest = silent
    const on = await begin({ env: { MASSIVE_API_KEY: 'wrong-secret-0123456789', FRED_API_KEY: '' } })
    await checkKeys(on.running().node)
    await on.running().notifier?.turn()
    await on.clock.sleep(2 * MINUTE)
    const turn = on.running().notifier?.turn()
    while (webhook.received.length === 0) await new Promise((done) => setTimeout(done, 10))
    const night = await on.night()
    expect(night.map(({ call }) => call)).toContain('sweep')
    expect((await on.get('/status')).body.notifications).toMatchObject({ webhook: { waiting: 1 } })
    await on.stop()
    await turn
  })
})
