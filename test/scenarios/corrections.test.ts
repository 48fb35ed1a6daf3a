import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { pageCorrections } from '../../db/corrections/page-corrections.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import { audit } from '../../functions/audit.ts'
import { createApp } from '../../functions/index.ts'
import { ASOF, type BareNode, EVENING, openBareNode } from '../_dispatch/bare-node.ts'
import type { LabAction } from '../lab/action-source.ts'
import { syntheticBars } from '../lab/synthetic.ts'

const ALL = { dataset: null, symbol: null, from: null, to: null, since: null, after: null }
const MONDAY = instantOf('2024-07-08', '20:30')
const ELEVEN = instantOf(ASOF, '11:00')
const UNIVERSE = [{ symbol: 'AAPL', from: '2010-01-04', to: null }]

/** Audits for an evening and works off what may be asked by then. */
async function evening({ node, clock }: BareNode, at: number): Promise<void> {
  if (at > clock.now()) await clock.sleep(at - clock.now())
  await audit(node, { at })
  while ('vendor' in (await dispatchNext(node, null, at)));
}
const changesOf = ({ node }: BareNode) => pageCorrections(node.db, ALL, 100)
const attemptsOf = ({ node }: BareNode) =>
  node.db.all<{ rows: number; digest: string }>(sql`SELECT rows, digest FROM attempts WHERE dt = ${ASOF} AND rows > 0`)

test('corrections: minutes that the vendor fills in later are told as added, minutes that it loses again are refused and told once', async () => {
  let lost = 3
  const steady = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'alpaca' })
  const alpaca = {
    ...steady,
    minute: (symbol: string, from: number, to: number) =>
      steady.minute(symbol, from, to).filter(({ ts }) => ts < ELEVEN || ts >= ELEVEN + lost * 60_000),
  }
  const bare = await openBareNode({
    symbols: ['AAPL'],
    vendors: { alpaca: {} },
    datasets: { equities_bars_minute: { depth: { from: ASOF } } },
    lab: { alpaca },
  })
  await evening(bare, EVENING)
  const [first] = await attemptsOf(bare)
  lost = 0
  await evening(bare, MONDAY)
  const whole = await attemptsOf(bare)
  expect(whole).toMatchObject([{ rows: first!.rows + 3 }])
  const filledIn = { added: 3, removed: 0, changed: 0, fields: [] }
  const told = { dataset: 'equities_bars_minute', symbol: 'AAPL', dt: ASOF, vendor: 'alpaca' }
  expect(await changesOf(bare)).toMatchObject([
    { ...told, at: MONDAY, window: 1, verdict: 'replaced', previous: first!.digest, difference: filledIn },
  ])

  lost = 5
  const third = calendarOf('xnys').next(ASOF, 3)
  await evening(bare, instantOf(third, '20:30'))
  await evening(bare, instantOf(third, '20:30'))
  expect(await attemptsOf(bare)).toEqual(whole)
  const [refused, ...before] = await changesOf(bare)
  expect(before).toHaveLength(1)
  expect(refused).toMatchObject({ ...told, window: 3, verdict: 'kept_more_rows', previous: whole[0]!.digest })
  expect(refused).toMatchObject({ rowsBefore: first!.rows + 3, rows: first!.rows - 2 })
  expect(refused!.difference).toEqual({ added: 0, removed: 5, changed: 0, fields: [] })

  const files = (await bare.files()).filter((path) => path.startsWith('manifests/'))
  const lines = await Promise.all(files.map((path) => readFile(join(bare.node.lake.root, path), 'utf8')))
  const written = lines.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line))
  expect(written.filter(({ dt }) => dt === ASOF)).toMatchObject([
    { verdict: 'new' },
    { verdict: 'replaced', difference: filledIn },
    { verdict: 'kept_more_rows', refused: expect.stringContaining(refused!.digest), difference: { removed: 5 } },
  ])
})

test('corrections: a bar that is corrected in one window and again in the next is told twice, each time with its own difference', async () => {
  let volume = 1
  const steady = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'alpaca' })
  const alpaca = {
    ...steady,
    daily: (symbol: string, from: string, to: string) =>
      steady.daily(symbol, from, to).map((bar) => (bar.dt === ASOF ? { ...bar, v: bar.v! * volume } : bar)),
  }
  const bare = await openBareNode({
    symbols: ['AAPL'],
    vendors: { alpaca: {} },
    datasets: { equities_bars: { depth: { from: ASOF } } },
    lab: { alpaca },
  })
  await evening(bare, EVENING)
  volume = 2
  await evening(bare, MONDAY)
  await evening(bare, MONDAY)
  volume = 3
  const third = instantOf(calendarOf('xnys').next(ASOF, 3), '20:30')
  await evening(bare, third)
  await evening(bare, third)
  const byVolume = (largest: number) => ({
    added: 0,
    removed: 0,
    changed: 1,
    fields: [{ field: 'volume', rows: 1, emptied: 0, largest }],
  })
  const [second, first, ...others] = await changesOf(bare)
  expect(others).toEqual([])
  expect(first).toMatchObject({ at: MONDAY, window: 1, verdict: 'replaced', difference: byVolume(1) })
  expect(second).toMatchObject({ at: third, window: 3, verdict: 'replaced', difference: byVolume(0.5) })
  expect(second!.previous).toBe(first!.digest)

  const app = createApp(bare.node, { full: null, read: null })
  const ask = async (path: string) => (await app.request(path, { headers: { host: '127.0.0.1' } })).json()
  expect(await ask('/changes')).toMatchObject({ changes: [{ window: 3 }, { window: 1 }] })
  expect(await ask(`/why/equities_bars/AAPL/${ASOF}`)).toMatchObject({
    corrections: [{ window: 1 }, { window: 3, sentence: '1 row changed: volume in 1 by up to 50 %' }],
  })
})

test('corrections: a corporate action that the vendor withdraws is kept as withdrawn, which is one correction', async () => {
  const dividend = (cash: number): LabAction => ({
    kind: 'dividend',
    symbol: 'AAPL',
    exDt: ASOF,
    recordDt: ASOF,
    payDt: ASOF,
    cash,
    special: false,
    frequency: 4,
    knownDt: '2024-06-03',
  })
  let actions: LabAction[] = [dividend(0.25)]
  const bare = await openBareNode({
    symbols: ['AAPL'],
    vendors: { alpaca: {} },
    datasets: { corporate_actions: { depth: { from: ASOF }, restate: { sessions: [1, 3] } } },
    lab: { actions: { alpaca: { actions: () => actions } } },
  })
  await evening(bare, EVENING)
  const kept = await attemptsOf(bare)
  expect(kept).toMatchObject([{ rows: 1 }])
  actions = []
  await evening(bare, MONDAY)
  await evening(bare, instantOf(calendarOf('xnys').next(ASOF, 3), '20:30'))
  const marked = await attemptsOf(bare)
  expect(marked).toMatchObject([{ rows: 1 }])
  expect(await changesOf(bare)).toMatchObject([
    {
      dataset: 'corporate_actions',
      at: MONDAY,
      verdict: 'replaced',
      previous: kept[0]!.digest,
      digest: marked[0]!.digest,
      rowsBefore: 1,
      rows: 1,
      window: 1,
      difference: { added: 0, removed: 1, changed: 0, fields: [] },
    },
  ])
  const masks = await bare.node.db.all<{ present: number; absent: number }>(sql`SELECT present, absent FROM coverage`)
  expect(masks.map(({ present, absent }) => present & absent)).toEqual([0])
})
