import { afterEach, expect, test } from 'vitest'
import type { Config, VendorConfig } from '../../config/schema.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { QueueView } from '../../functions/queue/view.ts'
import type { VendorsView } from '../../functions/vendors/view.ts'
import { EVENING, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

const DAY = 86_400_000
const NO_DAYS = 'no vendor that may be asked has a day of it: its history begins after the newest day it has'
/** More turns than any of these cases needs: who takes them all is spinning. */
const MOST_TURNS = 80

let node: TestNode | undefined
afterEach(async () => {
  await node?.remove()
  node = undefined
})

interface Ended {
  turns: number
  /** Requests since the audit, which compares calendars. */
  asked: number
  queue: QueueView
  vendors: VendorsView
}

/** Audits, then dispatches and waits as the chain does, for eight days at the most. */
async function playOut(change: (config: Config) => Config, before?: (node: TestNode) => void): Promise<Ended> {
  node = await startTestNode({ change })
  before?.(node)
  await node.post('/audit')
  const audited = node.asked()
  let turns = 0
  for (; turns < MOST_TURNS; turns++) {
    const { status, body } = await node.post('/dispatch-one-task')
    expect(status).toBe(200)
    if (body.more) continue
    const at = body.nextAt === null ? null : Date.parse(String(body.nextAt))
    if (at === null || at > EVENING + 8 * DAY) break
    expect(at).toBeGreaterThan(node.clock.now())
    await node.clock.sleep(at - node.clock.now())
  }
  const violations = [node.lab.alpaca, node.lab.massive, node.lab.fred].map((vendor) => vendor.stats().violations)
  expect(violations).toEqual([0, 0, 0])
  const queue = (await node.get('/queue')).body as unknown as QueueView
  const vendors = (await node.get('/vendors')).body as unknown as VendorsView
  return { turns, asked: node.asked() - audited, queue, vendors }
}

/** Daily bars alone, from Alpaca alone, with some change. */
const alone =
  (change: Partial<VendorConfig>, terms: Partial<NonNullable<VendorConfig['datasets']['equities_bars']>> = {}) =>
  (config: Config): Config => {
    const alpaca = config.vendors.alpaca!
    const bars = { ...alpaca.datasets.equities_bars!, ...terms }
    return {
      ...config,
      datasets: { equities_bars: config.datasets.equities_bars! },
      vendors: { alpaca: { ...alpaca, datasets: { equities_bars: bars }, ...change } },
    }
  }

/** One dataset from one vendor alone. */
const only =
  (
    vendor: string,
    dataset: DatasetName,
    shape: Partial<NonNullable<VendorConfig['datasets'][DatasetName]>['shape']> = {},
  ) =>
  (config: Config): Config => {
    const { [vendor]: one } = config.vendors
    const terms = one!.datasets[dataset]!
    return {
      ...config,
      datasets: { [dataset]: config.datasets[dataset]! },
      vendors: { [vendor]: { ...one!, datasets: { [dataset]: { ...terms, shape: { ...terms.shape, ...shape } } } } },
    }
  }

test('bad registry: a dataset no vendor lists is asked of nobody, and both answers say so', async () => {
  const { turns, asked, queue, vendors } = await playOut((config) => alone({ datasets: {} })(config))
  expect([turns, asked]).toEqual([0, 0])
  expect(vendors.datasets).toEqual([
    { dataset: 'equities_bars', vendors: [], askable: [], state: expect.stringContaining('no vendor lists it') },
  ])
  expect(queue.forecast!.datasets).toMatchObject([{ open: 0, nobody: { NOT_ENTITLED: 2 * SESSIONS } }])
})

test.each<[string, Partial<VendorConfig>, string]>([
  [
    'no call a minute, and a share of it for today',
    { calls_per_minute: 0, today_share: 0.5 },
    'calls_per_minute is 0: it is never asked',
  ],
  ['no call a day', { calls_per_day: 0 }, 'calls_per_day is 0: it is never asked'],
])('bad registry: %s ends at once, without a call', async (_what, change, because) => {
  const { turns, asked, queue, vendors } = await playOut(alone(change))
  expect([turns, asked]).toEqual([0, 0])
  expect(vendors.vendors).toMatchObject([{ usable: false, because: [because] }])
  expect(vendors.datasets).toMatchObject([{ askable: [], state: expect.stringContaining('may be asked') }])
  expect(vendors.vendors[0]!.budgets[0]!.lanes).toMatchObject({
    today: { leftNow: 0, nextCallAt: null },
    backfill: { nextCallAt: null },
  })
  expect(queue.forecast!.datasets).toMatchObject([{ nobody: { NOT_ENTITLED: 2 * SESSIONS } }])
})

test('bad registry: a history that begins after the last day there is has nothing to serve', async () => {
  const { turns, asked, queue, vendors } = await playOut(alone({}, { history: { from: '2029-01-02' } }))
  expect([turns, asked]).toEqual([0, 0])
  expect(vendors.vendors[0]!.datasets).toMatchObject([
    { history: { firstDay: '2029-01-02' }, recency: { newestDay: null } },
  ])
  expect(vendors.datasets[0]!.state).toBe(NO_DAYS)
  expect(queue.forecast!.datasets).toMatchObject([{ nobody: { BEFORE_VENDOR_HISTORY: 2 * SESSIONS } }])
})

test('bad registry: a history that has left a day before its vendor has it is asked for nothing, however long one waits', async () => {
  const terms = { history: { rolling_years: 0.02 }, recency: { days: 30, at: '11:00' } }
  const { turns, asked, queue, vendors } = await playOut(alone({}, terms))
  expect([turns, asked]).toEqual([0, 0])
  expect(vendors.datasets[0]!.state).toBe(NO_DAYS)
  expect(queue.forecast!.datasets).toMatchObject([{ nobody: { BEFORE_VENDOR_HISTORY: 10, TOO_RECENT: 2 } }])
  await node!.clock.sleep(40 * DAY)
  expect((await node!.post('/dispatch-one-task')).body).toMatchObject({ more: false, nextAt: null })
  expect(node!.lab.alpaca.stats().calls).toBe(node!.asked())
})

test('bad registry: a share for today that leaves backfill nothing leaves it one call a minute', async () => {
  const { queue, vendors } = await playOut(alone({ calls_per_minute: 1, today_share: 0.9 }))
  expect(vendors.vendors[0]!.budgets[0]!.lanes.backfill.callsPerMinute).toBe(1)
  expect(queue.open).toBe(0)
})

const givenUp = ({ turns, queue, vendors }: Ended, words: RegExp): void => {
  expect(turns).toBeLessThan(MOST_TURNS)
  expect(queue.counts.every(({ state }) => state === 'stalled')).toBe(true)
  expect(queue.open).toBe(2 * SESSIONS)
  expect(queue.stalled[0]).toMatchObject({
    lastOutcome: 'malformed',
    answers: [{ vendor: 'alpaca', note: expect.stringMatching(words) }],
  })
  expect(queue.forecast!.datasets[0]).toMatchObject({ nobody: { GIVEN_UP: 2 * SESSIONS } })
  expect(vendors.vendors[0]!.circuit).toMatchObject({ lastError: expect.stringMatching(words) })
  expect(vendors.vendors[0]!.circuit.failures).toBeGreaterThanOrEqual(3)
}

test('bad registry: a page token that leads in a circle is given up after a few calls, with the reason', async () => {
  const shape = { rows_per_page: 1, symbols_per_call: 500, pages_per_plan: 4 }
  const ended = await playOut(alone({}, { shape }), ({ lab }) => lab.alpaca.fault({ kind: 'token-loop' }))
  expect(ended.asked).toBeLessThan(200)
  // One bar a page: whether a cell is whole would be told by the page behind it, which never comes.
  expect(ended.turns).toBeLessThan(MOST_TURNS)
  expect(ended.queue.counts.every(({ state }) => state === 'stalled')).toBe(true)
  expect(ended.queue.stalled[0]!.answers[0]!.note).toMatch(/leads back to a page that was served before/)
})

test('bad registry: a next page that leads in a circle at a vendor of addresses is given up as well', async () => {
  const ended = await playOut(only('massive', 'equities_bars', { rows_per_page: 2, pages_per_plan: 40 }), ({ lab }) =>
    lab.massive.fault({ kind: 'token-loop' }),
  )
  expect(ended.asked).toBeLessThan(40)
  expect(ended.turns).toBeLessThan(MOST_TURNS)
  expect(ended.queue.counts.every(({ state }) => state === 'stalled')).toBe(true)
  expect(ended.queue.stalled[0]!.answers[0]!.note).toMatch(/leads back to a page that was served before/)
})

test.each(['fred', 'massive'] as const)(
  'bad registry: %s answering with yields of other days only is not believed',
  async (vendor) => {
    const ended = await playOut(only(vendor, 'macro_treasury'), ({ lab }) =>
      lab[vendor].fault({ kind: 'range-ignored' }),
    )
    expect(ended.turns).toBeLessThan(MOST_TURNS)
    expect(ended.queue.counts.every(({ state }) => state === 'stalled')).toBe(true)
    expect(ended.queue.stalled[0]).toMatchObject({
      lastOutcome: 'malformed',
      answers: [{ vendor, note: expect.stringContaining('served only other days, such as UST 2024-') }],
    })
    expect(ended.queue.forecast!.datasets[0]).toMatchObject({ nobody: { GIVEN_UP: SESSIONS } })
  },
)

test('bad registry: a vendor that ignores the range never makes a day empty, and is given up with the reason', async () => {
  const ended = await playOut(alone({}), ({ lab }) => lab.alpaca.fault({ kind: 'range-ignored' }))
  givenUp(ended, /served only other days, such as (AAPL|MSFT)/)
  const { body } = await node!.get(ended.queue.stalled[0]!.why)
  expect(body).toMatchObject({ coverage: { present: false, absent: false }, absence: { reason: 'GIVEN_UP' } })
})
