/** The vendors' own clients, turned to a lab that holds a little of everything. */
import { Alpaca } from '@alpacahq/alpaca-trade-api'
import { restClient } from '@massive.com/client-js'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { syntheticActions } from './action-source.ts'
import { LAB_KEYS, type Lab, startLab } from './lab.ts'
import { syntheticBars, syntheticYields } from './synthetic.ts'
import { syntheticOptions } from './synthetic-options.ts'

/** The lab's clock, a Friday evening. */
export const NOW = instantOf('2024-06-14', '20:00')
export const UNIVERSE = [
  { symbol: 'AAA', from: '2010-01-04', to: null, splits: [{ exDt: '2024-03-13', ratio: 5 }] },
  { symbol: 'BBB', from: '2010-01-04', to: null, splits: [{ exDt: '2023-08-24', ratio: 0.02 }] },
  { symbol: 'BRK.B', from: '2015-03-02', to: null, splits: [{ exDt: '2024-03-13', ratio: 1.5 }] },
  { symbol: 'CCC', from: '2023-11-06', to: null },
  { symbol: 'DDD', from: '2012-05-07', to: '2024-02-09' },
  { symbol: 'EEE', from: '2013-05-07', to: null },
]

/** A lab without walls, and with room for as many calls as a client likes to make. */
export async function openLab(): Promise<Lab> {
  const alpaca = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'alpaca' })
  const massive = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'massive' })
  const actions = syntheticActions({ seed: 7, universe: UNIVERSE, from: '2019-01-01', to: '2024-12-31' })
  const options = syntheticOptions({
    seed: 7,
    underliers: ['AAA', 'EEE'],
    bars: alpaca,
    from: '2023-09-01',
    to: '2024-12-31',
  })
  return await startLab({
    now: () => NOW,
    seed: 7,
    plan: 'open',
    limits: { alpaca: 10_000, massive: 10_000, fred: 10_000 },
    alpaca,
    massive,
    fred: syntheticYields(7),
    actions: { alpaca: actions, massive: actions },
    options: { alpaca: options, massive: options },
  })
}

/** Alpaca's client with its requests turned to the lab; everything else as shipped. */
export const alpacaClient = (on: Lab): Alpaca =>
  new Alpaca({
    keyId: LAB_KEYS.alpaca.id,
    secret: LAB_KEYS.alpaca.secret,
    retry: false,
    rateLimit: false,
    fetchApi: (url, init) => fetch(String(url).replace(/^https:\/\/[^/]+/, on.alpaca.url), init),
  })

/** Massive's client; it answers with the body, and with `pagination` follows next_url and puts later pages first. */
export const massiveClient = (on: Lab) => restClient(LAB_KEYS.massive, on.massive.url, { pagination: true })
