import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { askMassive, hear } from './asking.ts'
import { LAB_KEYS, type Lab, type LabOptions, startLab } from './lab.ts'
import { syntheticBars } from './synthetic.ts'

const NOW = instantOf('2024-06-14', '12:00')
const UNIVERSE = [
  { symbol: 'AAA', from: '2010-01-04', to: null },
  { symbol: 'BRK.B', from: '2010-01-04', to: null, splits: [{ exDt: '2024-03-06', ratio: 2 }] },
]

interface AggsBody {
  ticker: string
  queryCount: number
  resultsCount: number
  adjusted: boolean
  status: string
  results?: { T?: string; v: number; vw: number; o: number; c: number; h: number; l: number; t: number; n: number }[]
  next_url?: string
}

let lab: Lab | undefined
afterEach(async () => lab?.close())

async function setup(options: Partial<LabOptions> = {}): Promise<Lab> {
  const massive = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'massive' })
  lab = await startLab({ now: () => NOW, seed: 7, plan: 'basic', limits: { massive: 10_000 }, massive, ...options })
  return lab
}

async function pages(on: Lab, path: string): Promise<AggsBody[]> {
  const all: AggsBody[] = []
  for (let next: string | undefined = path; next !== undefined; next = all.at(-1)?.next_url) {
    all.push((await askMassive(on, next)).body as AggsBody)
  }
  return all
}

const stampsOf = (all: AggsBody[]): number[] => all.flatMap((page) => (page.results ?? []).map((bar) => bar.t))
const DAYS = '/v2/aggs/ticker/AAA/range/1/day/2024-03-01/2024-03-29'
const MINUTES = '/v2/aggs/ticker/AAA/range/1/minute/2024-03-07/2024-03-12'

describe('massive: aggregates', () => {
  it('stamp a day with the millisecond it starts in New York, on both sides of the clock change', async () => {
    const [page] = await pages(await setup(), DAYS)
    expect(page).toMatchObject({ ticker: 'AAA', queryCount: 20, resultsCount: 20, adjusted: true, status: 'OK' })
    const stamps = stampsOf(page ? [page] : [])
    expect(stamps).toContain(Date.UTC(2024, 2, 8, 5))
    expect(stamps).toContain(Date.UTC(2024, 2, 11, 4))
  })

  it('print volume as a double', async () => {
    expect((await askMassive(await setup(), DAYS)).text).toMatch(/"v":\d+\.0,/)
  })

  it('have no results key when there is nothing', async () => {
    const on = await setup()
    for (const path of [
      '/v2/aggs/ticker/ZZZ/range/1/day/2024-03-01/2024-03-29',
      '/v2/aggs/ticker/AAA/range/1/day/2024-03-29/2024-03-30',
      '/v2/aggs/grouped/locale/us/market/stocks/2024-03-30',
    ]) {
      const { status, body } = await askMassive(on, path)
      expect(status).toBe(200)
      expect(body).toMatchObject({ resultsCount: 0, status: 'OK' })
      expect(body).not.toHaveProperty('results')
    }
  })

  it.each([
    ['days ascending', `${DAYS}?limit=3&adjusted=false`],
    ['days descending', `${DAYS}?limit=3&sort=desc`],
    ['minutes ascending', `${MINUTES}?limit=100`],
    ['minutes descending', `${MINUTES}?limit=100&sort=desc`],
  ])('page by next_url without losing a bar: %s', async (_what, path) => {
    const on = await setup()
    const all = await pages(on, path)
    const whole = stampsOf(await pages(on, `${path.split('?')[0]}?limit=50000`))
    expect(all.length).toBeGreaterThan(3)
    expect(stampsOf(all)).toEqual(path.includes('desc') ? whole.toReversed() : whole)
    expect(new Set(all.map((page) => page.adjusted)).size).toBe(1)
  })

  it('put the next millisecond and a cursor into next_url, and never the key', async () => {
    const on = await setup()
    const url = `${on.massive.url}${DAYS}?limit=2&apiKey=${LAB_KEYS.massive}`
    const { body, text, headers } = await hear(url, {})
    const next = new URL((body as AggsBody).next_url ?? '')
    expect(next.origin).toBe(on.massive.url)
    expect(next.pathname).toBe(`/v2/aggs/ticker/AAA/range/1/day/${Date.UTC(2024, 2, 5, 5)}/2024-03-29`)
    expect(Buffer.from(next.searchParams.get('cursor') ?? '', 'base64url').toString()).toBe('limit=2&sort=asc')
    expect(text).not.toContain(LAB_KEYS.massive)
    expect(headers.get('link')).toContain('rel="next"')
    expect((await hear(next.href, {})).status).toBe(401)
  })

  it('snap milliseconds outward to the bars they touch', async () => {
    const noon = instantOf('2024-03-05', '12:00')
    const all = await pages(await setup(), `/v2/aggs/ticker/AAA/range/1/day/${noon}/${noon}`)
    expect(stampsOf(all)).toEqual([instantOf('2024-03-05', '00:00')])
  })

  it('are split-adjusted unless told otherwise', async () => {
    const on = await setup()
    const path = '/v2/aggs/ticker/BRK.B/range/1/day/2024-03-05/2024-03-06'
    const [raw] = await pages(on, `${path}?adjusted=false`)
    const [adjusted] = await pages(on, path)
    const [rawBefore, rawAfter] = raw?.results ?? []
    const [before, after] = adjusted?.results ?? []
    expect(before?.c).toBeCloseTo((rawBefore?.c ?? 0) / 2, 4)
    expect(before?.v).toBe((rawBefore?.v ?? 0) * 2)
    expect(after).toEqual(rawAfter)
  })
})

describe('massive: the whole market on a day', () => {
  it('names each ticker and stamps the end of the session', async () => {
    const on = await setup()
    const { body } = await askMassive(on, '/v2/aggs/grouped/locale/us/market/stocks/2024-03-05?adjusted=false')
    const results = (body as AggsBody).results ?? []
    expect(results.map((bar) => bar.T)).toEqual(['AAA', 'BRK.B'])
    expect(results.map((bar) => bar.t)).toEqual([Date.UTC(2024, 2, 5, 21), Date.UTC(2024, 2, 5, 21)])
    const [range] = await pages(on, '/v2/aggs/ticker/AAA/range/1/day/2024-03-05/2024-03-05')
    expect({ ...results[0], T: undefined, t: 0 }).toEqual({ ...range?.results?.[0], T: undefined, t: 0 })
  })
})

describe('massive: refusals', () => {
  it.each([
    ['/v2/aggs/ticker/AAA/range/1/day/yesterday/2024-03-29', 400, "Could not parse the time parameter: 'from'"],
    ['/v2/aggs/ticker/AAA/range/1/day/2024-03-29/2024-03-01', 400, "'to' cannot be a time that occurs before 'from'"],
    ['/v2/aggs/ticker/AAA/range/5/minute/2024-03-01/2024-03-29', 400, 'multiplier'],
    [`${DAYS}?limit=50001`, 400, 'limit'],
    ['/v2/aggs/ticker/AAA/range/1/day/2022-01-03/2022-06-13', 403, "Your plan doesn't include this data timeframe"],
    [
      '/v2/aggs/ticker/AAA/range/1/day/2024-06-10/2024-06-14',
      403,
      "Attempted to request today's data before end of day",
    ],
    ['/v2/aggs/grouped/locale/us/market/stocks/2024-06-14', 403, "Attempted to request today's data"],
    ['/v2/aggs/grouped/locale/us/market/stocks/2022-06-13', 403, "Your plan doesn't include this data timeframe"],
  ])('%s is a %i: %s', async (path, status, text) => {
    const heard = await askMassive(await setup(), path)
    expect(heard.status).toBe(status)
    const body = heard.body as Record<string, string>
    expect(body[status === 403 ? 'message' : 'error']).toContain(text)
    expect(body.status).toBe(status === 403 ? 'NOT_AUTHORIZED' : 'ERROR')
  })

  it('cuts a range that straddles the history wall without a word', async () => {
    const path = '/v2/aggs/ticker/AAA/range/1/day/2022-06-01/2022-06-17'
    expect(stampsOf(await pages(await setup(), path))[0]).toBe(instantOf('2022-06-14', '00:00'))
    await lab?.close()
    expect(stampsOf(await pages(await setup({ plan: 'open' }), path))[0]).toBe(instantOf('2022-06-01', '00:00'))
  })

  it('tells a missing key from an unknown one', async () => {
    const on = await setup()
    const none = await hear(on.massive.url + DAYS, {})
    expect([none.status, (none.body as { error: string }).error]).toEqual([401, 'API Key was not provided'])
    const wrong = await hear(on.massive.url + DAYS, { Authorization: 'Bearer nobody' })
    expect([wrong.status, (wrong.body as { error: string }).error]).toEqual([401, 'Unknown API Key'])
  })

  it('tells whether the market is open, without its usual envelope', async () => {
    const { body } = await askMassive(await setup(), '/v1/marketstatus/now')
    expect(body).toMatchObject({ market: 'open', earlyHours: false, serverTime: '2024-06-14T12:00:00-04:00' })
    expect(body).not.toHaveProperty('status')
  })

  it('answers an unknown path in plain text', async () => {
    const heard = await askMassive(await setup(), '/v9/nothing')
    expect([heard.status, heard.type, heard.text]).toEqual([404, 'text/plain', '404 page not found'])
  })
})
