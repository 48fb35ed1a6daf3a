import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { availabilityOf, availableAt, availableRange, historyStart } from '../../functions/_catalog/availability.ts'
import { addDays } from '../../functions/_market/dt.ts'
import { specOf } from '../_lake/lake-fixture.ts'
import { datasetTerms } from './dataset-terms.ts'

const xnys = calendarOf('xnys')
const fed = calendarOf('fed')
const daily = specOf('equities_bars')
const macro = specOf('macro_treasury')

test.each([
  ['2024-07-05', 2, '2022-07-05'],
  ['2024-02-29', 2, '2022-03-01'],
  ['2024-02-29', 4, '2020-02-29'],
  ['2024-03-01', 1, '2023-03-01'],
  ['2024-08-31', 0.5, '2024-03-02'],
  ['2024-01-15', 0.25, '2023-10-15'],
  ['2024-12-31', 1, '2023-12-31'],
])('availability: on %s a history of %d years begins on %s', (today, rolling_years, first) => {
  expect(historyStart({ rolling_years }, instantOf(today, '12:00'))).toBe(first)
})

test('availability: a history rolls at midnight in New York, not in Greenwich', () => {
  const midnight = instantOf('2024-07-05', '24:00')
  expect(historyStart({ rolling_years: 1 }, midnight - 1)).toBe('2023-07-05')
  expect(historyStart({ rolling_years: 1 }, midnight)).toBe('2023-07-06')
})

test('availability: a history with a first day does not roll', () => {
  expect(historyStart({ from: '2016-01-01' }, instantOf('2024-07-05', '12:00'))).toBe('2016-01-01')
})

test.each([
  // Days are calendar days: Friday's data on Saturday morning.
  ['2024-07-05', { days: 1, at: '11:00' }, '2024-07-06', '11:00'],
  // Sessions skip weekends and holidays: Wednesday's data after Independence Day.
  ['2024-07-03', { sessions: 1, at: '16:30' }, '2024-07-05', '16:30'],
  ['2024-07-05', { sessions: 1, at: '16:30' }, '2024-07-08', '16:30'],
  ['2024-07-05', { sessions: 2, at: '16:30' }, '2024-07-09', '16:30'],
  ['2024-07-05', { sessions: 0, at: '20:16' }, '2024-07-05', '20:16'],
  // A day without a session: what a session later would be.
  ['2024-07-06', { sessions: 1, at: '16:30' }, '2024-07-08', '16:30'],
  ['2024-07-03', { days: 0, at: '24:00' }, '2024-07-03', '24:00'],
] as const)('availability: %s with a recency of %j is there on %s at %s', (dt, recency, day, time) => {
  expect(availableAt(recency, xnys, dt)).toBe(instantOf(day, time))
})

test('availability: sessions are those of the calendar of the dataset', () => {
  // Columbus Day 2024: the stock market was open, the Fed published nothing.
  const recency = { sessions: 1, at: '16:30' }
  expect(availableAt(recency, fed, '2024-10-11')).toBe(instantOf('2024-10-15', '16:30'))
  expect(availableAt(recency, xnys, '2024-10-11')).toBe(instantOf('2024-10-14', '16:30'))
})

test.each(['2024-03-08', '2024-03-11', '2024-11-01', '2024-11-04'])(
  'availability: around a change of clocks (%s) the wall keeps its New York time',
  (dt) => {
    const at = availableAt({ days: 0, at: '20:16' }, xnys, dt)
    expect(new Date(at).toLocaleTimeString('en-GB', { timeZone: 'America/New_York' })).toBe('20:16:00')
    expect(availableRange(datasetTerms(), daily, at).toDt).toBe(dt)
    expect(availableRange(datasetTerms(), daily, at - 1).toDt).toBe(addDays(dt, -1))
  },
)

test('availability: a vendor reaches from its history to its wall', () => {
  const evening = instantOf('2024-07-05', '20:30')
  const weekAgo = datasetTerms({ history: { rolling_years: 2 }, recency: { days: 1, at: '11:00' } })
  expect(availableRange(weekAgo, daily, evening)).toEqual({ fromDt: '2022-07-05', toDt: '2024-07-04' })
  expect(availableRange(datasetTerms(), daily, evening)).toEqual({ fromDt: '2016-01-01', toDt: '2024-07-05' })
  const published = datasetTerms({ history: { from: '1962-01-02' }, recency: { sessions: 1, at: '16:30' } })
  expect(availableRange(published, macro, evening)).toEqual({ fromDt: fed.first, toDt: '2024-07-04' })
})

test('availability: a day is served now, later with the minute, or never', () => {
  const now = instantOf('2024-07-05', '20:30')
  const vendor = datasetTerms({ history: { from: '2016-01-01' }, recency: { days: 1, at: '11:00' } })
  expect(availabilityOf(vendor, daily, '2015-12-31', now)).toEqual({ can: 'never' })
  expect(availabilityOf(vendor, daily, '2016-01-01', now)).toEqual({ can: 'now' })
  expect(availabilityOf(vendor, daily, '2024-07-05', now)).toEqual({
    can: 'later',
    at: instantOf('2024-07-06', '11:00'),
  })
})

test('availability: what is within reach is exactly what is served now', () => {
  const anyRecency = fc.record({
    count: fc.integer({ min: 0, max: 3 }),
    at: fc.constantFrom('00:00', '11:00', '16:30', '24:00'),
    kind: fc.constantFrom('days' as const, 'sessions' as const),
  })
  const anyNow = fc.integer({ min: Date.UTC(2023, 10, 1), max: Date.UTC(2024, 11, 30) })
  fc.assert(
    fc.property(anyRecency, anyNow, fc.constantFrom(0.5, 1, 2), ({ count, at, kind }, now, rolling_years) => {
      const recency = kind === 'days' ? { days: count, at } : { sessions: count, at }
      const vendor = datasetTerms({ history: { rolling_years }, recency })
      const { fromDt, toDt } = availableRange(vendor, daily, now)
      expect(availabilityOf(vendor, daily, fromDt, now)).toEqual({ can: 'now' })
      expect(availabilityOf(vendor, daily, toDt, now)).toEqual({ can: 'now' })
      expect(availabilityOf(vendor, daily, addDays(fromDt, -1), now)).toEqual({ can: 'never' })
      expect(availabilityOf(vendor, daily, addDays(toDt, 1), now)).toMatchObject({ can: 'later' })
    }),
    { numRuns: 300 },
  )
})
