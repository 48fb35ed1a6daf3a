import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { addDays } from '../../../functions/_market/dt.ts'
import { massive } from '../../../functions/_vendors/massive/index.ts'
import { plan } from '../../../functions/_vendors/massive/plan.ts'
import { MassiveRequest } from '../../../functions/_vendors/massive/request.ts'
import type { Answer, PlanTerms } from '../../../functions/_vendors/vendor.ts'
import { weekdaysBetween } from '../../../functions/_vendors/weekdays.ts'
import { expectSoundAnswer, expectSoundPlan, SERIES, termsOf, want } from '../contract.ts'
import { inOrder, NOW, type Reply, type Script, type ScriptedVendor, scriptedVendor } from '../scripted-vendor.ts'

let vendor: ScriptedVendor | undefined
afterEach(async () => vendor?.close())

// Memorial Day, 2024-05-27, has no row here.
const DAYS = ['2024-05-24', '2024-05-28', '2024-05-29']
const curve = (date: string, more: object = {}): object => ({
  date,
  yield_2_year: 4.93,
  yield_10_year: 4.46,
  yield_30_year: 4.57,
  ...more,
})
const page = (results: unknown[] | undefined, more: object = {}): Reply => ({
  body: {
    status: 'OK',
    request_id: '0f',
    ...(results === undefined ? {} : { results, count: results.length }),
    ...more,
  },
})
const yieldsTerms = (more: Partial<PlanTerms> = {}): PlanTerms => ({
  ...termsOf('macro_treasury', NOW, { feed: 'fed', rowsPerPage: 50_000, pagesPerPlan: 1 }),
  ...more,
})

async function asking(script: Script, days = DAYS, terms = yieldsTerms()): Promise<Answer> {
  vendor = await scriptedVendor(script)
  const [head, ...others] = days.map((dt) => want('UST', dt))
  if (head === undefined) throw new Error('a test without wants')
  const made = massive.plan(head, others, terms)
  const answer = await massive.ask(made, terms, vendor.get(massive))
  expectSoundAnswer(answer, made)
  return answer
}

describe('massive yields: a curve from Massive', () => {
  it('is one request for all tenors and days, and one yield a series a day, known from the day of asking on', async () => {
    const answer = await asking(inOrder([page([curve(DAYS[0]!), curve(DAYS[2]!, { yield_2_year: -0.05 })])]))
    expect(vendor?.asked[0]?.pathname).toBe('/fed/v1/treasury-yields')
    expect(Object.fromEntries(vendor?.asked[0]?.searchParams ?? [])).toEqual({
      'date.gte': '2024-05-24',
      'date.lte': '2024-05-29',
      sort: 'date.asc',
      limit: '50000',
    })
    expect(answer).toMatchObject({ calls: 1, interruption: null, unrequested: [] })
    expect([...answer.complete].sort()).toEqual(DAYS.map((dt) => `UST ${dt}`))
    expect(answer.rows.get('UST 2024-05-29')).toEqual([
      { series: 'DGS2', value: -0.05, realtime_start: '2024-06-14' },
      { series: 'DGS10', value: 4.46, realtime_start: '2024-06-14' },
      { series: 'DGS30', value: 4.57, realtime_start: '2024-06-14' },
    ])
    expect(answer.rows.has('UST 2024-05-28')).toBe(false)
  })

  it('is dated by the clock of New York', async () => {
    const now = instantOf('2024-06-14', '23:30')
    const answer = await asking(inOrder([page([curve(DAYS[0]!)])]), DAYS, yieldsTerms({ now }))
    expect(answer.rows.get('UST 2024-05-24')?.[0]).toMatchObject({ realtime_start: '2024-06-14' })
  })

  it('gives every tenor of the vendor the name of its series', async () => {
    const fields = '1_month 3_month 6_month 1_year 2_year 3_year 5_year 7_year 10_year 20_year 30_year'.split(' ')
    const ids = 'DGS1MO DGS3MO DGS6MO DGS1 DGS2 DGS3 DGS5 DGS7 DGS10 DGS20 DGS30'.split(' ')
    const row = Object.fromEntries(fields.map((field, i) => [`yield_${field}`, i / 4]))
    const terms = yieldsTerms({ series: { UST: ids } })
    const answer = await asking(inOrder([page([{ date: DAYS[0], ...row }])]), DAYS, terms)
    expect(answer.rows.get('UST 2024-05-24')).toEqual(
      ids.map((series, i) => ({ series, value: i / 4, realtime_start: '2024-06-14' })),
    )
  })

  it('leaves out a tenor that is absent, one nobody asked for, and a series the vendor has no field for', async () => {
    const { yield_30_year: _, ...short } = curve(DAYS[0]!, { yield_10_year: null, yield_5_year: 4.5 }) as Record<
      string,
      unknown
    >
    const terms = yieldsTerms({ series: { UST: ['DFF', ...SERIES.UST] } })
    const answer = await asking(inOrder([page([short])]), DAYS, terms)
    expect(answer.rows.get('UST 2024-05-24')).toMatchObject([{ series: 'DGS2', value: 4.93 }])
    expect(answer.complete.size).toBe(3)
  })

  it('is refused without a call when the vendor has none of the series', async () => {
    const answer = await asking(inOrder([]), DAYS, yieldsTerms({ series: { UST: ['DFF'] } }))
    expect(answer).toMatchObject({ calls: 0, interruption: null })
    expect(answer.faults.get('UST 2024-05-28')).toMatchObject({ fault: 'not_entitled' })
    expect(answer.faults.size).toBe(3)
  })

  it.each([
    ['results are absent', page(undefined)],
    ['results are null', page(undefined, { results: null })],
    ['results are none', page([])],
    ['the data are delayed', page(undefined, { status: 'DELAYED' })],
  ])('is answered as empty when %s', async (_when, reply) => {
    const answer = await asking(inOrder([reply]))
    expect(answer).toMatchObject({ interruption: null, calls: 1 })
    expect(answer.complete.size).toBe(3)
    expect(answer.rows.size).toBe(0)
  })

  it.each([
    ['it counts results it does not hold', page(undefined, { count: 7 }), 'unavailable'],
    ['its status is an error', page([], { status: 'ERROR', error: 'sorry' }), 'malformed'],
    ['its results are no list', page(undefined, { results: {} }), 'malformed'],
    ['its path is unknown', { status: 404, contentType: 'text/plain', body: '404 page not found' }, 'malformed'],
    ['nothing is found', { status: 404, body: { status: 'NOT_FOUND', message: 'nothing here' } }, 'not_entitled'],
  ] as const)('is no answer when %s', async (_when, reply, fault) => {
    const answer = await asking(inOrder([reply as Reply]))
    expect(answer.interruption?.fault).toBe(fault)
    expect(answer.complete.size).toBe(0)
  })

  it('follows next_url to its end', async () => {
    const answer = await asking((url) =>
      url.searchParams.has('cursor')
        ? page([curve(DAYS[1]!), curve(DAYS[2]!)])
        : page([curve(DAYS[0]!)], { next_url: `${vendor?.url}/fed/v1/treasury-yields?cursor=abc` }),
    )
    expect(answer).toMatchObject({ calls: 2, interruption: null })
    expect(answer.rows.size).toBe(3)
  })

  it('is complete only up to the last page that was read', async () => {
    const answer = await asking((url) =>
      url.searchParams.has('cursor')
        ? { status: 429, body: '' }
        : page([curve(DAYS[0]!), curve(DAYS[1]!)], { next_url: `${vendor?.url}/fed/v1/treasury-yields?cursor=abc` }),
    )
    expect(answer).toMatchObject({ calls: 2, interruption: { fault: 'rate_limited' } })
    expect([...answer.complete]).toEqual(['UST 2024-05-24'])
    expect([...answer.rows.keys()]).toEqual(['UST 2024-05-24'])
  })

  it('proves nothing by half when its days came out of order', async () => {
    const answer = await asking((url) =>
      url.searchParams.has('cursor')
        ? { status: 500, body: '' }
        : page([curve(DAYS[2]!), curve(DAYS[0]!)], { next_url: `${vendor?.url}/fed/v1/treasury-yields?cursor=abc` }),
    )
    expect(answer.complete.size).toBe(0)
  })

  it('stops at a next_url it saw before, and when pages do not end', async () => {
    const again = await asking(() => page([curve(DAYS[0]!)], { next_url: `${vendor?.url}/fed/v1?cursor=same` }))
    expect(again).toMatchObject({ calls: 2, interruption: { fault: 'malformed' } })
    await vendor?.close()
    let cursor = 0
    const endless = await asking(() => page([], { next_url: `${vendor?.url}/fed/v1?cursor=${cursor++}` }))
    expect(endless).toMatchObject({ calls: 8, interruption: { fault: 'malformed' } })
  })

  it.each(['4.5', '', true, [4.5], {}])('a value such as %j costs its own day', async (value) => {
    const rows = [curve(DAYS[0]!), curve(DAYS[1]!, { yield_10_year: value }), curve(DAYS[2]!)]
    const answer = await asking(inOrder([page(rows)]))
    expect([...answer.faults.keys()]).toEqual(['UST 2024-05-28'])
    expect(answer.faults.get('UST 2024-05-28')).toMatchObject({ fault: 'malformed' })
    expect(answer.complete.size).toBe(2)
  })

  it.each([{ date: '2024-02-30' }, { date: 20240528 }, 'a row', null])(
    'a row such as %j, whose day is unknown, costs the whole window',
    async (row) => {
      const answer = await asking(inOrder([page([curve(DAYS[0]!), row])]))
      expect(answer.faults.size).toBe(3)
    },
  )

  it('rows of a holiday or outside the window count as unrequested', async () => {
    const answer = await asking(inOrder([page([curve('2024-05-27'), curve(DAYS[0]!), curve('2024-06-03')])]))
    expect(answer.unrequested).toEqual([
      { symbol: 'UST', dt: '2024-05-27', rows: 3 },
      { symbol: 'UST', dt: '2024-06-03', rows: 3 },
    ])
    expect(answer.complete.size).toBe(3)
  })
})

describe('massive yields: the plan of yields at Massive', () => {
  it('holds the head, only what was given of its group, each once, within every limit, and always the same', () => {
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
          const series = { ...SERIES, OTHER: ['DGS1'] }
          const terms = { ...termsOf('macro_treasury', NOW, { pagesPerPlan, rowsPerPage }), series }
          const made = plan(head, given.slice(1), terms)
          expectSoundPlan(made, head, given.slice(1))
          expect(plan(head, given.slice(1), terms)).toEqual(made)
          const request = MassiveRequest.parse(made.request)
          if (request.kind !== 'yields') throw new Error(`expected yields, got ${request.kind}`)
          expect(request.series).toEqual(terms.series[head.symbol as 'UST'])
          expect(request.limit).toBeLessThanOrEqual(50_000)
          expect(
            made.wants.every((one) => one.symbol === request.group && one.dt >= request.from && one.dt <= request.to),
          ).toBe(true)
          expect(weekdaysBetween(request.from, request.to)).toBeLessThanOrEqual(request.limit * made.expectedCalls)
          expect(made.expectedCalls).toBeLessThanOrEqual(pagesPerPlan)
        },
      ),
    )
  })

  it('asks for all that the Fed ever published in one call', () => {
    const all = calendarOf('fed').sessions('1962-01-02', '2024-06-13')
    const [head, ...others] = all.map((dt) => want('UST', dt))
    const made = plan(head!, others, yieldsTerms())
    expect(made).toMatchObject({ expectedCalls: 1, feed: 'fed' })
    expect(made.wants.length).toBe(all.length)
  })

  it('says which group has no series', () => {
    expect(() => plan(want('BUNDS', '2024-05-24'), [], yieldsTerms())).toThrow(/BUNDS/)
  })
})
