import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type DispositionInput,
  dispositionOf,
  MAX_ATTEMPTS,
  NEVER,
  type OtherVendor,
} from '../../functions/_dispatch/retry-policy.ts'
import { ABSENCE_REASONS, OUTCOMES, type Outcome } from '../../functions/_market/outcome.ts'

const NOW = Date.UTC(2024, 6, 5, 21, 0)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const BELIEVED = 30 * DAY

const other = (more: Partial<OtherVendor> = {}): OtherVendor => ({
  vendor: 'massive',
  source: 'massive',
  askAt: NOW,
  waitsForRecency: false,
  saidEmpty: false,
  knowsSymbol: true,
  ...more,
})

const free = other()
const waits = other({ askAt: NOW + 14 * HOUR, waitsForRecency: true })
const resting = other({ askAt: NOW + 2 * HOUR })
const saidEmpty = other({ saidEmpty: true, askAt: NOW + DAY })
const stranger = other({ saidEmpty: true, knowsSymbol: false, askAt: NOW + DAY })
const never = other({ askAt: NEVER })
/** A second feed of the vendor that was asked: the same house. */
const sameHouse = other({ vendor: 'alpaca_iex', source: 'alpaca', saidEmpty: true, askAt: NOW + DAY })

const judged = (outcome: Outcome, more: Partial<DispositionInput> = {}): DispositionInput => ({
  outcome,
  source: 'alpaca',
  knowsSymbol: true,
  saysNone: false,
  doubtAt: null,
  retryAt: null,
  ttlMs: BELIEVED,
  attempts: 1,
  asked: 1,
  others: [],
  now: NOW,
  jitter: 0.5,
  ...more,
})

/** State, absence, and how long until the task's next turn, in ms; for one that is done, until the next look at the cell. */
type Ending = [state: 'queued' | 'done' | 'stalled', absence: string | null, inMs: number | null]

const table: [Outcome, string, Partial<DispositionInput>, Ending][] = [
  ['filled', 'nobody else', {}, ['done', null, null]],
  ['filled', 'others untried', { others: [free] }, ['done', null, null]],
  ['short', 'nobody else', {}, ['done', null, null]],
  ['short', 'another may be asked now', { others: [free] }, ['queued', null, 0]],
  ['short', 'another only later', { others: [waits] }, ['done', null, null]],
  ['short', 'another said empty', { others: [saidEmpty] }, ['done', null, null]],
  ['short', 'attempts used up', { others: [free], attempts: MAX_ATTEMPTS }, ['done', null, null]],

  ['empty', 'nobody else', {}, ['done', 'VENDOR_EMPTY_ONCE', DAY]],
  ['empty', 'nobody else, the third time', { asked: 3 }, ['done', 'VENDOR_EMPTY_ONCE', 7 * DAY]],
  ['empty', 'nobody else, the ninth time', { asked: 9 }, ['done', 'VENDOR_EMPTY_ONCE', 90 * DAY]],
  ['empty', 'another may be asked now', { others: [free] }, ['queued', 'VENDOR_EMPTY_ONCE', 0]],
  ['empty', 'another is resting', { others: [resting] }, ['queued', 'VENDOR_EMPTY_ONCE', 2 * HOUR]],
  ['empty', 'another waits for recency', { others: [waits] }, ['queued', 'TOO_RECENT', 14 * HOUR]],
  ['empty', 'another said empty', { others: [saidEmpty] }, ['done', 'VENDORS_AGREE_EMPTY', null]],
  [
    'empty',
    'another that does not know the symbol said empty',
    { others: [stranger] },
    ['done', 'VENDOR_EMPTY_ONCE', DAY],
  ],
  [
    'empty',
    'it does not know the symbol, and another said empty',
    { knowsSymbol: false, others: [saidEmpty] },
    ['done', 'VENDOR_EMPTY_ONCE', DAY],
  ],
  ['empty', 'its second feed said empty', { others: [sameHouse] }, ['done', 'VENDOR_EMPTY_ONCE', DAY]],
  [
    'empty',
    'its second feed and another said empty',
    { others: [sameHouse, saidEmpty] },
    ['done', 'VENDORS_AGREE_EMPTY', null],
  ],
  ['empty', 'one said empty, one is untried', { others: [saidEmpty, free] }, ['queued', 'VENDOR_EMPTY_ONCE', 0]],
  ['empty', 'another may never be asked', { others: [never] }, ['done', 'VENDOR_EMPTY_ONCE', DAY]],
  ['empty', 'the source says none', { saysNone: true, others: [free] }, ['done', 'SOURCE_SAYS_NONE', null]],
  ['empty', 'attempts used up', { others: [free], attempts: MAX_ATTEMPTS }, ['stalled', 'GIVEN_UP', 7 * DAY]],

  ['too_recent', 'no time given', {}, ['queued', 'TOO_RECENT', 15 * MINUTE]],
  ['too_recent', 'a time given', { retryAt: NOW + HOUR }, ['queued', 'TOO_RECENT', HOUR]],
  ['too_recent', 'another has it now', { others: [free] }, ['queued', 'TOO_RECENT', 0]],
  ['too_recent', 'another has it later still', { others: [waits] }, ['queued', 'TOO_RECENT', 15 * MINUTE]],
  ['too_recent', 'attempts used up', { attempts: 99 }, ['queued', 'TOO_RECENT', 15 * MINUTE]],

  ['before_history', 'nobody else', {}, ['done', 'BEFORE_VENDOR_HISTORY', BELIEVED]],
  ['before_history', 'another may be asked now', { others: [free] }, ['queued', null, 0]],
  ['before_history', 'another waits for recency', { others: [waits] }, ['queued', 'TOO_RECENT', 14 * HOUR]],
  [
    'before_history',
    'two others said empty',
    { others: [saidEmpty, sameHouse] },
    ['done', 'VENDORS_AGREE_EMPTY', null],
  ],
  ['before_history', 'another said empty', { others: [saidEmpty] }, ['done', 'VENDOR_EMPTY_ONCE', BELIEVED]],
  ['not_entitled', 'nobody else', {}, ['done', 'NOT_ENTITLED', BELIEVED]],
  ['not_entitled', 'another may never be asked', { others: [never] }, ['done', 'NOT_ENTITLED', BELIEVED]],
  ['not_entitled', 'another may be asked now', { others: [free] }, ['queued', null, 0]],
  ['not_entitled', 'another said empty', { others: [saidEmpty] }, ['done', 'VENDOR_EMPTY_ONCE', BELIEVED]],
  ['not_entitled', 'attempts used up', { others: [free], attempts: 12 }, ['stalled', 'GIVEN_UP', 7 * DAY]],

  ['rate_limited', 'no time given', {}, ['queued', null, MINUTE]],
  ['rate_limited', 'a time given', { retryAt: NOW + 7_000 }, ['queued', null, 7_000]],
  ['rate_limited', 'another may be asked now', { others: [free] }, ['queued', null, 0]],
  ['rate_limited', 'attempts used up', { attempts: 99 }, ['queued', null, MINUTE]],

  ['malformed', 'the first time', {}, ['queued', null, MINUTE]],
  ['malformed', 'the third time', { asked: 3 }, ['queued', null, 100 * MINUTE]],
  ['malformed', 'once too often', { asked: 4 }, ['stalled', 'GIVEN_UP', 7 * DAY]],
  ['malformed', 'once too often, another may be asked', { asked: 4, others: [free] }, ['queued', null, 0]],
  ['malformed', 'another may be asked now', { others: [free] }, ['queued', null, 0]],
  ['malformed', 'another waits for recency', { others: [waits] }, ['queued', 'TOO_RECENT', MINUTE]],
  ['malformed', 'attempts used up', { attempts: 12 }, ['stalled', 'GIVEN_UP', 7 * DAY]],

  ['unavailable', 'the first time', {}, ['queued', 'VENDOR_OUTAGE', 30_000]],
  ['unavailable', 'the fourth time', { asked: 4 }, ['queued', 'VENDOR_OUTAGE', 4 * MINUTE]],
  ['unavailable', 'the ninth time', { asked: 9 }, ['queued', 'VENDOR_OUTAGE', DAY]],
  ['unavailable', 'another may be asked now', { others: [free] }, ['queued', null, 0]],
  ['unavailable', 'another waits for recency', { others: [waits] }, ['queued', 'VENDOR_OUTAGE', 30_000]],
  ['unavailable', 'given up before', { attempts: 13 }, ['stalled', 'GIVEN_UP', 30 * DAY]],
  ['unavailable', 'given up often', { attempts: 20 }, ['stalled', 'GIVEN_UP', 90 * DAY]],
  ['malformed', 'given up before', { asked: 5 }, ['stalled', 'GIVEN_UP', 30 * DAY]],
  ['unavailable', 'attempts used up', { attempts: 12 }, ['stalled', 'GIVEN_UP', 7 * DAY]],
]

test.each(table)('retry policy: %s, %s', (outcome, _situation, more, [state, absence, inMs]) => {
  const disposition = dispositionOf(judged(outcome, more))
  const at = inMs === null ? null : NOW + inMs
  expect({ state: disposition.state, absence: disposition.absence }).toEqual({ state, absence })
  if (state === 'queued') expect(disposition.nextAt).toBe(at)
  expect(disposition.recheckAt).toBe(absence === null ? null : at)
})

test('retry policy: every outcome stands in the table', () => {
  expect(new Set(table.map(([outcome]) => outcome))).toEqual(new Set(OUTCOMES))
})

describe('retry policy: of any judgement', () => {
  const instant = fc.oneof(fc.integer({ min: NOW, max: NOW + 100 * DAY }), fc.constantFrom(NOW, NEVER))
  const anyOther = fc.record({
    vendor: fc.constantFrom('a', 'b', 'c'),
    source: fc.constantFrom('alpaca', 'massive'),
    askAt: instant,
    waitsForRecency: fc.boolean(),
    saidEmpty: fc.boolean(),
    knowsSymbol: fc.boolean(),
  })
  const anyJudged: fc.Arbitrary<DispositionInput> = fc.record({
    outcome: fc.constantFrom(...OUTCOMES),
    source: fc.constantFrom('alpaca', 'massive'),
    knowsSymbol: fc.boolean(),
    saysNone: fc.boolean(),
    doubtAt: fc.option(fc.integer({ min: NOW + 1, max: NOW + 100 * DAY }), { nil: null }),
    retryAt: fc.option(fc.integer({ min: NOW, max: NOW + DAY }), { nil: null }),
    ttlMs: fc.constantFrom(HOUR, BELIEVED),
    attempts: fc.integer({ min: 1, max: 30 }),
    asked: fc.integer({ min: 1, max: 60 }),
    others: fc.array(anyOther, { maxLength: 3 }),
    now: fc.constant(NOW),
    jitter: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  const always = (check: (given: DispositionInput, disposition: ReturnType<typeof dispositionOf>) => void): void =>
    fc.assert(
      fc.property(anyJudged, (given) => check(given, dispositionOf(given))),
      { numRuns: 2_000 },
    )

  test('a task ends without data only with a reason', () => {
    always(({ outcome }, { state, absence }) => {
      const hasData = outcome === 'filled' || outcome === 'short'
      if (state === 'done') expect(absence === null).toBe(hasData)
      if (state === 'stalled') expect(absence).toBe('GIVEN_UP')
      if (absence !== null) expect(ABSENCE_REASONS).toContain(absence)
    })
  })

  test('a cell is never closed for good without two independent witnesses or the source itself', () => {
    always(({ outcome, source, knowsSymbol, saysNone, others }, { state, absence, recheckAt }) => {
      if (state === 'queued' || absence === null || recheckAt !== null) return
      const empty = new Set(others.filter((one) => one.saidEmpty && one.knowsSymbol).map((one) => one.source))
      if (outcome === 'empty' && knowsSymbol) empty.add(source)
      expect(empty.size >= 2 || (outcome === 'empty' && saysNone)).toBe(true)
    })
  })

  test('a cell with data is never explained as missing, nor given up', () => {
    always(({ outcome }, { state, absence }) => {
      if (outcome !== 'filled' && outcome !== 'short') return
      expect(absence).toBeNull()
      expect(state).not.toBe('stalled')
    })
  })

  test('a waiting task has a future that is not in the past and not for ever', () => {
    always((_given, { state, nextAt, absence, recheckAt }) => {
      if (state !== 'queued') return
      expect(nextAt).toBeGreaterThanOrEqual(NOW)
      expect(nextAt).toBeLessThan(NEVER)
      expect(recheckAt).toBe(absence === null ? null : nextAt)
    })
  })

  test('when a waiting task wakes up, somebody may be asked', () => {
    always(({ others }, { state, nextAt, askAgainAt }) => {
      if (state !== 'queued') return
      expect([askAgainAt, ...others.map(({ askAt }) => askAt)].some((at) => at <= nextAt)).toBe(true)
    })
  })

  test('snoozes never burn an attempt and never give a task up', () => {
    always(({ outcome }, { state, countsAsAttempt }) => {
      const snoozes = outcome === 'too_recent' || outcome === 'rate_limited'
      expect(countsAsAttempt).toBe(!snoozes)
      if (snoozes) expect(state).toBe('queued')
    })
  })

  test('a task that used up its attempts is not claimed again, unless it snoozes', () => {
    always(({ attempts }, { state, countsAsAttempt }) => {
      if (attempts >= MAX_ATTEMPTS && countsAsAttempt) expect(state).not.toBe('queued')
    })
  })

  test('the same vendor is not asked again at once', () => {
    always(({ outcome, retryAt }, { askAgainAt }) => {
      if (outcome === 'rate_limited' || outcome === 'too_recent') {
        expect(askAgainAt).toBeGreaterThanOrEqual(retryAt ?? NOW + MINUTE)
      } else expect(askAgainAt).toBeGreaterThan(NOW)
    })
  })
})

test('retry policy: retries of one outage are spread, and further apart each time', () => {
  const wait = (asked: number, jitter: number) => dispositionOf(judged('unavailable', { asked, jitter })).nextAt - NOW
  expect(wait(1, 0)).toBe(24_000)
  expect(wait(1, 0.999_999)).toBeLessThan(36_000)
  for (let asked = 1; asked < 7; asked++) expect(wait(asked + 1, 0)).toBeGreaterThan(wait(asked, 0.999))
})

test('retry policy: intervals between questions about an empty cell grow', () => {
  const again = (asked: number) => (dispositionOf(judged('empty', { asked })).recheckAt as number) - NOW
  expect([1, 2, 3, 4, 5, 6].map((asked) => again(asked) / DAY)).toEqual([1, 3, 7, 30, 90, 90])
})
