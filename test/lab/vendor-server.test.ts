import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { ALPACA_HEADERS, askAlpaca, askFred, askMassive } from './asking.ts'
import { type FaultMode, type Lab, type LabOptions, startLab } from './lab.ts'
import { syntheticBars, syntheticYields } from './synthetic.ts'

const UNIVERSE = [
  { symbol: 'AAA', from: '2010-01-04', to: null },
  { symbol: 'BBB', from: '2010-01-04', to: null },
]
const QUERY = { symbols: 'AAA', timeframe: '1Day', start: '2024-03-04', end: '2024-03-28' }
const RANGE = '/v2/aggs/ticker/AAA/range/1/day/2024-03-01/2024-03-29'

let now = 0
let lab: Lab | undefined
afterEach(async () => lab?.close())

async function setup(options: Partial<LabOptions> = {}): Promise<Lab> {
  now = instantOf('2024-06-14', '12:00')
  lab = await startLab({
    now: () => now,
    seed: 7,
    plan: 'basic',
    alpaca: syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'alpaca' }),
    massive: syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'massive' }),
    fred: syntheticYields(7),
    ...options,
  })
  return lab
}

describe('vendor server: the budget', () => {
  it('admits five requests in any 60 seconds at Massive and counts the sixth as a violation', async () => {
    const on = await setup()
    for (let i = 0; i < 5; i++) {
      now += 1_000
      expect((await askMassive(on, RANGE)).status).toBe(200)
    }
    const sixth = await askMassive(on, RANGE)
    expect(sixth.status).toBe(429)
    expect((sixth.body as { error: string }).error).toContain("You've exceeded the maximum requests per minute")
    expect(on.massive.stats()).toMatchObject({ calls: 6, violations: 1, byStatus: { 200: 5, 429: 1 } })
  })

  it('slides: a request leaves the window exactly 60 seconds later', async () => {
    const on = await setup({ limits: { massive: 2 } })
    const statusAt = async (ms: number) => {
      now = instantOf('2024-06-14', '12:00') + ms
      return (await askMassive(on, RANGE)).status
    }
    expect(await statusAt(0)).toBe(200)
    expect(await statusAt(30_000)).toBe(200)
    expect(await statusAt(60_000)).toBe(200)
    expect(await statusAt(89_999)).toBe(429)
    expect(await statusAt(149_999)).toBe(200)
    expect(on.massive.stats().violations).toBe(1)
  })

  it('refuses in each vendor’s own words, without a hint unless told to give one', async () => {
    const on = await setup({ limits: { alpaca: 0, fred: 0 } })
    const alpaca = await askAlpaca(on, QUERY)
    expect([alpaca.status, alpaca.text]).toEqual([429, '{"message":"too many requests."}'])
    expect([...alpaca.headers.keys()].filter((name) => /retry|ratelimit/.test(name))).toEqual([])
    const fred = await askFred(on, { series_id: 'DGS10' })
    expect(fred.body).toEqual({ error_code: 429, error_message: 'Too Many Requests.  Exceeded Rate Limit' })
    await on.close()
    const hinting = await setup({ limits: { alpaca: 1 }, retryAfter: true })
    await askAlpaca(hinting, QUERY)
    now += 20_000
    expect((await askAlpaca(hinting, QUERY)).headers.get('retry-after')).toBe('60')
  })

  it('counts refused requests, and bars by what was really sent', async () => {
    const on = await setup()
    await askAlpaca(on, { ...QUERY, timeframe: 'nonsense' })
    await askAlpaca(on, QUERY)
    expect(on.alpaca.stats()).toEqual({ calls: 2, rows: 19, violations: 0, byStatus: { 200: 1, 400: 1 } })
  })
})

describe('vendor server: a death', () => {
  it('comes with the first answer that speaks for the day, and is final', async () => {
    const deaths: string[] = []
    const on = await setup({
      deaths: [{ vendor: 'alpaca', dataset: 'equities_bars', dt: '2024-03-27' }],
      onDeath: (vendor) => deaths.push(vendor),
    })
    expect((await askAlpaca(on, { ...QUERY, end: '2024-03-26' })).status).toBe(200)
    expect((await askAlpaca(on, { ...QUERY, timeframe: '1Min', end: '2024-03-28' })).status).toBe(200)
    await expect(askAlpaca(on, QUERY)).rejects.toThrow()
    await expect(askAlpaca(on, { ...QUERY, end: '2024-03-05' })).rejects.toThrow()
    expect((await askMassive(on, RANGE)).status).toBe(200)
    expect(deaths).toEqual(['alpaca'])
    expect(on.alpaca.stats()).toMatchObject({ calls: 4, byStatus: { 0: 2, 200: 2 } })
    on.alpaca.revive()
    expect((await askAlpaca(on, QUERY)).status).toBe(200)
  })

  it('waits for the page that reaches the day', async () => {
    const on = await setup({ deaths: [{ vendor: 'alpaca', dataset: 'equities_bars', dt: '2024-03-27' }] })
    const first = await askAlpaca(on, { ...QUERY, limit: '10' })
    expect(first.status).toBe(200)
    const token = (first.body as { next_page_token: string }).next_page_token
    await expect(askAlpaca(on, { ...QUERY, limit: '10', page_token: token })).rejects.toThrow()
  })

  it('comes to the other vendors alike, and is remembered for a new lab', async () => {
    const on = await setup({
      deaths: [
        { vendor: 'massive', dataset: 'equities_bars', dt: '2024-03-28' },
        { vendor: 'fred', dataset: 'macro_treasury', dt: '2024-06-01' },
      ],
      dead: ['alpaca'],
    })
    await expect(askAlpaca(on, QUERY)).rejects.toThrow()
    await expect(askMassive(on, RANGE)).rejects.toThrow()
    expect((await askFred(on, { series_id: 'DGS10', observation_end: '2024-05-31' })).status).toBe(200)
    await expect(askFred(on, { series_id: 'DGS10' })).rejects.toThrow()
  })
})

describe('vendor server: a fault', () => {
  const once = async (on: Lab, mode: FaultMode) => {
    on.alpaca.fault({ ...mode, requests: 1 })
    return askAlpaca(on, QUERY)
  }

  it('replaces answers for as many requests as it was given', async () => {
    const on = await setup()
    on.alpaca.fault({ kind: 'status-500', requests: 2 })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await askAlpaca(on, QUERY)).status)
    expect(statuses).toEqual([500, 500, 200])
    on.alpaca.fault({ kind: 'status-500' })
    on.alpaca.fault(null)
    expect((await askAlpaca(on, QUERY)).status).toBe(200)
  })

  it('can be any of the answers that are no data', async () => {
    const on = await setup()
    const page = await once(on, { kind: 'html-200' })
    expect([page.status, page.type]).toEqual([200, 'text/html'])
    expect(await once(on, { kind: 'empty-200' })).toMatchObject({ status: 200, text: '' })
    expect(await once(on, { kind: 'status-503-html' })).toMatchObject({ status: 503, type: 'text/html' })
    expect(await once(on, { kind: 'status-504-html' })).toMatchObject({ status: 504, type: 'text/html' })
    const late = await once(on, { kind: 'status-429', retryAfter: '17' })
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '17'])
    const away = await once(on, { kind: 'redirect', location: 'http://127.0.0.1:1/' })
    expect([away.status, away.headers.get('location')]).toEqual([302, 'http://127.0.0.1:1/'])
    await expect(once(on, { kind: 'reset' })).rejects.toThrow()
    await expect(once(on, { kind: 'truncated-body' })).rejects.toThrow()
    expect(on.alpaca.stats().rows).toBe(0)
  })

  it('can change the shape of the data', async () => {
    const on = await setup()
    const honest = await askAlpaca(on, QUERY)
    expect(await once(on, { kind: 'slow-body', ms: 1 })).toMatchObject({ text: honest.text })
    expect((await once(on, { kind: 'renamed-column' })).text).toBe(honest.text.replaceAll('"c":', '"c_renamed":'))
    const strings = (await once(on, { kind: 'string-numbers' })).body as { bars: { AAA: Record<string, unknown>[] } }
    expect(strings.bars.AAA[0]).toMatchObject({ o: expect.any(String), v: expect.any(String), t: expect.any(String) })
  })
})

describe('vendor server: the server', () => {
  it('compresses when asked and sends the same text', async () => {
    const on = await setup()
    const url = `${on.alpaca.url}/v2/stocks/bars?${new URLSearchParams(QUERY)}`
    const plain = await fetch(url, { headers: { ...ALPACA_HEADERS, 'Accept-Encoding': 'identity' } })
    const zipped = await fetch(url, { headers: { ...ALPACA_HEADERS, 'Accept-Encoding': 'gzip' } })
    expect([plain.headers.get('content-encoding'), zipped.headers.get('content-encoding')]).toEqual([null, 'gzip'])
    expect(await zipped.text()).toBe(await plain.text())
  })

  it('closes although connections are kept alive and a body is still on its way', async () => {
    const on = await setup()
    await askAlpaca(on, QUERY)
    on.alpaca.fault({ kind: 'slow-body', ms: 3_600_000 })
    const waiting = expect(askAlpaca(on, QUERY)).rejects.toThrow()
    while (on.alpaca.stats().calls < 2) await new Promise((resolve) => setImmediate(resolve))
    await on.close()
    await waiting
  })
})
