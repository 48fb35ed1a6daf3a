import { expect, test, vi } from 'vitest'
import { dividend, openActionNights, split } from './action-nights.ts'

vi.setConfig({ testTimeout: 120_000 })

test('withdrawn action: it leaves the table, is kept in raw, is AMBER, and comes back when the vendor lists it again', async () => {
  const nights = await openActionNights()
  nights.list(dividend('2013-12-20', 0.98), dividend('2013-12-19', 5, { special: true }))
  await nights.night('2013-12-20')
  expect(await nights.table()).toEqual(['SPY 2013-12-19 5 seen 2013-12-20', 'SPY 2013-12-20 0.98 seen 2013-12-20'])
  expect(await nights.judged('2013-12-20')).toEqual(['SPY 2013-12-19 GREEN 1', 'SPY 2013-12-20 GREEN 1'])

  nights.list(dividend('2013-12-19', 5, { special: true }))
  await nights.night('2013-12-23')
  expect(await nights.table()).toEqual(['SPY 2013-12-19 5 seen 2013-12-20'])
  expect(await nights.judged('2013-12-23')).toEqual([
    'SPY 2013-12-19 GREEN 1',
    'SPY 2013-12-20 AMBER ACTION_WITHDRAWN 0 SOURCE_SAYS_NONE',
  ])
  expect(await nights.factors('2013-12-23')).toMatchObject([{ dt: '2013-12-19', cash: 5 }])
  expect(await nights.manifest('2013-12-23')).toMatchObject({
    complete: true,
    lacking: null,
    actions: { total: 1, changes: [{ dt: '2013-12-20', change: 'withdrawn', from: null, cash: 0.98 }] },
  })
  expect(await nights.get('/why/corporate_actions/SPY/2013-12-20')).toMatchObject({
    actions: [
      expect.stringMatching(/: withdrawn, because a complete answer of alpaca as of 2013-12-23 no longer had it/),
    ],
    corrections: [{ sentence: '1 row gone' }],
    qc: { status: 'AMBER', flags: ['ACTION_WITHDRAWN'], numbers: { withdrawn_actions: 1 } },
  })

  nights.list(dividend('2013-12-20', 0.98), dividend('2013-12-19', 5, { special: true }))
  await nights.night('2013-12-30')
  expect(await nights.table()).toEqual(['SPY 2013-12-19 5 seen 2013-12-20', 'SPY 2013-12-20 0.98 seen 2013-12-20'])
})

test('withdrawn action: the only one of its year leaves no file, and the bundle lacks nothing', async () => {
  const nights = await openActionNights()
  nights.list(dividend('2013-12-20', 0.98))
  await nights.night('2013-12-20')
  nights.list()
  await nights.night('2013-12-23')
  expect(await nights.table()).toEqual([])
  expect(await nights.judged('2013-12-23')).toEqual(['SPY 2013-12-20 AMBER ACTION_WITHDRAWN 0 SOURCE_SAYS_NONE'])
  expect(await nights.manifest('2013-12-23')).toMatchObject({ complete: true, lacking: null })
})

test('moved action: a dividend whose ex-date moved is one dividend, on its newest day', async () => {
  const nights = await openActionNights()
  nights.list(dividend('2013-12-20', 0.98))
  await nights.night('2013-12-20')
  nights.list(dividend('2013-12-19', 0.98))
  await nights.night('2013-12-23')
  expect(await nights.table()).toEqual(['SPY 2013-12-19 0.98 seen 2013-12-23'])
  expect(await nights.judged('2013-12-23')).toEqual(['SPY 2013-12-19 GREEN 1'])
  expect((await nights.manifest('2013-12-23')).actions).toMatchObject({
    total: 1,
    more: 0,
    changes: [
      { symbol: 'SPY', dt: '2013-12-19', kind: 'cash_dividend', change: 'moved', from: '2013-12-20', cash: 0.98 },
    ],
  })
  await nights.night('2013-12-30')
  expect(await nights.table()).toEqual(['SPY 2013-12-19 0.98 seen 2013-12-23'])
  expect((await nights.manifest('2013-12-30')).actions).toEqual({ total: 0, more: 0, changes: [] })
  expect((await nights.get('/why/corporate_actions/SPY/2013-12-20')).actions).toEqual([
    expect.stringMatching(
      /^cash dividend of 0.98, stated as alpaca:\S+, first seen 2013-12-20: moved, alpaca states it for 2013-12-19 now\.$/,
    ),
  ])
  expect((await nights.get('/why/corporate_actions/SPY/2013-12-19')).actions).toEqual([
    expect.stringMatching(
      /^cash dividend of 0.98, stated as alpaca:\S+, first seen 2013-12-23, after its day; alpaca stated it for 2013-12-20 before\.$/,
    ),
  ])
  expect(await nights.factors('2013-12-30')).toMatchObject([
    { dt: '2013-12-19', cash: 0.98, flags: 'NO_PREVIOUS_CLOSE' },
  ])
})

test('late action: a dividend that the vendor lists afterwards is seen with the night that found it', async () => {
  const nights = await openActionNights()
  await nights.night('2013-12-20')
  nights.list(dividend('2013-12-20', 0.98))
  await nights.night('2013-12-23')
  expect(await nights.table()).toEqual(['SPY 2013-12-20 0.98 seen 2013-12-23'])
  expect((await nights.manifest('2013-12-23')).actions).toMatchObject({
    total: 1,
    changes: [{ dt: '2013-12-20', change: 'late', cash: 0.98 }],
  })
  expect((await nights.get('/why/corporate_actions/SPY/2013-12-20')).actions).toEqual([
    expect.stringMatching(/^cash dividend of 0.98, stated as alpaca:\S+, first seen 2013-12-23, after its day\.$/),
  ])
})

test('changed action: a dividend that the vendor states with other cash is one dividend, and its change stands in the next bundle', async () => {
  const nights = await openActionNights()
  nights.list(dividend('2013-12-20', 0.98))
  await nights.night('2013-12-20')
  nights.list(dividend('2013-12-20', 1.02))
  await nights.night('2013-12-23')
  expect((await nights.table()).map((row) => row.split(' seen')[0])).toEqual(['SPY 2013-12-20 1.02'])
  expect(await nights.judged('2013-12-23')).toEqual(['SPY 2013-12-20 GREEN 1'])
  expect((await nights.manifest('2013-12-23')).actions).toMatchObject({
    total: 1,
    changes: [{ dt: '2013-12-20', change: 'changed', cash: 1.02, cash_before: 0.98 }],
  })
})

test('same action: a dividend and a split that are filed under two ids each are one row each, and count once', async () => {
  const nights = await openActionNights()
  const again = { knownDt: '2013-06-04' }
  nights.list(
    dividend('2013-12-20', 0.98),
    dividend('2013-12-20', 0.98, again),
    split('2013-12-19'),
    split('2013-12-19', again),
  )
  await nights.night('2013-12-20')
  expect(await nights.table()).toEqual(['SPY 2013-12-19 2:1 seen 2013-12-20', 'SPY 2013-12-20 0.98 seen 2013-12-20'])
  expect(await nights.judged('2013-12-20')).toEqual(['SPY 2013-12-19 GREEN 1', 'SPY 2013-12-20 GREEN 1'])
  expect(await nights.factors('2013-12-20')).toMatchObject([
    { dt: '2013-12-19', split_factor: 0.5, cash: null, flags: '' },
    { dt: '2013-12-20', split_factor: 1, cash: 0.98, flags: 'NO_PREVIOUS_CLOSE' },
  ])
  expect((await nights.get('/why/corporate_actions/SPY/2013-12-19')).actions).toEqual([
    expect.stringMatching(/^split 2:1, stated as alpaca:\S+ and alpaca:\S+, first seen 2013-12-20, after its day\.$/),
  ])
})

test('contradicting actions: two splits of a day with different ratios stay two rows, are AMBER, and neither is applied', async () => {
  const nights = await openActionNights()
  nights.list(split('2013-12-20'), split('2013-12-20', { to: 3 }))
  await nights.night('2013-12-20')
  expect((await nights.table()).toSorted()).toEqual([
    'SPY 2013-12-20 2:1 seen 2013-12-20 contradicts',
    'SPY 2013-12-20 3:1 seen 2013-12-20 contradicts',
  ])
  expect(await nights.judged('2013-12-20')).toEqual(['SPY 2013-12-20 AMBER CONTRADICTING_ACTIONS 2'])
  expect(await nights.factors('2013-12-20')).toMatchObject([{ split_factor: 1, flags: 'CONTRADICTING_SPLITS' }])
})

test('withdrawn action: an answer without any action withdraws nothing where several are known', async () => {
  const nights = await openActionNights({ symbols: ['SPY', 'IBM'] })
  const both = [dividend('2013-12-20', 0.98), dividend('2013-12-20', 0.95, { symbol: 'IBM' })]
  nights.list(...both)
  await nights.night('2013-12-20')
  const table = await nights.table()
  expect(table).toHaveLength(2)
  nights.list()
  await nights.night('2013-12-23')
  expect(await nights.table()).toEqual(table)
  expect((await nights.manifest('2013-12-23')).refused).toMatchObject({ total: 2 })
})
