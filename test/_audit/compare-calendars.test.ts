import { expect, test } from 'vitest'
import { listCalendarChecks } from '../../db/calendar-checks/calendar-checks.ts'
import { blockVendor } from '../../db/circuits/circuits.ts'
import type { Db } from '../../db/client.ts'
import { checkCalendars } from '../../functions/_audit/compare-calendars.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import type { VendorConnection } from '../../functions/_catalog/context.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import type { Acquire } from '../../functions/_vendors/http.ts'
import { type Connector, VendorError } from '../../functions/_vendors/vendor.ts'
import { allow, type Reply } from '../_vendors/scripted-vendor.ts'
import { freshDb, NOW } from '../db/temp-db.ts'
import { type Almanac, almanac, asOurs, type Changed, CONFIG, serveAlmanac, withHours, without } from './almanac.ts'

/** Friday after Independence Day 2024; NOW is its evening. 400 days before it and 370 after: */
const ASOF = '2024-07-05'
const FROM = '2023-06-01'
const TO = '2025-07-10'
const HALF_DAY = '2024-07-03'
const HOLIDAY = '2024-07-04'
const MONDAY = '2024-07-08'

const { sessions: _, ...withoutCalendar } = almanac()

const hours = (dt: Dt, open: string, close: string): [number, number] => [instantOf(dt, open), instantOf(dt, close)]

interface Scene extends Almanac {
  db: Db
  connection: VendorConnection
  log: [string, Record<string, unknown>][]
  check(asof?: Dt, now?: number): Promise<void>
}

async function setup(
  first: Changed | Reply = asOurs,
  more: { connector?: Connector; acquire?: Acquire } = {},
): Promise<Scene> {
  const db = await freshDb()
  const { vendor, answers } = await serveAlmanac(first)
  const { connector = almanac(), acquire = allow } = more
  const connection: VendorConnection = {
    name: 'almanac',
    config: CONFIG,
    connector,
    missing: [],
    get: () => vendor.get(connector, { acquire }),
  }
  const log: Scene['log'] = []
  const check = (asof = ASOF, now = NOW): Promise<void> =>
    checkCalendars({ db, vendors: [connection], now: () => now, log: (...line) => void log.push(line) }, asof)
  return { db, vendor, connection, log, answers, check }
}

const EXPECTED_SESSIONS = calendarOf('xnys').sessions(FROM, TO).length

test('compare calendars: a calendar that agrees is asked for once and leaves nothing to say', async () => {
  const scene = await setup()
  await scene.check()
  expect(scene.vendor.asked.map(({ search }) => search)).toEqual([`?from=${FROM}&to=${TO}`])
  expect(await listCalendarChecks(scene.db)).toEqual([
    {
      vendor: 'almanac',
      asof: ASOF,
      checkedAt: NOW,
      fromDt: FROM,
      toDt: TO,
      sessions: EXPECTED_SESSIONS,
      differing: 0,
      differences: [],
      error: null,
    },
  ])
  expect(scene.log).toEqual([])
})

test('compare calendars: a session the vendor does not have is a difference, stored and logged', async () => {
  const scene = await setup(without(MONDAY))
  await scene.check()
  const difference = { dt: MONDAY, ours: hours(MONDAY, '09:30', '16:00'), theirs: null }
  expect(await listCalendarChecks(scene.db)).toMatchObject([
    { sessions: EXPECTED_SESSIONS - 1, differing: 1, differences: [difference], error: null },
  ])
  expect(scene.log).toEqual([
    [
      'audit.calendar_differs',
      { vendor: 'almanac', asof: ASOF, fromDt: FROM, toDt: TO, differing: 1, first: [difference] },
    ],
  ])
})

test.each<[string, Changed, { dt: Dt; ours: [number, number] | null; theirs: [number, number] | null }]>([
  [
    'a half day that we do not know',
    withHours(MONDAY, '09:30', '13:00'),
    { dt: MONDAY, ours: hours(MONDAY, '09:30', '16:00'), theirs: hours(MONDAY, '09:30', '13:00') },
  ],
  [
    'a full day where we close early',
    withHours(HALF_DAY, '09:30', '16:00'),
    { dt: HALF_DAY, ours: hours(HALF_DAY, '09:30', '13:00'), theirs: hours(HALF_DAY, '09:30', '16:00') },
  ],
  [
    'another open',
    withHours(MONDAY, '10:00', '16:00'),
    { dt: MONDAY, ours: hours(MONDAY, '09:30', '16:00'), theirs: hours(MONDAY, '10:00', '16:00') },
  ],
  [
    'a session on our holiday',
    withHours(HOLIDAY, '09:30', '16:00'),
    { dt: HOLIDAY, ours: null, theirs: hours(HOLIDAY, '09:30', '16:00') },
  ],
  [
    'a day listed once as ours and once shorter',
    (sessions) => [...sessions, ...withHours(MONDAY, '09:30', '13:00')([])],
    { dt: MONDAY, ours: hours(MONDAY, '09:30', '16:00'), theirs: hours(MONDAY, '09:30', '13:00') },
  ],
  [
    'the same the other way round',
    (sessions) => [...withHours(MONDAY, '09:30', '13:00')([]), ...sessions],
    { dt: MONDAY, ours: hours(MONDAY, '09:30', '16:00'), theirs: hours(MONDAY, '09:30', '13:00') },
  ],
])('compare calendars: %s is seen with both versions', async (_what, change, difference) => {
  const scene = await setup(change)
  await scene.check()
  expect(await listCalendarChecks(scene.db)).toMatchObject([{ differing: 1, differences: [difference] }])
})

test('compare calendars: our calendar stays what it was, whatever a vendor says', async () => {
  const before = calendarOf('xnys').sessions(FROM, TO)
  const scene = await setup(without(MONDAY))
  await scene.check()
  expect(calendarOf('xnys').sessions(FROM, TO)).toEqual(before)
})

test('compare calendars: of many differences all are counted and the first fifty listed, in the order of days', async () => {
  const scene = await setup((sessions) => sessions.map((session) => ({ ...session, open: session.open + 1 })).reverse())
  await scene.check()
  const [found] = await listCalendarChecks(scene.db)
  expect(found?.differing).toBe(EXPECTED_SESSIONS)
  expect(found?.differences.map(({ dt }) => dt)).toEqual(calendarOf('xnys').sessions(FROM, TO).slice(0, 50))
  expect(scene.log[0]?.[1].first).toHaveLength(3)
})

test('compare calendars: days of either calendar stand in one order', async () => {
  const scene = await setup((sessions) => withHours(HOLIDAY, '09:30', '16:00')(without(MONDAY)(sessions)))
  await scene.check()
  const [found] = await listCalendarChecks(scene.db)
  expect(found?.differences.map(({ dt }) => dt)).toEqual([HOLIDAY, MONDAY])
})

test('compare calendars: days nobody asked for are not compared', async () => {
  const scene = await setup((sessions) => [
    ...withHours('2020-07-04', '09:30', '16:00')([]),
    ...sessions,
    ...withHours('2029-07-04', '09:30', '16:00')([]),
  ])
  await scene.check()
  expect(await listCalendarChecks(scene.db)).toMatchObject([
    { sessions: EXPECTED_SESSIONS, differing: 0, fromDt: FROM, toDt: TO },
  ])
})

test('compare calendars: days after the last one a vendor lists are unknown, not closed', async () => {
  const scene = await setup((sessions) => sessions.filter(({ dt }) => dt <= '2024-12-31'))
  await scene.check()
  expect(await listCalendarChecks(scene.db)).toMatchObject([{ toDt: '2024-12-31', differing: 0 }])
})

test('compare calendars: nothing is asked beyond the days our calendar is vouched for', async () => {
  const scene = await setup()
  await scene.check('1990-06-01')
  await scene.check('2030-06-03')
  expect(scene.vendor.asked.map(({ search }) => search)).toEqual([
    '?from=1990-01-01&to=1991-06-06',
    '?from=2029-04-29&to=2030-12-31',
  ])
  expect(await listCalendarChecks(scene.db)).toMatchObject([{ asof: '2030-06-03', differing: 0, error: null }])
})

test('compare calendars: repeated checks cost one call an as-of day', async () => {
  const scene = await setup(without(MONDAY))
  for (let turns = 0; turns < 5; turns++) await scene.check(ASOF, NOW + turns)
  expect(scene.vendor.asked).toHaveLength(1)
  expect(scene.log).toHaveLength(1)
  scene.answers(asOurs)
  await scene.check(MONDAY, NOW + 3 * 86_400_000)
  await scene.check(MONDAY, NOW + 3 * 86_400_000)
  expect(scene.vendor.asked).toHaveLength(2)
  expect(await listCalendarChecks(scene.db)).toMatchObject([{ asof: MONDAY, differing: 0, differences: [] }])
})

test('compare calendars: an earlier evening is covered by the check of a later one', async () => {
  const scene = await setup()
  await scene.check(MONDAY)
  await scene.check(ASOF)
  await scene.check(MONDAY)
  expect(scene.vendor.asked).toHaveLength(1)
})

test('compare calendars: a check by a clock that ran ahead is made again when the clock is right', async () => {
  const scene = await setup()
  await scene.check('2025-07-03', NOW + 363 * 86_400_000)
  await scene.check()
  expect(await listCalendarChecks(scene.db)).toMatchObject([{ asof: ASOF, checkedAt: NOW }])
})

const failures: [string, Reply | Changed, RegExp][] = [
  ['a page that is no JSON', { contentType: 'text/html', body: '<html>' }, /expected 200 with JSON/],
  ['an answer of another shape', { body: { days: [] } }, /another shape/],
  ['a day without hours', { body: [{ dt: ASOF }] }, /another shape.*0\.open/],
  ['an error of the vendor', { status: 403, body: {} }, /it said 403/],
  ['a 429 of the vendor', { status: 429, body: {} }, /it said 429/],
  ['an empty list', () => [], /is empty; expected it to reach 2024-07-05/],
  [
    'a list that was cut off',
    (sessions) => sessions.slice(0, 10),
    /ends with 2023-06-14; expected it to reach 2024-07-05/,
  ],
]
test.each(failures)(
  'compare calendars: %s is kept as an error, and the next check asks again',
  async (_what, reply, why) => {
    const scene = await setup(reply)
    await scene.check()
    expect(await listCalendarChecks(scene.db)).toMatchObject([
      { asof: ASOF, sessions: null, differing: 0, error: expect.stringMatching(why) },
    ])
    expect(scene.log.map(([event]) => event)).toEqual(['audit.calendar_check_failed'])
    scene.answers(asOurs)
    await scene.check()
    expect(await listCalendarChecks(scene.db)).toMatchObject([{ sessions: EXPECTED_SESSIONS, error: null }])
    await scene.check()
    expect(scene.vendor.asked).toHaveLength(2)
  },
)

test('compare calendars: a failure does not forget the differences that were known', async () => {
  const scene = await setup(without(MONDAY))
  await scene.check()
  scene.answers({ status: 500, body: {} })
  await scene.check('2024-07-09', NOW + 4 * 86_400_000)
  expect(await listCalendarChecks(scene.db)).toMatchObject([
    { asof: ASOF, differing: 1, differences: [{ dt: MONDAY }], error: 'GET /calendar at almanac: it said 500' },
  ])
})

test('compare calendars: a spent budget is no error: nothing is sent or stored, and the next check asks', async () => {
  const room: { isSpent: boolean } = { isSpent: true }
  const acquire: Acquire = async () => (room.isSpent ? { ok: false, retryAt: NOW + 60_000 } : { ok: true })
  const scene = await setup(asOurs, { acquire })
  await scene.check()
  expect(scene.vendor.asked).toEqual([])
  expect(await listCalendarChecks(scene.db)).toEqual([])
  expect(scene.log).toEqual([])
  room.isSpent = false
  await scene.check()
  expect(await listCalendarChecks(scene.db)).toMatchObject([{ error: null }])
})

test('compare calendars: a vendor that asked to be left alone is left alone', async () => {
  const scene = await setup()
  await blockVendor(scene.db, 'almanac', NOW + 60_000, 'said so')
  await scene.check()
  expect(scene.vendor.asked).toEqual([])
  await scene.check(ASOF, NOW + 60_000)
  expect(scene.vendor.asked).toHaveLength(1)
})

test.each<[string, () => Promise<never>]>([
  ['throws the vendor error', () => Promise.reject(new VendorError('almanac', 'unavailable', 'the line is dead'))],
  ['has a fault of its own', () => Promise.reject(new TypeError('the line is dead'))],
])('compare calendars: a connector that %s costs the check, not the audit', async (_what, sessions) => {
  const scene = await setup(asOurs, { connector: almanac({ sessions }) })
  await scene.check()
  expect(await listCalendarChecks(scene.db)).toMatchObject([{ error: 'the line is dead' }])
})

test.each<[string, Partial<VendorConnection>]>([
  ['has no calendar', { connector: withoutCalendar }],
  ['lacks a key', { missing: ['ALMANAC_KEY'] }],
  ['may not be called', { config: { ...CONFIG, calls_per_minute: 0 } }],
  ['spends from the account of another', { config: { ...CONFIG, account: 'other' } }],
])('compare calendars: a vendor that %s is not asked', async (_what, change) => {
  const scene = await setup()
  Object.assign(scene.connection, change)
  await scene.check()
  expect(scene.vendor.asked).toEqual([])
  expect(await listCalendarChecks(scene.db)).toEqual([])
})
