import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Notifications } from '../../config/schema.ts'
import { createHealth, type Health, type Reason } from '../../functions/_http/health.ts'
import type { Clock } from '../../functions/_http/node.ts'
import { journalFile, openJournal, readJournal } from '../../functions/_notify/journal.ts'
import { createNotifier, type Notifier } from '../../functions/_notify/notifier.ts'
import type { GoodNight } from '../../functions/_notify/ping.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { type Receiver, SECRET_PATH, startReceiver } from '../receiver.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** 20:30 in New York. */
const EVENING = Date.parse('2025-07-08T20:30:00-04:00')
const KEY: Reason = { code: 'key_refused', about: 'fred', what: 'fred refuses the key', todo: 'correct FRED_API_KEY' }
const KEY_SENTENCE = 'Fred refuses the key; correct FRED_API_KEY.'
const LOST: Reason = { code: 'volume_lost', what: 'the disk is gone', todo: 'mount it', isDown: true }
const OUT: Reason = { code: 'vendor_out', about: 'fred', what: 'fred is out', todo: 'wait' }

let folder: string
let receiver: Receiver
let clock: Clock
let reasons: Reason[]
let health: Health
let notifier: Notifier
let lines: string[]
let night: GoodNight | null
let ids: number

interface Given {
  config?: Record<string, unknown>
  receivers?: Partial<{ webhook: string | null; token: string | null; ping: string | null }>
  secrets?: string[]
}

/** A process: what another one left is in the journal alone. */
async function begin({ config = {}, receivers = {}, secrets = [] }: Given = {}): Promise<void> {
  const log = (event: string, fields: object): void => void lines.push(JSON.stringify({ msg: event, ...fields }))
  health = createHealth({ now: clock.now, log: () => undefined })
  health.add(() => reasons)
  const file = journalFile(folder, '/data')
  notifier = createNotifier({
    receivers: { webhook: receiver.url, token: null, ping: null, ...receivers },
    config: Notifications.parse(config),
    node: 'pi',
    secrets,
    journal: await openJournal({ file, holder: `process ${++ids}`, log }),
    health,
    goodNight: async () => night,
    clock,
    freshId: () => `id ${++ids}`,
    log,
  })
  health.add(notifier.reasons)
}

/** Looks every quarter of a minute, as a running node does. */
async function pass(ms: number, step = 15_000): Promise<void> {
  for (const end = clock.now() + ms; clock.now() < end; ) {
    await notifier.turn()
    await clock.sleep(Math.min(step, end - clock.now()))
  }
  await notifier.turn()
}

const events = (): string[] => receiver.said().map(({ event, state }) => `${event} ${state}`)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notify-'))
  receiver = await startReceiver()
  clock = virtualClock(EVENING)
  reasons = []
  lines = []
  night = null
  ids = 0
})
afterEach(async () => {
  await notifier.stop()
  await receiver.close()
  await rm(folder, { recursive: true, force: true })
})

describe('notifier: a message when a trouble begins, and one when it is over', () => {
  test('in the words of /readyz, in one shape', async () => {
    await begin()
    reasons = [KEY]
    await pass(2 * MINUTE)
    reasons = []
    await pass(10 * MINUTE)
    expect(receiver.received.map(({ body }) => JSON.parse(body))).toEqual([
      {
        event: 'key_refused',
        state: 'began',
        summary: KEY_SENTENCE,
        since: '2025-07-09T00:30:00.000Z',
        node: 'pi',
        details: { id: 'id 2', madeAt: '2025-07-09T00:31:00.000Z', about: 'fred', isDown: false },
      },
      {
        event: 'key_refused',
        state: 'ended',
        summary: 'Over: Fred refuses the key.',
        since: '2025-07-09T00:30:00.000Z',
        node: 'pi',
        details: { id: 'id 3', madeAt: '2025-07-09T00:37:00.000Z', about: 'fred', isDown: false },
      },
    ])
    expect(receiver.received[0]).toMatchObject({
      method: 'POST',
      path: `/${SECRET_PATH}`,
      headers: { 'content-type': 'application/json', 'idempotency-key': 'id 2' },
    })
  })

  test('a trouble that comes and goes is one', async () => {
    await begin()
    for (let round = 0; round < 5; round++) {
      reasons = [KEY]
      await pass(2 * MINUTE)
      reasons = []
      await pass(4 * MINUTE)
    }
    expect(events()).toEqual(['key_refused began'])
    await pass(5 * MINUTE)
    expect(events()).toEqual(['key_refused began', 'key_refused ended'])
  })

  test('what lasts for less than a minute is none, unless the node is down for it', async () => {
    await begin()
    reasons = [KEY, LOST]
    await notifier.turn()
    reasons = []
    await pass(10 * MINUTE)
    expect(events()).toEqual(['volume_lost began', 'volume_lost ended'])
  })

  test('reasons that are left out are none, nor is that a message could not be sent', async () => {
    await begin({ config: { webhook: { leave_out: ['vendor_out', 'key_refused'] } } })
    reasons = [KEY, OUT, { ...KEY, code: 'message_unsent' }]
    await pass(5 * MINUTE)
    expect(receiver.received).toEqual([])
  })

  test('where the reasons cannot be read that is the message, and what was known stays so', async () => {
    await begin()
    reasons = [KEY]
    await pass(2 * MINUTE)
    health.add(() => Promise.reject(new Error('the disk is gone')))
    await pass(20 * MINUTE)
    expect(receiver.said()).toMatchObject([
      { event: 'key_refused' },
      { event: 'not_ready', state: 'began', summary: expect.stringMatching(/^The database does not answer; look at/) },
    ])
  })

  test('without a webhook nothing is made, nor written down', async () => {
    await begin({ receivers: { webhook: null, ping: receiver.url } })
    reasons = [LOST]
    await pass(MINUTE)
    expect(receiver.received).toEqual([])
    expect(await readJournal(journalFile(folder, '/data'))).toMatchObject({ open: [], waiting: [] })
    expect(await notifier.test()).toBeNull()
  })
})

describe('notifier: a restart', () => {
  test('repeats no message, and says what is over since', async () => {
    await begin()
    reasons = [KEY, LOST]
    await pass(2 * MINUTE)
    await notifier.stop()
    await begin()
    await pass(20 * MINUTE)
    expect(events()).toEqual(['volume_lost began', 'key_refused began'])
    await notifier.stop()
    reasons = [LOST]
    await begin()
    await pass(6 * MINUTE)
    expect(events().slice(2)).toEqual(['key_refused ended'])
  })

  test('sends what was killed between the request and its record again, under the same id', async () => {
    await begin()
    reasons = [LOST]
    // The receiver has it, and the process dies before the answer.
    let left = ''
    receiver.onRequest = async () => {
      receiver.onRequest = null
      left = await readFile(journalFile(folder, '/data'), 'utf8')
      await notifier.stop()
    }
    await notifier.turn()
    await notifier.stop()
    expect(receiver.received).toHaveLength(1)
    expect(JSON.parse(left)).toMatchObject({ open: [{ code: 'volume_lost' }], waiting: [{ tries: 1 }] })
    await writeFile(journalFile(folder, '/data'), left)
    await begin()
    await pass(MINUTE)
    expect(events()).toEqual(['volume_lost began', 'volume_lost began'])
    const [first, second] = receiver.received.map(({ body }) => JSON.parse(body).details.id)
    expect(first).toBe(second)
    expect(await readJournal(journalFile(folder, '/data'))).toMatchObject({ waiting: [], last: { ok: true } })
  })

  test('a message that was made and not sent is sent by the next process', async () => {
    await begin()
    reasons = [LOST]
    await health.reasons()
    await notifier.stop()
    reasons = []
    await begin()
    await pass(10 * MINUTE)
    expect(events()).toEqual(['volume_lost began', 'volume_lost ended'])
  })

  test('takes the journal over: a process that is still there sends no more', async () => {
    await begin()
    const former = { notifier, health }
    await begin()
    reasons = [LOST]
    await former.health.reasons()
    await former.notifier.turn()
    expect(receiver.received).toEqual([])
    expect(lines.join()).toContain('notify.taken_over')
    await pass(MINUTE)
    expect(events()).toEqual(['volume_lost began'])
  })

  test.each(['', '{"format":1', '{"format":1,"holder":"x","open":[{"code":"unheard_of"}]}', '[]'])(
    'over a journal that is damaged (%s) says what is wrong now once more',
    async (text) => {
      await writeFile(journalFile(folder, '/data'), text)
      await begin()
      reasons = [KEY]
      await pass(2 * MINUTE)
      expect(events()).toEqual(['key_refused began'])
      expect(lines.join()).toContain('notify.journal_lost')
    },
  )

  test('a journal whose folder is gone is not made again, and messages go out all the same', async () => {
    await begin()
    await rm(folder, { recursive: true })
    reasons = [LOST]
    await pass(MINUTE)
    expect(events()).toEqual(['volume_lost began'])
    await expect(readFile(journalFile(folder, '/data'))).rejects.toThrow('ENOENT')
    expect(lines.filter((line) => line.includes('notify.record_failed'))).toHaveLength(1)
  })
})

describe('notifier: a receiver that is down', () => {
  test('for hours gets every message once it is back, in their order, each once', async () => {
    await begin()
    receiver.answer(503, 'busy')
    reasons = [LOST]
    await pass(MINUTE)
    reasons = [KEY]
    await pass(5 * HOUR, MINUTE)
    const tries = receiver.received.length
    expect(tries).toBeLessThan(12)
    expect(new Set(events())).toEqual(new Set(['volume_lost began']))
    expect(await health.reasons()).toMatchObject([
      { code: 'key_refused' },
      {
        code: 'message_unsent',
        about: 'webhook',
        sentence: expect.stringMatching(
          /^Http:\/\/127\.0\.0\.1:\d+\/… did not take the last message \(HTTP 503: busy\); see whether it is up, or correct WEBHOOK_URL/,
        ),
      },
    ])
    receiver.answer(200)
    await pass(HOUR, MINUTE)
    expect(events().slice(tries)).toEqual(['volume_lost began', 'key_refused began', 'volume_lost ended'])
    expect((await health.reasons()).map(({ code }) => code)).toEqual(['key_refused'])
  })

  test('for good is tried 42 times, then the message is given up, and the log says so', async () => {
    await begin()
    receiver.answer(500)
    reasons = [LOST]
    await pass(50 * HOUR, 10 * MINUTE)
    expect(receiver.received).toHaveLength(42)
    expect(lines.filter((line) => line.includes('notify.message_lost'))).toHaveLength(1)
    expect(await health.reasons()).toMatchObject([{ code: 'volume_lost' }, { code: 'message_unsent' }])
  })

  test('a restart loop does not try for ever', async () => {
    await begin()
    receiver.answer(500)
    reasons = [LOST]
    for (let round = 0; round < 50; round++) {
      await notifier.turn()
      await notifier.stop()
      await begin()
    }
    expect(receiver.received).toHaveLength(42)
  })

  test('is left alone for as long as it asks', async () => {
    await begin()
    receiver.answer(429, '', { 'retry-after': '1800' })
    reasons = [LOST]
    await pass(29 * MINUTE, MINUTE)
    expect(receiver.received).toHaveLength(1)
    receiver.answer(204)
    await pass(2 * MINUTE)
    expect(receiver.received).toHaveLength(2)
  })

  test('that is not there at all, or that leads elsewhere, is not followed', async () => {
    await begin()
    receiver.answer(302, '', { location: 'http://127.0.0.1:9/elsewhere' })
    reasons = [LOST]
    await notifier.turn()
    expect(notifier.view().webhook).toMatchObject({ waiting: 1, last: { ok: false, answer: 'HTTP 302' } })
    await notifier.stop()
    await receiver.close()
    await begin()
    await notifier.turn()
    expect(notifier.view().webhook).toMatchObject({ last: { ok: false, answer: 'no answer (ECONNREFUSED)' } })
    receiver = await startReceiver()
  })

  test('that never answers does not hold up the ping', async () => {
    const silent = await startReceiver()
    silent.onRequest = () => new Promise(() => undefined)
    night = { id: 'one', endedAt: EVENING }
    await begin({ receivers: { webhook: silent.url, ping: receiver.url } })
    reasons = [LOST]
    const turn = notifier.turn()
    while (receiver.received.length === 0) await new Promise((done) => setTimeout(done, 5))
    await notifier.stop()
    await turn
    await silent.close()
  })
})

describe('notifier: quiet hours', () => {
  const quiet = { quiet_hours: { from: '22:00', to: '07:00', timezone: 'America/New_York' } }

  test('hold messages, which go out as one when they end', async () => {
    await begin({ config: quiet })
    await clock.sleep(2 * HOUR)
    reasons = [KEY, LOST]
    await pass(2 * HOUR, MINUTE)
    reasons = [KEY]
    await pass(6 * HOUR, MINUTE)
    expect(receiver.received).toEqual([])
    await notifier.stop()
    await begin({ config: quiet })
    await pass(HOUR, MINUTE)
    expect(receiver.received).toHaveLength(1)
    const message = JSON.parse(receiver.received[0]!.body)
    expect(message).toMatchObject({
      event: 'summary',
      state: 'began',
      summary: `The disk is gone; mount it. ${KEY_SENTENCE} Over: The disk is gone.`,
      details: {
        messages: [
          { event: 'volume_lost', state: 'began' },
          { event: 'key_refused', state: 'began' },
          { event: 'volume_lost', state: 'ended' },
        ],
      },
    })
    expect(Date.parse(message.details.madeAt)).toBeGreaterThanOrEqual(Date.parse('2025-07-09T07:00:00-04:00'))
    reasons = []
    await pass(6 * MINUTE)
    expect(events()).toEqual(['summary began', 'key_refused ended'])
  })

  test('a single message is sent as it is, and one that was waiting before is among them', async () => {
    await begin({ config: quiet })
    receiver.answer(500)
    reasons = [LOST]
    await pass(MINUTE)
    receiver.answer(200)
    const tried = receiver.received.length
    await clock.sleep(2 * HOUR)
    await pass(8 * HOUR, 10 * MINUTE)
    expect(receiver.received).toHaveLength(tried)
    await pass(2 * HOUR, 10 * MINUTE)
    expect(events().slice(tried)).toEqual(['volume_lost began'])
  })

  test('hold neither the ping nor a test', async () => {
    await clock.sleep(3 * HOUR)
    night = { id: 'one', endedAt: clock.now() }
    await begin({ config: quiet, receivers: { ping: receiver.url } })
    await notifier.turn()
    expect(receiver.received.map(({ method }) => method)).toEqual(['GET'])
    expect(await notifier.test()).toMatchObject({ delivered: true })
  })
})

describe('notifier: the ping', () => {
  const pinged = { receivers: { webhook: null } }
  const start = (): Promise<void> => begin({ receivers: { ...pinged.receivers, ping: receiver.url } })

  test('goes out once for each good night, also over a restart', async () => {
    await start()
    await pass(HOUR, MINUTE)
    expect(receiver.received).toEqual([])
    night = { id: 'one', endedAt: clock.now() }
    await pass(MINUTE)
    await notifier.stop()
    await start()
    await pass(HOUR, MINUTE)
    expect(receiver.received.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', `/${SECRET_PATH}`, ''],
    ])
    night = null
    await pass(HOUR, MINUTE)
    night = { id: 'two', endedAt: clock.now() }
    await pass(HOUR, MINUTE)
    expect(receiver.received).toHaveLength(2)
  })

  test('is tried again until it is taken, and /readyz says that it was not', async () => {
    await start()
    receiver.answer(404, 'no such check')
    night = { id: 'one', endedAt: clock.now() }
    await pass(20 * MINUTE)
    expect(receiver.received.length).toBeGreaterThan(2)
    expect(await health.reasons()).toMatchObject([
      { code: 'message_unsent', about: 'ping', sentence: expect.stringMatching(/ping \(HTTP 404: no such check\)/) },
    ])
    receiver.answer(200, 'OK')
    await pass(HOUR, MINUTE)
    expect(await health.reasons()).toEqual([])
  })

  test('killed between the request and its record goes out again', async () => {
    await start()
    night = { id: 'one', endedAt: clock.now() }
    receiver.onRequest = async () => {
      receiver.onRequest = null
      await notifier.stop()
    }
    await notifier.turn()
    await notifier.stop()
    await start()
    await pass(MINUTE)
    expect(receiver.received).toHaveLength(2)
  })

  test('is not for a night that was over a day before the ping was set', async () => {
    night = { id: 'one', endedAt: clock.now() - 25 * HOUR }
    await start()
    await pass(MINUTE)
    expect(receiver.received).toEqual([])
  })
})

describe('notifier: secrets', () => {
  test('stand in no message, no log, no journal and no view, also where the receiver sends them back', async () => {
    const token = 'a-token-of-the-webhook-0123'
    const apiKey = 'an-api-key-0123456789'
    await begin({ receivers: { token, ping: `${receiver.url}/ping` }, secrets: [apiKey] })
    receiver.answer(500, `no topic ${SECRET_PATH} for ${token} at ${receiver.url}`)
    night = { id: 'one', endedAt: clock.now() }
    reasons = [{ ...LOST, what: `the disk ${apiKey} is gone` }]
    await pass(2 * MINUTE)
    expect(receiver.received[0]?.headers.authorization).toBe(`Bearer ${token}`)
    expect(receiver.received.map(({ body }) => body).join()).not.toContain(apiKey)
    const shown = [
      ...lines,
      JSON.stringify(notifier.view()),
      JSON.stringify(await notifier.test()),
      JSON.stringify(await health.reasons()),
      await readFile(journalFile(folder, '/data'), 'utf8'),
    ].join()
    expect(shown).toContain('HTTP 500: no topic [secret]')
    for (const secret of [SECRET_PATH, token]) expect(shown).not.toContain(secret)
    expect(await readFile(journalFile(folder, '/data'), 'utf8')).not.toContain(apiKey)
  })

  test('a test message says what the receiver answered, and lets waiting messages go', async () => {
    await begin()
    receiver.answer(500)
    reasons = [LOST]
    await pass(HOUR, MINUTE)
    receiver.answer(200, 'thank you')
    expect(await notifier.test()).toEqual({
      address: `${new URL(receiver.url).origin}/…`,
      format: 'json',
      delivered: true,
      answer: 'HTTP 200: thank you',
    })
    await notifier.turn()
    expect(events().slice(-2)).toEqual(['test began', 'volume_lost began'])
  })
})
