import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { makeGet } from '../../functions/_vendors/http.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import type { Answer, CallPlan, Connector, Get } from '../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, headOf, termsOf } from '../_vendors/contract.ts'
import { allow, CANARIES, type GetMore, NOW, type Reply, scriptedVendor } from '../_vendors/scripted-vendor.ts'
import { syntheticActions } from '../lab/action-source.ts'
import { faultModes } from '../lab/fault-modes.ts'
import { type Lab, type LabVendor, startLab } from '../lab/lab.ts'
import { syntheticBars, syntheticYields } from '../lab/synthetic.ts'
import { syntheticOptions } from '../lab/synthetic-options.ts'

/** Ways in which a key can be written down so that whoever reads it has it. */
const SPELLINGS: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in small letters': (text) =>
    encodeURIComponent(text).replaceAll(/%../g, (code) => code.toLowerCase()),
  'percent-encoded twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'in a form': (text) => new URLSearchParams([['', text]]).toString().slice(1),
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64 for addresses': (text) => Buffer.from(text).toString('base64url'),
  'in base64 behind a user': (text) => Buffer.from(`user:${text}`).toString('base64'),
  'in escapes of JSON': (text) =>
    text.replaceAll(/[^\w]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
}

/** Enough of a key to know it by, since a sample may be cut in the middle of one. */
const partOf = (secret: string): string => secret.slice(0, 12)

const withoutPercent = (text: string): string =>
  text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('latin1'))
const withoutEscapes = (text: string): string =>
  text.replaceAll(/\\+u([0-9a-f]{4})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
/** What runs of letters say when they are read as base64, wherever in a group of four they begin. */
const outOfBase64 = (text: string): string[] =>
  (text.match(/[\w+/-]{12,}/g) ?? []).flatMap((run) =>
    [0, 1, 2, 3].map((skipped) => Buffer.from(run.slice(skipped), 'base64').toString('latin1')),
  )

/** The canaries that can be read off a text, in whichever of the spellings, each as `partOf` shows it. */
function canariesIn(text: string): string[] {
  const plain = withoutPercent(text)
  const readings = [text, plain, withoutPercent(plain), withoutEscapes(text)]
  const all = [...readings, ...readings.flatMap(outOfBase64)].join('\n')
  return Object.values(CANARIES)
    .map(partOf)
    .filter((part) => all.includes(part))
}

/** Every field of a value as text: those of errors, hidden ones, and the keys of maps. */
function shownOf(value: unknown): string {
  const opened = (_key: string, one: unknown): unknown => {
    if (one instanceof Map || one instanceof Set) return [...one]
    if (!(one instanceof Error)) return one
    return Object.entries(Object.getOwnPropertyDescriptors(one)).map(([name, field]) => [name, field.value])
  }
  const whole = { depth: null, showHidden: true, maxStringLength: null, maxArrayLength: null, breakLength: Infinity }
  return `${JSON.stringify(value, opened)}\n${inspect(value, whole)}`
}

/** Every way in which a lab vendor can misbehave. */
const MODES = Object.values(faultModes(`http://127.0.0.1:9/?${new URLSearchParams(CANARIES)}`))

interface AnswerSummary {
  /** The keys that came, in one spelling. */
  said: string
  base: string
  response: ServerResponse
}
interface Echo {
  reply(said: AnswerSummary): Reply | 'handled'
  more?: GetMore
}

const refusal = (status: number): Echo => ({
  reply: ({ said }) => ({
    status,
    body: { code: said, status: said, error: said, message: said, error_message: said },
  }),
})
const AT = '2024-06-03'
const BAR = { t: `${AT}T04:00:00Z`, o: 1, h: 1, l: 1, c: 1, v: 1, n: 1, vw: 1 }
const bodyOf = ({ said }: AnswerSummary): string => `<p>${said}</p>`

/** Where a careless or hostile vendor may put what it was told. */
const ECHOES: Record<string, Echo> = {
  ...Object.fromEntries([400, 401, 403, 404, 422, 429, 500, 504].map((status) => [`a ${status}`, refusal(status)])),
  'the reason of a status': {
    reply({ said, response }) {
      response.writeHead(400, said, { 'content-type': 'application/json' }).end('{}')
      return 'handled'
    },
  },
  'the headers of a refusal': {
    reply: ({ said }) => ({
      status: 429,
      headers: { 'retry-after': said, 'set-cookie': said, 'www-authenticate': said },
    }),
  },
  'a content type': { reply: (told) => ({ contentType: `text/plain; was=${told.said}`, body: bodyOf(told) }) },
  'a page of HTML': { reply: (told) => ({ contentType: 'text/html', body: bodyOf(told) }) },
  'no JSON': { reply: (told) => ({ body: bodyOf(told) }) },
  'JSON of another shape': {
    reply: ({ said }) => ({ body: { [said]: said, bars: said, results: said, observations: said } }),
  },
  'rows, their names and the way to the next page': {
    reply: ({ said, base }) => ({
      body: {
        status: said,
        request_id: said,
        bars: {
          [said]: [BAR],
          AAPL: [
            { ...BAR, t: said },
            { ...BAR, c: said },
          ],
        },
        next_page_token: said,
        next_url: `${base}/${encodeURIComponent(said)}?cursor=${encodeURIComponent(said)}&apiKey=${encodeURIComponent(said)}`,
        results: [
          {
            T: said,
            ticker: said,
            id: said,
            date: said,
            ex_dividend_date: said,
            execution_date: said,
            ...BAR,
            t: 1717387200000,
          },
        ],
        corporate_actions: {
          [said]: [{ id: said }],
          cash_dividends: [{ id: 'a', symbol: 'AAPL', rate: 1, ex_date: AT, process_date: AT, told: said }],
        },
        option_contracts: [{ symbol: said, underlying_symbol: said, expiration_date: said }],
        count: 2,
        offset: 0,
        observations: [
          { date: AT, realtime_start: said, value: said },
          { date: said, realtime_start: AT, value: '4.00' },
        ],
      },
    }),
  },
  'the way to another host': {
    reply: ({ said }) => ({
      body: { results: [], next_url: `http://x.invalid/${said}?k=${said}`, bars: {}, next_page_token: said },
    }),
  },
  'the path and query of a redirect': {
    reply: ({ said }) => ({ status: 302, headers: { location: `http://x.invalid/${said}?key=${said}` } }),
  },
  'the host of a redirect': {
    reply: ({ said }) => ({ status: 302, headers: { location: `http://${said}.invalid/` } }),
  },
  'the user of a redirect': {
    reply: ({ said }) => ({ status: 302, headers: { location: `http://${said}:${said}@x.invalid/` } }),
  },
  'a body that is cut': {
    reply(told) {
      told.response.writeHead(200, { 'content-type': 'application/json', 'content-length': 9_999 })
      told.response.write(bodyOf(told), () => told.response.destroy())
      return 'handled'
    },
  },
  'a gzip that is cut': {
    reply: (told) => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(bodyOf(told)).subarray(0, -9) }),
  },
  'a body that is too large': { reply: (told) => ({ body: bodyOf(told).repeat(9) }), more: { maxBytes: 64 } },
  'a body that has no end': {
    reply(told) {
      told.response.writeHead(200, { 'content-type': 'application/json' }).write(bodyOf(told))
      return 'handled'
    },
    more: { timeoutMs: 60 },
  },
  'a sample, across its end': {
    reply: (told) => ({ contentType: 'text/plain', body: 'x'.repeat(490) + bodyOf(told) }),
  },
}

const CASES = CONNECTORS.flatMap((connector) =>
  connector.datasets.map((dataset) => ({ name: connector.name, connector, dataset })),
)
const DAYS = ['2024-06-03', '2024-06-04'] as const

describe('secrets matrix: what is looked through', () => {
  const canary = CANARIES.APCA_API_SECRET_KEY ?? ''

  it.each(Object.entries(SPELLINGS))('shows a canary that is spelled %s', (_name, vendorTicker) => {
    for (const secret of Object.values(CANARIES)) {
      for (const before of ['', 'a', 'ab', 'abc']) {
        expect(canariesIn(`key=${before}${vendorTicker(secret)}&`)).toContain(partOf(secret))
        expect(canariesIn(vendorTicker(`${before}:${secret}`))).toContain(partOf(secret))
      }
    }
  })

  it('shows one in any field of an answer', () => {
    const error = Object.assign(new Error('sorry'), { sample: `of ${canary}` })
    for (const hidden of [
      new Map([[canary, []]]),
      new Set([canary]),
      new Map([['AAPL', [{ detail: JSON.stringify({ url: encodeURIComponent(canary) }) }]]]),
      error,
      new Error('sorry', { cause: canary }),
      { faults: new Map([['AAPL', error]]) },
      new Error(canary),
    ]) {
      expect(canariesIn(shownOf(hidden))).toEqual([partOf(canary)])
    }
    expect(canariesIn(shownOf(new Error('sorry')))).toEqual([])
  })
})

describe.each(CASES)('secrets matrix: no canary is told about $dataset of $name', ({ connector, dataset }) => {
  let lab: Lab
  let vendor: LabVendor
  beforeAll(async () => {
    lab = await labOfCanaries()
    vendor = { alpaca: lab.alpaca, massive: lab.massive, fred: lab.fred }[connector.name] ?? expect.fail(connector.name)
  })
  afterAll(async () => lab.close())
  const getOfLab = (timeoutMs = 2_000): Get =>
    makeGet({ connector, baseUrl: vendor.url, secrets: CANARIES, acquire: allow, now: () => NOW, timeoutMs })

  it('when the lab, which knows nobody but the canaries, gives its data', async () => {
    vendor.fault(null)
    const { answer, plan, told } = await askWatched(connector, dataset, getOfLab(60_000))
    expect(told).toEqual([])
    expect(answer.interruption).toBeNull()
    expect(answer.complete.size).toBe(plan.wants.length)
    expect(answer.rows.size).toBeGreaterThan(0)
  })

  it.each(MODES)('when the lab plays $kind, from the first page on and from the second', async (mode) => {
    for (const honest of [0, 1]) {
      const get = getOfLab()
      let asked = 0
      const { told } = await askWatched(connector, dataset, (request) => {
        vendor.fault(asked < honest ? null : mode)
        asked += 1
        return get(request)
      })
      expect(told).toEqual([])
      expect(asked).toBeGreaterThan(0)
    }
  })

  it.each(Object.entries(ECHOES))('when it is said back in %s', async (_place, { more, reply }) => {
    const read: Record<string, string[]> = {}
    for (const [spelling, vendorTicker] of Object.entries(SPELLINGS)) {
      let heard = 0
      const server = await scriptedVendor((url, request, response) => {
        const came = JSON.stringify([Object.fromEntries(url.searchParams), request.headers])
        const keys = keysOf(connector).filter((key) => came.includes(key))
        heard += keys.length
        return reply({ said: keys.map(vendorTicker).join(' '), base: `http://${request.headers.host}`, response })
      })
      try {
        const { told } = await askWatched(connector, dataset, server.get(connector, more))
        if (told.length > 0) read[spelling] = told
      } finally {
        await server.close()
      }
      expect(heard).toBeGreaterThan(0)
    }
    expect(read).toEqual({})
  })
})

/** Asks for two days of a dataset, and for the vendor's calendar where it has one; `told` are the canaries that can be read off all that. */
async function askWatched(
  connector: Connector,
  dataset: DatasetName,
  get: Get,
): Promise<{ answer: Answer; plan: CallPlan; told: string[] }> {
  const terms = termsOf(dataset, NOW, { rowsPerPage: 200, pagesPerPlan: 20 })
  const [head, ...others] = DAYS.map((dt) => headOf(dataset, dt))
  if (head === undefined) throw new Error('expected a day')
  const plan = connector.plan(head, others, terms)
  const answer = await connector.ask(plan, terms, get)
  expectSoundAnswer(answer, plan)
  const sessions = await connector.sessions?.(DAYS[0], DAYS[1], get)
  return { answer, plan, told: canariesIn(shownOf({ plan, answer, sessions })) }
}

/** A lab that accepts the canaries as keys, with something to tell about every dataset. */
function labOfCanaries(): Promise<Lab> {
  const universe = [
    { symbol: 'AAPL', from: '2020-01-02', to: null, splits: [{ exDt: '2024-06-04', ratio: 4 }] },
    { symbol: 'MSFT', from: '2020-01-02', to: null },
  ]
  const bars = syntheticBars({ seed: 7, universe, vendor: 'alpaca' })
  const options = syntheticOptions({ seed: 7, underliers: ['AAPL'], bars, from: '2024-06-01', to: '2024-06-30' })
  const actions = syntheticActions({ seed: 7, universe, from: '2024-01-01', to: '2024-12-31' })
  const { APCA_API_KEY_ID: id = '', APCA_API_SECRET_KEY: secret = '', MASSIVE_API_KEY: massive = '' } = CANARIES
  return startLab({
    now: () => NOW,
    seed: 7,
    plan: 'open',
    alpaca: bars,
    massive: syntheticBars({ seed: 7, universe, vendor: 'massive' }),
    fred: syntheticYields(7),
    actions: { alpaca: actions, massive: actions },
    options: { alpaca: options, massive: options },
    keys: { alpaca: { id, secret }, massive, fred: CANARIES.FRED_API_KEY ?? '' },
    limits: { alpaca: 1e6, massive: 1e6, fred: 1e6 },
  })
}

const keysOf = (connector: Connector): string[] => connector.secrets.map((name) => CANARIES[name] ?? name)
