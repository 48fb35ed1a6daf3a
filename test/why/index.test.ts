import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import { PRIOR_CELLS, type Score } from '../../functions/_dispatch/score.ts'
import { createApp } from '../../functions/index.ts'
import { ASOF, type TestNode } from '../test-node.ts'
import {
  AGREED_EMPTY,
  ALPACA_FROM,
  BEFORE_HISTORY,
  EMPTY_ONCE,
  type ExplanationBody,
  explain,
  explainedNode,
  HELD,
  MASSIVE_FROM,
  PRESENT,
  pageAt,
  SECOND_HAND,
  type VendorBody,
} from './explained-node.ts'

let node: TestNode
beforeAll(async () => {
  node = await explainedNode()
})
afterAll(() => node.remove())

const why = (symbol: string, dt: string, dataset?: string): Promise<ExplanationBody> =>
  explain(node, symbol, dt, dataset)
const refused = async (path: string): Promise<[number, unknown]> => {
  const { status, body } = await node.get(`/why/${path}`)
  return [status, body.error]
}
const vendorOf = (told: ExplanationBody, name: string): VendorBody =>
  told.vendors.find(({ vendor }) => vendor === name)!

describe('why: a cell that is there', () => {
  test('tells who delivered it, how it was judged, and when it is read again', async () => {
    const told = await why(PRESENT.symbol, PRESENT.dt)
    expect(told).toMatchObject({
      ok: true,
      asof: ASOF,
      expected: { isExpected: true, why: null, rows: { expected: 1 }, calendar: { name: 'xnys', isSession: true } },
      coverage: { present: true, short: false, absent: false, held: false },
      absence: null,
      task: null,
      corrections: [],
      winner: { vendor: 'alpaca', feed: 'sip', rows: 1 },
      qc: { status: 'GREEN', flags: [] },
      partition: { name: '2025', stage: 'judged' },
    })
    expect(told.next).toEqual({
      at: '2025-07-10T20:00:00.000Z',
      sentence:
        'nothing before 2025-07-10T16:00-04:00: present and GREEN; then alpaca is asked again, in case of corrections',
    })
    expect(vendorOf(told, 'alpaca')).toMatchObject({
      attempt: { outcome: 'filled', rows: 1, count: 1, meaning: 'alpaca delivered the cell', askAgainAt: null },
      mayBeAsked: { can: 'never', at: null, because: ['it delivered the cell'] },
    })
    expect(vendorOf(told, 'massive')).toMatchObject({ attempt: null, mayBeAsked: { can: 'now', because: [] } })
  })

  test('names the segment of its score, with its observed cells', async () => {
    const { score } = vendorOf(await why(PRESENT.symbol, PRESENT.dt), 'alpaca') as unknown as { score: Score }
    expect(score).toMatchObject({ segment: { ageBucket: 'week', liquidity: 'any' } })
    expect(score.asked).toBeGreaterThan(0)
    expect(score.fills).toBeCloseTo((score.filled + PRIOR_CELLS * score.prior) / (score.asked + PRIOR_CELLS), 9)
    const page = await (await pageAt(node, `equities_bars/${PRESENT.symbol}/${PRESENT.dt}`)).text()
    expect(page).toContain('<dt>Fills</dt><dd>days under a week old: lately ')
    expect(vendorOf(await why(HELD.symbol, '2020-01-02'), 'alpaca')).toMatchObject({
      score: { segment: { ageBucket: 'fifteen_years', liquidity: 'any' }, asked: 0 },
    })
  })

  test('names the vendor whose version wins, and what the one before it answered', async () => {
    const told = await why(SECOND_HAND.symbol, SECOND_HAND.dt)
    expect(told.winner).toMatchObject({ vendor: 'massive', feed: 'consolidated' })
    expect(vendorOf(told, 'alpaca').attempt).toMatchObject({ outcome: 'empty', rows: 0, digest: null })
    expect(told.vendors.map(({ vendor }) => vendor)).toEqual(['alpaca', 'massive'])
  })

  test('held by QC: the flags, the numbers, and that nobody has a better one', async () => {
    const told = await why(HELD.symbol, HELD.dt)
    expect(told).toMatchObject({
      coverage: { present: true, held: true },
      qc: { status: 'RED', flags: ['NON_POSITIVE_PRICE'], numbers: { non_positive_prices: 1 }, action: 'condemned' },
    })
    expect(told.winner).toMatchObject({ vendor: (told.qc as { vendor: string }).vendor })
    expect(told.next).toEqual({
      at: null,
      sentence: 'nothing: held and left out of bundles (NON_POSITIVE_PRICE), no vendor has a better version',
    })
    for (const { attempt } of told.vendors) expect(attempt).toMatchObject({ refusedFor: 'NON_POSITIVE_PRICE' })
  })

  test('whose partition has changed since waits for the next rebuild', async () => {
    const { db } = node.running().node
    const change = (by: number) =>
      db.write([sql`UPDATE partitions SET version = version + ${by} WHERE dataset = 'equities_bars'`])
    await change(1)
    const told = await why(PRESENT.symbol, PRESENT.dt)
    await change(-1)
    expect(told).toMatchObject({ partition: { stage: 'touched' }, qc: { status: 'GREEN', isOutdated: true } })
    expect(told.next.sentence).toBe('present: curate-partition rebuilds the partition 2025, which has changed')
  })

  test('that was corrected shows both digests', async () => {
    const { db } = node.running().node
    await db.write([
      sql`INSERT INTO corrections (dataset, symbol, dt, vendor, at, previous, digest, rows_before, rows, difference, window_sessions)
          VALUES ('equities_bars', 'META', '2025-07-07', 'alpaca', ${Date.parse('2025-07-08T20:30:00-04:00')}, 'old', 'new', 1, 1,
            '{"added":0,"removed":0,"changed":1,"fields":[{"field":"close","rows":1,"emptied":0,"largest":0.01}]}', 1)`,
    ])
    expect((await why('META', '2025-07-07')).corrections).toEqual([
      {
        vendor: 'alpaca',
        at: '2025-07-09T00:30:00.000Z',
        previous: 'old',
        digest: 'new',
        rowsBefore: 1,
        rows: 1,
        verdict: 'replaced',
        difference: {
          added: 0,
          removed: 0,
          changed: 1,
          fields: [{ field: 'close', rows: 1, emptied: 0, largest: 0.01 }],
        },
        window: 1,
        sentence: '1 row changed: close in 1 by up to 1 %',
      },
    ])
  })
})

describe('why: a cell that is absent', () => {
  test('because both vendors say so', async () => {
    const told = await why(AGREED_EMPTY.symbol, AGREED_EMPTY.dt)
    expect(told.absence).toMatchObject({ reason: 'VENDORS_AGREE_EMPTY', source: 'evidence', recheckAt: null })
    expect(told.absence?.meaning).toBe('Two vendors say independently that they have nothing for this cell.')
    expect(told.next).toMatchObject({ at: null, sentence: expect.stringContaining('absent for good') })
    expect(told.vendors.map(({ attempt }) => attempt?.outcome)).toEqual(['empty', 'empty'])
  })

  test('because the only vendor that reaches it says so: when it is asked again', async () => {
    const told = await why(EMPTY_ONCE.symbol, EMPTY_ONCE.dt)
    expect(told.absence).toMatchObject({ reason: 'VENDOR_EMPTY_ONCE', recheckAt: '2025-07-10T00:30:00.000Z' })
    expect(told.next).toEqual({
      at: '2025-07-10T00:30:00.000Z',
      sentence:
        'the first audit after 2025-07-09T20:30-04:00 queues it again (VENDOR_EMPTY_ONCE); then alpaca may be asked at 2025-07-09T20:30-04:00',
    })
    expect(vendorOf(told, 'massive').mayBeAsked).toEqual({
      can: 'never',
      at: null,
      because: [`its history begins on ${MASSIVE_FROM}`],
    })
  })

  test('because it lies before every history', async () => {
    const told = await why(BEFORE_HISTORY.symbol, BEFORE_HISTORY.dt)
    expect(told.absence).toMatchObject({ reason: 'BEFORE_VENDOR_HISTORY', source: 'rule', decidedAt: null })
    expect(told.next.sentence).toBe(
      `nothing: no vendor can serve it: before every history (alpaca: its history begins on ${ALPACA_FROM}; massive: its history begins on ${MASSIVE_FROM}) (BEFORE_VENDOR_HISTORY)`,
    )
  })

  test('because the source says that nothing happened: when it is asked again', async () => {
    const told = await why('AAPL', '2025-07-07', 'corporate_actions')
    expect(told.expected).toMatchObject({ rows: { expected: null } })
    expect(told.absence).toMatchObject({ reason: 'SOURCE_SAYS_NONE', recheckAt: '2025-07-14T20:00:00.000Z' })
    expect(told.qc).toMatchObject({ status: 'GREEN' })
    expect(told.next.sentence).toMatch(
      /^the first audit after 2025-07-14T16:00-04:00 queues it again .* then \w+ may be asked at /,
    )
  })

  test('because nobody may be asked for it', async () => {
    const { node: real } = node.running()
    const vendors = real.vendors.map((connection) => ({ ...connection, missing: ['THE_KEY'] }))
    const app = createApp({ ...real, vendors }, { full: null, read: null })
    const path = `/why/equities_bars/${BEFORE_HISTORY.symbol}/${BEFORE_HISTORY.dt}`
    const answer = await app.request(path, { headers: { host: '127.0.0.1' } })
    const told = (await answer.json()) as ExplanationBody
    expect(told.absence).toMatchObject({ reason: 'NOT_ENTITLED', source: 'rule' })
    expect(told.next.sentence).toContain('alpaca: THE_KEY is not set')
    expect(told.vendors[0]).toMatchObject({ missingKeys: ['THE_KEY'], mayBeAsked: { can: 'never' } })
  })
})

describe('why: a cell that waits', () => {
  const waiting = (): Promise<ExplanationBody> => why('UST', ASOF, 'macro_treasury')

  test('for the day a vendor has it: the task, the reason and the minute', async () => {
    const told = await waiting()
    expect(told.absence).toMatchObject({ reason: 'TOO_RECENT' })
    expect(told.expected).toMatchObject({ rows: { expected: 11 }, calendar: { name: 'fed' } })
    expect(told.task).toMatchObject({
      state: 'queued',
      reason: 'missing',
      lane: 'today',
      priority: 100,
      attempts: 0,
      maxAttempts: 12,
      nextAt: '2025-07-09T20:30:00.000Z',
      lease: null,
    })
    expect(told.next).toEqual({
      at: '2025-07-09T20:30:00.000Z',
      sentence: `fred may be asked at 2025-07-09T16:30-04:00: task ${told.task?.id} (missing, lane today, priority 100)`,
    })
    expect(vendorOf(told, 'massive')).toMatchObject({
      recency: { rule: 'at 17:00 New York time 1 session after the day', availableAt: '2025-07-09T21:00:00.000Z' },
      mayBeAsked: { can: 'later', because: ['it does not have the day yet (until 2025-07-09T17:00-04:00)'] },
    })
  })

  test('for a vendor that is left alone or has refused: what, until when, and who comes first then', async () => {
    const { db } = node.running().node
    const [until, later] = [Date.parse('2025-07-10T12:00:00-04:00'), Date.parse('2025-07-11T12:00:30-04:00')]
    await db.write([
      sql`INSERT INTO circuits (vendor, failures, blocked_until, why) VALUES ('fred', 5, ${until}, 'it answered 503')
          ON CONFLICT DO UPDATE SET failures = 5, blocked_until = excluded.blocked_until, why = excluded.why`,
      sql`INSERT INTO demotions (vendor, dataset, symbol, from_dt, to_dt, outcome, until)
          VALUES ('massive', 'macro_treasury', '*', '2025-07-08', '2025-07-08', 'not_entitled', ${later})`,
    ])
    const told = await waiting()
    await db.write([
      sql`UPDATE circuits SET failures = 0, blocked_until = 0 WHERE vendor = 'fred'`,
      sql`DELETE FROM demotions WHERE vendor = 'massive' AND dataset = 'macro_treasury'`,
    ])
    expect(told.next).toMatchObject({
      at: '2025-07-10T16:00:00.000Z',
      sentence: expect.stringMatching(/^fred may be asked at 2025-07-10T12:00-04:00: /),
    })
    expect(vendorOf(told, 'fred')).toMatchObject({
      circuit: { isOpen: true, failures: 5, why: 'it answered 503' },
      mayBeAsked: {
        because: expect.arrayContaining(['it is left alone: it answered 503 (until 2025-07-10T12:00-04:00)']),
      },
    })
    expect(vendorOf(told, 'massive')).toMatchObject({
      demotions: [{ symbol: '*', outcome: 'not_entitled', until: '2025-07-11T16:00:30.000Z' }],
      mayBeAsked: {
        at: '2025-07-11T16:00:30.000Z',
        because: expect.arrayContaining([
          'it refused the whole dataset: not_entitled (until 2025-07-11T12:00:30-04:00)',
        ]),
      },
    })
  })

  test('while a vendor is being asked, after its lease has lapsed, and when it is given up', async () => {
    const { db, now } = node.running().node
    const id = (await waiting()).task!.id
    const lease = { ids: [id], vendor: 'fred', token: 'a-secret-token', holder: 'me', now: now() }
    await claimTasks(db, { ...lease, leaseExpiresAt: now() + 60_000 })
    const held = await waiting()
    expect(held.next.sentence).toMatch(/^fred is being asked: .* leased until 2025-07-08T20:31-04:00$/)
    expect(held.task).toMatchObject({ state: 'leased', lease: { vendor: 'fred', until: '2025-07-09T00:31:00.000Z' } })
    expect(JSON.stringify(held)).not.toContain('a-secret-token')

    await db.write([sql`UPDATE leases SET lease_expires_at = ${now() - 1}`])
    expect((await waiting()).next.sentence).toMatch(/^the next dispatch takes .* back: the lease of fred ended/)

    await db.write([
      sql`DELETE FROM leases`,
      sql`UPDATE gap_tasks SET state = 'stalled', lease = NULL, attempts = 12 WHERE id = ${id}`,
    ])
    expect((await waiting()).next).toMatchObject({
      at: null,
      sentence: expect.stringContaining('a person has to look'),
    })
    await db.write([sql`UPDATE gap_tasks SET state = 'queued', attempts = 0 WHERE id = ${id}`])
  })

  test('for somebody who is asked on purpose: the purpose', async () => {
    const { db } = node.running().node
    const id = (await waiting()).task!.id
    const asked = async (reason: string): Promise<string> => {
      await db.write([sql`UPDATE gap_tasks SET reason = ${reason} WHERE id = ${id}`])
      return (await waiting()).next.sentence
    }
    expect(await asked('second_opinion')).toMatch(
      /^fred may be asked for a second opinion, because QC holds the version there is, at 2025-07-09T16:30-04:00: task/,
    )
    expect(await asked('re_read')).toMatch(/^fred may be asked again, in case it has corrected its data, at 2025/)
    expect(await asked('missing')).toMatch(/^fred may be asked at /)
  })

  test('for an audit to find it', async () => {
    const { db } = node.running().node
    const task = (await waiting()).task!
    await db.write([
      sql`UPDATE gap_tasks SET state = 'done', done_at = 0 WHERE id = ${task.id}`,
      sql`DELETE FROM absences WHERE dataset = 'macro_treasury'`,
    ])
    const told = await waiting()
    expect(told).toMatchObject({ task: null, absence: null })
    expect(told.next.sentence).toBe('the next audit queues the gap; then fred may be asked at 2025-07-09T16:30-04:00')
    await node.post('/audit')
    expect((await waiting()).task).toMatchObject({ state: 'queued' })
  })
})

describe('why: a cell that nobody expects says why', () => {
  test.each([
    ['on a weekend', 'AAPL', '2025-07-05', 'weekend', 'not expected: 2025-07-05 is a weekend'],
    [
      'on a holiday',
      'AAPL',
      '2025-07-04',
      'holiday',
      'not expected: xnys is closed on 2025-07-04 for Independence Day',
    ],
    ['before listing', 'NEWB', '2025-07-02', 'not_listed_yet', 'not expected: NEWB begins on 2025-07-03'],
    ['after delisting', 'GONE', '2025-07-03', 'delisted', 'not expected: GONE ended on 2025-07-02'],
    [
      'beyond the depth',
      'AAPL',
      '2025-06-27',
      'before_depth',
      'not expected: equities_bars is kept from 2025-06-30 on',
    ],
    ['before the calendar', 'AAPL', '1989-12-29', 'outside_calendar', 'vouched for from 1990-01-01 to 2030-12-31'],
    ['after the calendar', 'AAPL', '2031-01-02', 'outside_calendar', 'vouched for from 1990-01-01 to 2030-12-31'],
    ['before time', 'AAPL', '0100-01-01', 'outside_calendar', 'vouched for'],
    ['long after it', 'AAPL', '9999-12-31', 'outside_calendar', 'vouched for'],
  ])('%s', async (_name, symbol, dt, code, sentence) => {
    const told = await why(symbol, dt)
    expect(told.expected).toMatchObject({ isExpected: false, why: code })
    expect(told.next).toEqual({ at: null, sentence: expect.stringContaining(sentence) })
    expect(told.next.sentence).toMatch(/^nothing: /)
  })

  test('a life that ended or has not begun is an absence with its word', async () => {
    expect((await why('NEWB', '2025-07-02')).absence).toMatchObject({ reason: 'NOT_LISTED_YET', source: 'rule' })
    expect((await why('GONE', '2025-07-03')).absence).toMatchObject({ reason: 'DELISTED', source: 'rule' })
  })

  test('a day to come: when it is expected and whom it will be asked of', async () => {
    const told = await why('AAPL', '2025-07-09')
    expect(told.expected).toMatchObject({ why: 'not_over', expectedFrom: '2025-07-09T20:00:00.000Z' })
    expect(told.next).toEqual({
      at: '2025-07-10T00:16:00.000Z',
      sentence:
        'alpaca may be asked at 2025-07-09T20:16-04:00: not expected yet: the session is not over before 2025-07-09T16:00-04:00',
    })
  })

  test.each(['2022-06-01', '2025-07-07'])('a former name: which symbol to ask for instead (%s)', async (dt) => {
    const told = await why('FB', dt)
    expect(told.expected).toMatchObject({ why: 'former_name', symbol: { nowNamed: 'META' } })
    expect(told.askInstead).toBe(`/why/equities_bars/META/${dt}`)
    expect(told.next.sentence).toBe(
      'nothing: not expected: FB is a former name of META: ask for META instead, on every day',
    )
  })

  test('the canonical symbol says which ticker it had on the day', async () => {
    expect((await why('META', '2022-06-08')).expected).toMatchObject({ symbol: { tickerThen: 'FB', nowNamed: null } })
    expect((await why('META', '2022-06-09')).expected).toMatchObject({ symbol: { tickerThen: null } })
  })

  test('a symbol that the dataset is not collected of', async () => {
    const told = await why('META', '2025-07-07', 'corporate_actions')
    expect(told.expected).toMatchObject({ why: 'not_collected' })
    expect(told.next.sentence).toContain('corporate_actions is collected of AAPL, MSFT only')
  })

  test('a symbol that has left the universe keeps what is known of it', async () => {
    const { node: real } = node.running()
    const config = { ...real.config, universe: real.config.universe.filter(({ symbol }) => symbol !== 'AAPL') }
    const app = createApp({ ...real, config }, { full: null, read: null })
    const answer = await app.request(`/why/equities_bars/AAPL/${PRESENT.dt}`, { headers: { host: '127.0.0.1' } })
    expect(answer.status).toBe(200)
    const told = (await answer.json()) as ExplanationBody
    expect(told.expected).toMatchObject({ isExpected: false, why: 'unknown_symbol' })
    expect(told).toMatchObject({ winner: { vendor: 'alpaca' }, coverage: { present: true } })
  })
})

describe('why: refuses', () => {
  test('a dataset there is none of, and lists those there are', async () => {
    const there = 'there are equities_bars, macro_treasury, corporate_actions'
    expect(await refused('nope/AAPL/2025-07-07')).toEqual([404, `no dataset "nope" here: ${there}`])
    expect(await refused('options_bars/AAPL/2025-07-07')).toEqual([404, `no dataset "options_bars" here: ${there}`])
    expect(await refused('__proto__/AAPL/2025-07-07')).toEqual([404, `no dataset "__proto__" here: ${there}`])
  })

  test('a symbol nobody has heard of', async () => {
    expect(await refused('equities_bars/ZZZ/2025-07-07')).toEqual([
      404,
      'no symbol ZZZ in equities_bars: config/universe.yaml has 5 others',
    ])
    expect(await refused('macro_treasury/AAPL/2025-07-07')).toEqual([
      404,
      'no symbol AAPL in macro_treasury: there are UST',
    ])
  })

  test.each(['aapl', 'A%20B', '..%2F..', '%3Cb%3E', 'A'.repeat(17), "A'--"])('%s as a symbol', async (symbol) => {
    const [status, error] = await refused(`equities_bars/${symbol}/2025-07-07`)
    expect(status).toBe(400)
    expect(error).toMatch(/^symbol: /)
  })

  test.each(['2025-02-30', '2025-7-7', 'today', '20250707', '2025-07-07T00:00'])('%s as a day', async (dt) => {
    expect(await refused(`equities_bars/AAPL/${dt}`)).toEqual([400, `dt: expected a day as YYYY-MM-DD, got ${dt}`])
  })
})

test('why: reading writes nothing, asks nobody, tells no secret, and may be done with the reading token', async () => {
  const before = await node.databaseText()
  const asked = node.asked()
  const told = JSON.stringify(await why(PRESENT.symbol, PRESENT.dt))
  await pageAt(node, `equities_bars/${EMPTY_ONCE.symbol}/${EMPTY_ONCE.dt}`)
  expect(await node.databaseText()).toBe(before)
  expect(node.asked()).toBe(asked)
  const secrets = Object.entries(node.env).filter(([name]) => /KEY|SECRET|TOKEN/.test(name))
  expect(secrets.length).toBeGreaterThan(2)
  for (const [name, value] of secrets) expect(told.includes(value), name).toBe(false)

  const app = createApp(node.running().node, { full: 'full-token', read: 'read-token' })
  const ask = (headers: Record<string, string>) => app.request(`/why/equities_bars/AAPL/${PRESENT.dt}`, { headers })
  expect((await ask({ authorization: 'Bearer read-token' })).status).toBe(200)
  expect((await ask({})).status).toBe(401)
})
