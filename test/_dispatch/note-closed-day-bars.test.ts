import { beforeEach, describe, expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { listClosedDayBars } from '../../db/closed-day-bars/closed-day-bars.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { noteClosedDayBars } from '../../functions/_dispatch/note-closed-day-bars.ts'
import { outcomesOf } from '../../functions/_dispatch/outcomes.ts'
import { cellKey, type DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { type Answer, VendorError, type Want } from '../../functions/_vendors/vendor.ts'
import { bar, specOf } from '../_lake/lake-fixture.ts'
import { freshDb, NOW } from '../db/temp-db.ts'

const SUNDAY = '2024-07-14'
const FRIDAY = '2024-07-19'
const FORTNIGHT = calendarOf('xnys').sessions('2024-07-08', FRIDAY)

let db: Db
beforeEach(async () => {
  db = await freshDb()
})

interface Served {
  /** Sessions left empty. */
  empty?: readonly Dt[]
  closed?: readonly Dt[]
  dataset?: DatasetName
  interruption?: VendorError
  sessions?: readonly Dt[]
}

/** What is stored after the vendor answered for AAPL and MSFT; only AAPL has empty days and bars of closed days. */
async function notedAfter({ empty = [], closed = [], dataset = 'equities_bars', interruption, sessions }: Served) {
  const wants = ['AAPL', 'MSFT'].flatMap((symbol) =>
    (sessions ?? FORTNIGHT).map((dt): Want => ({ symbol, dt, expectedRows: 1 })),
  )
  const isEmpty = ({ symbol, dt }: Want): boolean => symbol === 'AAPL' && empty.includes(dt)
  const answer: Answer = {
    rows: new Map(wants.filter((want) => !isEmpty(want)).map(({ symbol, dt }) => [cellKey(symbol, dt), [bar(0)]])),
    complete: new Set(wants.map(({ symbol, dt }) => cellKey(symbol, dt))),
    faults: new Map(),
    interruption: interruption ?? null,
    unrequested: closed.map((dt) => ({ symbol: 'AAPL', dt, rows: 1 })),
    calls: 1,
  }
  const claim = { dataset, spec: specOf(dataset), plan: { wants }, source: { connection: { name: 'alpaca' } } }
  const outcomes = outcomesOf(answer, wants, claim.spec)
  await noteClosedDayBars({ db, now: () => NOW }, claim as Parameters<typeof noteClosedDayBars>[1], answer, outcomes)
  return (await listClosedDayBars(db, dataset, '2024-01-01', '2024-12-31')).map(({ symbol, dt }) => `${symbol} ${dt}`)
}

describe('bars of closed days', () => {
  test('a bar of a Sunday beside a session that is left empty is noted', async () => {
    expect(await notedAfter({ closed: [SUNDAY], empty: [FRIDAY] })).toEqual([`AAPL ${SUNDAY}`])
  })

  test('a bar of a Sunday where all sessions are there is only dropped', async () => {
    expect(await notedAfter({ closed: [SUNDAY] })).toEqual([])
  })

  test('an empty session amid a week does not count: no shift of a day leaves it', async () => {
    expect(await notedAfter({ closed: [SUNDAY], empty: ['2024-07-17'] })).toEqual([])
  })

  test('an empty session of another week does not count', async () => {
    expect(await notedAfter({ closed: [SUNDAY], empty: [FRIDAY], sessions: [FRIDAY, '2024-07-05'] })).toEqual([
      `AAPL ${SUNDAY}`,
    ])
    expect(await notedAfter({ closed: ['2024-07-07'], empty: [FRIDAY] })).toEqual([])
  })

  test('bars of days that were not asked for say nothing, nor does an answer that was cut off', async () => {
    expect(await notedAfter({ closed: ['2024-07-21'], empty: [FRIDAY] })).toEqual([])
    const interruption = new VendorError('alpaca', 'unavailable', 'the line went dead')
    expect(await notedAfter({ closed: [SUNDAY], empty: [FRIDAY], interruption })).toEqual([])
  })

  test('minutes are not looked at: their stamps show a shift', async () => {
    expect(await notedAfter({ closed: [SUNDAY], empty: [FRIDAY], dataset: 'equities_bars_minute' })).toEqual([])
  })

  test('the same answer twice is one row, and a better answer for the days around clears it', async () => {
    await notedAfter({ closed: [SUNDAY], empty: [FRIDAY] })
    expect(await notedAfter({ closed: [SUNDAY], empty: [FRIDAY] })).toEqual([`AAPL ${SUNDAY}`])
    expect(await notedAfter({ sessions: [FRIDAY] })).toEqual([`AAPL ${SUNDAY}`])
    expect(await notedAfter({})).toEqual([])
  })
})
