import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { askAlpaca, askFred, askMassive } from './asking.ts'
import { type FaultMode, type Lab, startLab } from './lab.ts'
import { syntheticBars, syntheticYields } from './synthetic.ts'

const NOW = instantOf('2024-06-14', '12:00')
const UNIVERSE = [{ symbol: 'AAA', from: '2010-01-04', to: null }]
const QUERY = { symbols: 'AAA', timeframe: '1Day', start: '2024-03-04', end: '2024-03-15' }
const RANGE = '/v2/aggs/ticker/AAA/range/1/day/2024-03-04/2024-03-15'
const YIELDS = { series_id: 'DGS10', observation_start: '2024-03-04', observation_end: '2024-03-15' }

interface Row {
  t: string | number
  date: string
  c: number | null
  h: number
  value: string | null
}

let lab: Lab | undefined
afterEach(async () => lab?.close())

async function setup(): Promise<Lab> {
  const of = (vendor: 'alpaca' | 'massive') => syntheticBars({ seed: 7, universe: UNIVERSE, vendor })
  const sources = { alpaca: of('alpaca'), massive: of('massive'), fred: syntheticYields(7) }
  lab = await startLab({ now: () => NOW, seed: 7, plan: 'open', limits: { massive: 1_000 }, ...sources })
  return lab
}

/** The rows of the same question at each vendor. */
async function rows(on: Lab): Promise<Record<'alpaca' | 'massive' | 'fred', Row[]>> {
  const alpaca = (await askAlpaca(on, QUERY)).body as { bars: { AAA: Row[] } }
  const massive = (await askMassive(on, RANGE)).body as { results: Row[] }
  const fred = (await askFred(on, YIELDS)).body as { observations: Row[] }
  return { alpaca: alpaca.bars.AAA, massive: massive.results, fred: fred.observations }
}

async function corruptedBy(kind: FaultMode['kind']) {
  const on = await setup()
  const honest = await rows(on)
  for (const vendor of [on.alpaca, on.massive, on.fred]) vendor.fault({ kind } as FaultMode)
  const got = await rows(on)
  return (['alpaca', 'massive', 'fred'] as const).map((vendor) => ({
    vendor,
    honest: honest[vendor],
    got: got[vendor],
  }))
}

describe('fault modes: rows that are wrong', () => {
  it('come twice', async () => {
    for (const { honest, got } of await corruptedBy('duplicate-rows')) {
      expect(got).toEqual(honest.flatMap((row) => [row, row]))
    }
  })

  it('come in the wrong order', async () => {
    for (const { honest, got } of await corruptedBy('out-of-order-rows')) expect(got).toEqual(honest.toReversed())
  })

  it('come from a week before the range', async () => {
    for (const { vendor, honest, got } of await corruptedBy('rows-outside-range')) {
      expect(got.slice(1)).toEqual(honest)
      const stamp = vendor === 'fred' ? got[0]?.date : got[0]?.t
      const at = typeof stamp === 'number' ? stamp : Date.parse(stamp ?? '')
      expect(new Date(at).toISOString().slice(0, 10)).toBe('2024-02-26')
    }
  })

  it('lack a value', async () => {
    for (const { honest, got } of await corruptedBy('null-value')) {
      expect(got.filter((row) => row.c === null || row.value === null)).toHaveLength(1)
      expect(got).toHaveLength(honest.length)
    }
  })

  it('differ in one value from what was read before, alike each time', async () => {
    for (const { honest, got } of await corruptedBy('revision')) {
      expect(got.filter((row, i) => row.c !== honest[i]?.c || row.value !== honest[i]?.value)).toHaveLength(1)
      expect(got.every((row) => row.c === undefined || (row.c ?? 0) <= row.h)).toBe(true)
    }
    if (lab) expect(await rows(lab)).toEqual(await rows(lab))
  })
})

describe('fault modes: pages that never end', () => {
  it('repeat the token they were asked with', async () => {
    const on = await setup()
    on.alpaca.fault({ kind: 'token-loop' })
    const page = async (token?: string) =>
      (await askAlpaca(on, { ...QUERY, limit: '3', ...(token ? { page_token: token } : {}) })).body as {
        next_page_token: string
      }
    const first = (await page()).next_page_token
    expect((await page(first)).next_page_token).toBe(first)
  })

  it('repeat the next_url they were asked at', async () => {
    const on = await setup()
    on.massive.fault({ kind: 'token-loop' })
    const next = async (path: string) => ((await askMassive(on, path)).body as { next_url: string }).next_url
    const first = await next(`${RANGE}?limit=3`)
    expect(await next(first)).toBe(first)
  })
})

describe('fault modes: a cut gzip stream', () => {
  it('is a whole answer to HTTP and only the beginning of one to whoever unpacks it', async () => {
    const on = await setup()
    on.alpaca.fault({ kind: 'gzip-cut', requests: 1 })
    // Node's fetch hands out what could be unpacked and does not complain.
    const cut = await askAlpaca(on, QUERY)
    expect([cut.status, cut.body]).toEqual([200, undefined])
    const whole = await askAlpaca(on, QUERY)
    expect(whole.text.length).toBeGreaterThan(cut.text.length)
    expect(whole.text.startsWith(cut.text)).toBe(true)
  })
})
