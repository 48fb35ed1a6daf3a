import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { addDays, dayNumber } from '../../../functions/_market/dt.ts'
import { fred } from '../../../functions/_vendors/fred/index.ts'
import { plan } from '../../../functions/_vendors/fred/plan.ts'
import { FredRequest } from '../../../functions/_vendors/fred/wire.ts'
import type { Answer, PlanTerms } from '../../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, expectSoundPlan, SERIES, termsOf, want } from '../contract.ts'
import { inOrder, NOW, type Reply, type Script, type ScriptedVendor, scriptedVendor } from '../scripted-vendor.ts'

let vendor: ScriptedVendor | undefined
afterEach(async () => vendor?.close())

// 2024-05-27 was Memorial Day: FRED lists it with ".".
const DAYS = ['2024-05-24', '2024-05-28', '2024-05-29']
const observation = (date: string, value: unknown): object => ({
  realtime_start: '2024-06-14',
  realtime_end: '2024-06-14',
  date,
  value,
})
const whole = (observations: unknown[], more: object = {}): Reply => ({
  body: { units: 'lin', output_type: 1, count: observations.length, offset: 0, limit: 100_000, observations, ...more },
})
const curve = (value: string): unknown[] => [
  observation('2024-05-24', value),
  observation('2024-05-27', '.'),
  observation('2024-05-28', value),
  observation('2024-05-29', value),
]
const noSeries: Reply = {
  status: 400,
  body: { error_code: 400, error_message: 'Bad Request.  The series does not exist.' },
}

async function asking(
  script: Script,
  days = DAYS,
  terms: PlanTerms = termsOf('macro_treasury', NOW, { rowsPerPage: 100_000 }),
): Promise<Answer> {
  vendor = await scriptedVendor(script)
  const [head, ...others] = days.map((dt) => want('UST', dt))
  if (head === undefined) throw new Error('a test without wants')
  const made = fred.plan(head, others, terms)
  const answer = await fred.ask(made, terms, vendor.get(fred))
  expectSoundAnswer(answer, made)
  return answer
}

describe('a curve from FRED', () => {
  it('is one request a series over one window, and one yield a series a day', async () => {
    const answer = await asking((url) => whole(curve(url.searchParams.get('series_id') === 'DGS2' ? '4.90' : '-0.05')))
    expect(answer).toMatchObject({ calls: 3, interruption: null, strays: [] })
    expect(vendor?.asked.map((url) => url.searchParams.get('series_id'))).toEqual(SERIES.UST)
    expect(Object.fromEntries(vendor?.asked[0]?.searchParams ?? [])).toMatchObject({
      file_type: 'json',
      sort_order: 'asc',
      limit: '100000',
      observation_start: '2024-05-24',
      observation_end: '2024-05-29',
    })
    expect([...answer.complete].sort()).toEqual(DAYS.map((dt) => `UST ${dt}`))
    expect(answer.rows.get('UST 2024-05-28')).toEqual([
      { series: 'DGS2', value: 4.9, realtime_start: '2024-06-14' },
      { series: 'DGS10', value: -0.05, realtime_start: '2024-06-14' },
      { series: 'DGS30', value: -0.05, realtime_start: '2024-06-14' },
    ])
  })

  it('keeps a "." as a yield the source says it has not', async () => {
    const answer = await asking(() => whole([observation('2024-05-24', '.')]))
    expect(answer.rows.get('UST 2024-05-24')?.[0]).toMatchObject({ value: null })
    expect(answer.rows.has('UST 2024-05-28')).toBe(false)
    expect(answer.complete.size).toBe(3)
  })

  it('pages by offset until every observation was served', async () => {
    const all = curve('4.00')
    const answer = await asking((url) => {
      const offset = Number(url.searchParams.get('offset') ?? 0)
      return whole(all.slice(offset, offset + 3), { count: 4, offset })
    })
    expect(answer).toMatchObject({ calls: 6, interruption: null })
    expect(answer.rows.get('UST 2024-05-29')?.length).toBe(3)
  })

  it('is malformed when a page is empty before the end, or begins elsewhere than asked', async () => {
    expect((await asking(() => whole([], { count: 9 }))).interruption?.fault).toBe('malformed')
    await vendor?.close()
    const stuck = await asking(() => whole(curve('4.00').slice(0, 2), { count: 4, offset: 0 }))
    expect(stuck).toMatchObject({ calls: 2, interruption: { fault: 'malformed' } })
  })

  it('is not complete while one series is missing', async () => {
    const answer = await asking(inOrder([whole(curve('4.00')), whole(curve('4.00')), { status: 429, body: {} }]))
    expect(answer).toMatchObject({ calls: 3, interruption: { fault: 'rate_limited' } })
    expect(answer.complete.size).toBe(0)
    expect(answer.rows.size).toBe(0)
  })

  it('is complete without a series that does not exist, and refused when none does', async () => {
    const partly = await asking(inOrder([whole(curve('4.00')), noSeries, whole(curve('4.50'))]))
    expect(partly).toMatchObject({ calls: 3, interruption: null })
    expect(partly.rows.get('UST 2024-05-24')?.length).toBe(2)
    await vendor?.close()
    const none = await asking(() => noSeries)
    expect(none.complete.size).toBe(0)
    expect(none.faults.get('UST 2024-05-24')?.fault).toBe('not_entitled')
  })

  it.each(['', '4,5', '4.5%', ' 4.5', '1e3', 'NaN', '..', '4.', null, 4.5])(
    'a value such as %j costs its own day',
    async (value) => {
      const rows = [
        observation('2024-05-24', '4.00'),
        observation('2024-05-28', value),
        observation('2024-05-29', '4.00'),
      ]
      const answer = await asking(() => whole(rows))
      expect([...answer.faults.keys()]).toEqual(['UST 2024-05-28'])
      expect(answer.complete.size).toBe(2)
    },
  )

  it('a date that is none costs the whole window', async () => {
    const answer = await asking(inOrder([whole([observation('2024-02-30', '4.00')]), whole([]), whole([])]))
    expect(answer.faults.size).toBe(3)
  })

  it('a number on a holiday or outside the window is a stray', async () => {
    const rows = [observation('2024-05-27', '4.00'), observation('2024-06-03', '4.00'), ...curve('4.00')]
    const answer = await asking(inOrder([whole(rows), whole([]), whole([])]))
    expect(answer.strays).toEqual([
      { symbol: 'UST', dt: '2024-05-27', rows: 1 },
      { symbol: 'UST', dt: '2024-06-03', rows: 1 },
    ])
  })
})

describe('the plan of FRED', () => {
  it('holds the head, only what was given, each once, within every limit, and always the same', () => {
    const someWant = fc.record({
      symbol: fc.constantFrom('UST', 'OTHER'),
      dt: fc.integer({ min: 0, max: 900 }).map((day) => addDays('2020-01-01', day)),
      expectedRows: fc.constant(null),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(someWant, { minLength: 1, maxLength: 60, selector: (one) => `${one.symbol} ${one.dt}` }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1, 100, 100_000),
        (given, pagesPerPlan, rowsPerPage) => {
          const head = given[0]!
          const terms = {
            ...termsOf('macro_treasury', NOW, { pagesPerPlan, rowsPerPage }),
            series: { ...SERIES, OTHER: ['DFF'] },
          }
          const made = plan(head, given.slice(1), terms)
          expectSoundPlan(made, head, given.slice(1))
          expect(plan(head, given.slice(1), terms)).toEqual(made)
          const { group, series, from, to } = FredRequest.parse(made.request)
          expect(made.wants.every((one) => one.symbol === group && one.dt >= from && one.dt <= to)).toBe(true)
          const pages = Math.ceil((dayNumber(to) - dayNumber(from) + 1) / rowsPerPage)
          expect(pages).toBeLessThanOrEqual(Math.max(1, Math.floor(pagesPerPlan / series.length)))
          expect(made.expectedCalls).toBe(series.length * pages)
        },
      ),
    )
  })

  it('says which group has no series', () => {
    expect(() => plan(want('BUNDS', '2024-05-24'), [], termsOf('macro_treasury', NOW))).toThrow(/BUNDS/)
  })
})
