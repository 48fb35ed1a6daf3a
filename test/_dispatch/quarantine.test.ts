import { expect, test } from 'vitest'
import { listSamples } from '../../db/quarantine/list-samples.ts'
import type { Claim } from '../../functions/_dispatch/claim.ts'
import { quarantine } from '../../functions/_dispatch/quarantine.ts'
import { cellKey } from '../../functions/_market/cell.ts'
import type { Fault } from '../../functions/_market/outcome.ts'
import { type Answer, VendorError, type Want } from '../../functions/_vendors/vendor.ts'
import { audit } from '../../functions/audit.ts'
import { freshDb, NOW } from '../db/temp-db.ts'
import type { FaultMode } from '../lab/lab.ts'
import { ASOF, dispatched, drain, EVENING, openBareNode } from './bare-node.ts'

const ALONE = {
  symbols: ['AAPL', 'MSFT'],
  vendors: { alpaca: {} },
  datasets: { equities_bars: { depth: { sessions: 1 } } },
}

/** Opens a node whose only vendor answers the first dispatch with a fault. Returns what was kept. */
async function keptAfter(fault: FaultMode) {
  const bare = await openBareNode(ALONE)
  await audit(bare.node, { at: EVENING })
  bare.lab.alpaca.fault(fault)
  const done = await dispatched(bare.node)
  return { bare, done, kept: await listSamples(bare.node.db, 100, null) }
}

test('quarantine: a page that is no data at all is kept once for the whole plan', async () => {
  const { kept, done } = await keptAfter({ kind: 'html-200' })
  expect(done.outcomes).toEqual({ malformed: 2 })
  expect(kept).toEqual([
    {
      vendor: 'alpaca',
      dataset: 'equities_bars',
      symbol: null,
      dt: null,
      at: EVENING,
      outcome: 'malformed',
      status: 200,
      message: expect.stringContaining('expected 200 with JSON'),
      sample: expect.stringContaining('Scheduled maintenance'),
      times: 1,
    },
  ])
})

test('quarantine: rows that do not parse are kept cell by cell', async () => {
  const { kept, done } = await keptAfter({ kind: 'string-numbers' })
  expect(done.outcomes).toEqual({ malformed: 2 })
  expect(kept.map(({ symbol, dt, status }) => [symbol, dt, status]).sort()).toEqual([
    ['AAPL', ASOF, 200],
    ['MSFT', ASOF, 200],
  ])
  for (const { message, sample } of kept) {
    expect(message).toContain('does not parse')
    expect(sample).toBeTruthy()
  }
})

test('quarantine: asked again and again, the same nonsense stays one row that counts', async () => {
  const { bare, kept } = await keptAfter({ kind: 'string-numbers' })
  await drain(bare)
  const again = await listSamples(bare.node.db, 100, null)
  expect(again).toHaveLength(kept.length)
  for (const { times, at } of again) {
    expect(times).toBe(4)
    expect(at).toBeGreaterThan(EVENING)
  }
})

test.each<FaultMode>([{ kind: 'status-500' }, { kind: 'status-429' }, { kind: 'reset' }, { kind: 'empty-200' }])(
  'quarantine: trouble of the moment ($kind) is no sample',
  async (fault) => {
    const { kept, done } = await keptAfter(fault)
    expect(done.outcomes).not.toHaveProperty('filled')
    expect(kept).toEqual([])
  },
)

test('quarantine: a good answer leaves nothing', async () => {
  const bare = await openBareNode(ALONE)
  await audit(bare.node, { at: EVENING })
  expect((await dispatched(bare.node)).outcomes).toEqual({ filled: 2 })
  expect(await listSamples(bare.node.db, 100, null)).toEqual([])
})

const WANTS: Want[] = Array.from({ length: 40 }, (_, index) => ({
  symbol: `S${String(index).padStart(2, '0')}`,
  dt: '2024-07-05',
  expectedRows: 1,
}))
const CLAIM = {
  dataset: 'equities_bars',
  plan: { wants: WANTS },
  source: { connection: { name: 'alpaca' } },
} as unknown as Claim

const error = (message: string, sample: string | null = null, fault: Fault = 'malformed'): VendorError =>
  new VendorError('alpaca', fault, message, { status: 200, sample })

const answer = (more: Partial<Answer>): Answer => ({
  rows: new Map(),
  complete: new Set(),
  faults: new Map(),
  interruption: null,
  unrequested: [],
  calls: 1,
  ...more,
})

/** What is kept of an answer to forty wants. */
async function keptOf(more: Partial<Answer>) {
  const db = await freshDb()
  await quarantine({ db, now: () => NOW }, CLAIM, answer(more))
  return (await listSamples(db, 100, null)).reverse()
}

const faultsOf = (errorOf: (want: Want, index: number) => VendorError) =>
  new Map(WANTS.map((want, index) => [cellKey(want.symbol, want.dt), errorOf(want, index)]))

test('quarantine: one message about many cells is kept once, with the first of them', async () => {
  const shared = error('a bar of the whole range does not parse')
  expect(await keptOf({ faults: faultsOf(() => shared) })).toMatchObject([
    { symbol: 'S00', dt: '2024-07-05', message: shared.message, sample: null },
  ])
})

test('quarantine: of many messages twenty are kept, the one that ended the answer first', async () => {
  const kept = await keptOf({
    interruption: error('the page is torn'),
    faults: faultsOf(({ symbol }) => error(`${symbol} does not parse`)),
  })
  expect(kept).toHaveLength(20)
  expect(kept[0]).toMatchObject({ symbol: null, dt: null, message: 'the page is torn' })
  expect(kept[19]).toMatchObject({ symbol: 'S18' })
})

test('quarantine: a refusal among malformed cells is none of them', async () => {
  const faults = faultsOf((_want, index) =>
    index === 3 ? error('does not parse') : error('unknown symbol', null, 'not_entitled'),
  )
  const kept = await keptOf({ faults, interruption: error('no more today', null, 'rate_limited') })
  expect(kept).toMatchObject([{ symbol: 'S03', message: 'does not parse' }])
})

test('quarantine: message and sample are cut, and messages that are the same after the cut are one', async () => {
  const long = 'x'.repeat(300)
  const faults = faultsOf(({ symbol }) => error(`${long}${symbol}`, 'y'.repeat(10_000)))
  expect(await keptOf({ faults })).toMatchObject([{ message: long, sample: 'y'.repeat(500), symbol: 'S00' }])
})

test('quarantine: a sample cut within a character, or of no text at all, can still be kept and read', async () => {
  const cut = await keptOf({ interruption: error('torn', `${'y'.repeat(499)}😀`) })
  expect(cut).toMatchObject([{ sample: `${'y'.repeat(499)}\uFFFD` }])
  const binary = await keptOf({ interruption: error('torn', 'a\u0000b\u001b[2Jc\r\n\td') })
  expect(binary).toMatchObject([{ sample: 'a\uFFFDb\uFFFD[2Jc\r\n\td' }])
})
