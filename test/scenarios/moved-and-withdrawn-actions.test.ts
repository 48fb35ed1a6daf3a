import { expect, test, vi } from 'vitest'
import { dividend, openActionNights } from './action-nights.ts'

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
