/** Keys are sent to their vendor and found nowhere else, however the vendor fails and whatever it gives back. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'
import { redactorOf } from '../../functions/_vendors/redact.ts'
import { syntheticActions } from '../lab/action-source.ts'
import { faultModes } from '../lab/fault-modes.ts'
import type { LabVendorName } from '../lab/lab.ts'
import { syntheticBars, syntheticYields } from '../lab/synthetic.ts'
import { syntheticOptions } from '../lab/synthetic-options.ts'
import { CANARIES, canariesIn, KEYS, type Searched, searchBelow, spellingsOf, tablesOf } from './canary-search.ts'
import { type EchoVendor, echoVendor, MANNER_NAMES } from './echo-vendor.ts'
import { startWholeNode, type WholeNode, type WholeTerms, wholeConfig } from './whole-node.ts'

const VENDORS = ['alpaca', 'massive', 'fred'] as const
/** Twenty sessions, as many as there are ways to fail. */
const SESSIONS = [
  '2024-05-31',
  ...['2024-06-03', '2024-06-04', '2024-06-05', '2024-06-06', '2024-06-07', '2024-06-10', '2024-06-11', '2024-06-12'],
  ...['2024-06-13', '2024-06-14', '2024-06-17', '2024-06-18', '2024-06-20', '2024-06-21', '2024-06-24', '2024-06-25'],
  ...['2024-06-26', '2024-06-27', '2024-06-28'],
]
const FIRST = SESSIONS[0] as string
const UNIVERSE = ['AAPL', 'BRK.B'].map((symbol) => ({ symbol, from: '2010-01-04', to: null }))
/** The whole environment a node is given beside its folders; the harness writes none of it to a file, so no file is excepted. */
const ENV = {
  APCA_API_KEY_ID: CANARIES.alpaca.id,
  APCA_API_SECRET_KEY: CANARIES.alpaca.secret,
  MASSIVE_API_KEY: CANARIES.massive,
  FRED_API_KEY: CANARIES.fred,
  LOG_LEVEL: 'debug',
}
const DATASETS = ['equities_bars', 'equities_bars_minute', 'options_bars', 'corporate_actions', 'macro_treasury']

/** A node whose vendors hold two companies, with the canaries as its keys. */
async function startCanaryNode(
  serves: (vendor: string, dataset: string) => boolean,
  more: Pick<WholeTerms, 'urls'> = {},
): Promise<WholeNode> {
  const bars = (vendor: 'alpaca' | 'massive') => syntheticBars({ seed: 2, universe: UNIVERSE, vendor })
  const chains = syntheticOptions({
    ...{ seed: 2, underliers: ['AAPL'], bars: bars('alpaca') },
    ...{ from: FIRST, to: '2024-08-31' },
  })
  const actions = syntheticActions({ seed: 2, universe: UNIVERSE, from: '2024-01-02', to: '2024-12-31' })
  const limits = { alpaca: 200, massive: 200, fred: 200 }
  const config = await wholeConfig({
    universe: UNIVERSE,
    from: Object.fromEntries(DATASETS.map((dataset) => [dataset, FIRST])),
    underliers: ['AAPL'],
    timeframe: 'minute',
    serves,
    rowsPerPage: { equities_bars: 2, equities_bars_minute: 150, options_bars: 60, corporate_actions: 2 },
    callsPerMinute: limits,
  })
  return await startWholeNode({
    asof: FIRST,
    config,
    env: ENV,
    lab: {
      ...{ keys: CANARIES, limits, alpaca: bars('alpaca'), massive: bars('massive'), fred: syntheticYields(2) },
      actions: { alpaca: actions, massive: actions },
      options: { alpaca: chains, massive: chains },
    },
    ...more,
  })
}

/** Whatever the node says to whoever asks: pages, samples, and refusals of every kind. */
async function everyAnswer(node: WholeNode): Promise<{ path: string; status: number; text: string }[]> {
  const day = `AAPL/${FIRST}`
  const asked: [path: string, body?: string][] = [
    ...[
      '/',
      '/status',
      '/cron',
      '/vendors',
      '/queue?limit=1000',
      '/queue?state=stalled',
      '/quarantine?limit=200',
      '/livez',
      '/readyz',
      '/nowhere',
    ].map((path): [string] => [path]),
    ...VENDORS.map((vendor): [string] => [`/quarantine?limit=200&vendor=${vendor}`]),
    ...['/quarantine?limit=x', '/why/equities_bars/x/y'].map((path): [string] => [path]),
    ...DATASETS.map((dataset): [string] => [`/why/${dataset}/${dataset === 'macro_treasury' ? `UST/${FIRST}` : day}`]),
    ...DATASETS.map((dataset): [string] => [`/coverage/${dataset}`]),
    ['/dispatch-one-task', '{"dryRun":true}'],
    ['/dispatch-one-task', '{"dryRun":'],
    ['/audit', '{"nonsense":1}'],
    ['/export', '{"asof":"1999-01-04"}'],
  ]
  const answers: { path: string; status: number; text: string }[] = []
  for (const [path, body] of asked) {
    const init = body === undefined ? {} : { method: 'POST', body }
    const answer = await fetch(`${node.running.address}${path}`, init)
    const headers = [...answer.headers].join('\n')
    answers.push({ path, status: answer.status, text: `${headers}\n${await answer.text()}` })
  }
  return answers
}

/** Everything the node has and says, looked through while it runs and again once it has stopped. */
async function expectNoCanary(node: WholeNode): Promise<Searched> {
  const answers = await everyAnswer(node)
  expect(answers.flatMap(({ path, text }) => canariesIn(text).map((what) => `${path}: ${what}`))).toEqual([])
  for (const path of [
    '/',
    '/status',
    '/cron',
    '/vendors',
    '/queue?limit=1000',
    '/quarantine?limit=200',
    '/livez',
    '/readyz',
  ]) {
    expect(answers.find((answer) => answer.path === path)?.status).toBe(200)
  }
  expect(answers.filter(({ status }) => status >= 400 && status < 500).length).toBeGreaterThanOrEqual(4)
  const tables = await tablesOf(node.running.node.db)
  expect([...tables].flatMap(([name, text]) => canariesIn(text).map((what) => `${name}: ${what}`))).toEqual([])
  expect([...tables.keys()]).toEqual(expect.arrayContaining(['attempts', 'gap_tasks', 'quarantine', 'circuits']))
  const running = await searchBelow(node.root)
  expect(running.hits).toEqual([])
  await node.stop()
  expect((await searchBelow(node.root)).hits).toEqual([])
  expect(node.lines.flatMap((line) => canariesIn(line).map((what) => `${line}: ${what}`))).toEqual([])
  expect(node.lines.length).toBeGreaterThan(50)
  return running
}

const outcomesIn = (node: WholeNode, vendor: string): Record<string, number> => {
  const sum: Record<string, number> = {}
  for (const line of node.lines) {
    const {
      msg,
      outcomes = {},
      ...said
    } = JSON.parse(line) as { msg: string; vendor?: string; outcomes?: Record<string, number> }
    if (msg !== 'dispatch.answered' || said.vendor !== vendor) continue
    for (const [outcome, cells] of Object.entries(outcomes)) sum[outcome] = (sum[outcome] ?? 0) + cells
  }
  return sum
}

describe('canaries: a night under every way in which a vendor can fail', () => {
  /** Somewhere else, to which a vendor would like us to go. */
  const visits: string[] = []
  const elsewhere = createServer((request, response) => {
    visits.push(`${request.url} ${JSON.stringify(request.headers)}`)
    response.end('{}')
  })
  /** Requests each vendor had while it failed in a manner. */
  const met: Record<string, Record<LabVendorName, number>> = {}
  const REQUESTS = 4
  let node: WholeNode

  beforeAll(async () => {
    await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done))
    const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`
    const modes = Object.values(faultModes(location))
    expect(modes).toHaveLength(SESSIONS.length)
    // Each vendor has datasets of its own, so that each is asked, and fails, every night.
    const own: Record<string, string[]> = {
      alpaca: ['equities_bars_minute', 'options_bars'],
      massive: ['equities_bars', 'corporate_actions'],
      fred: ['macro_treasury'],
    }
    node = await startCanaryNode((vendor, dataset) => own[vendor]?.includes(dataset) ?? false)
    for (const [at, mode] of modes.entries()) {
      const before = VENDORS.map((vendor) => node.lab[vendor].stats().calls)
      for (const vendor of VENDORS) node.lab[vendor].fault({ ...mode, requests: REQUESTS })
      await node.evening(SESSIONS[at] as string)
      const calls = VENDORS.map((vendor, i) => [vendor, node.lab[vendor].stats().calls - (before[i] ?? 0)])
      met[mode.kind] = Object.fromEntries(calls)
      for (const vendor of VENDORS) node.lab[vendor].fault(null)
    }
    // A session that runs leaves its minutes in a view of their own.
    await node.clock.sleep(instantOf('2024-07-01', '11:00') - node.clock.now())
    await fetch(`${node.running.address}/ingest-tick`, { method: 'POST' })
  })
  afterAll(async () => {
    await node.remove()
    elsewhere.close()
  })

  test('the vendors really failed in each of them, and were asked with the canaries', () => {
    for (const vendor of VENDORS) {
      const seldom = Object.entries(met).filter(([, calls]) => calls[vendor] < REQUESTS)
      expect(seldom.map(([kind]) => `${vendor} ${kind}`)).toEqual([])
      const { byStatus } = node.lab[vendor].stats()
      for (const status of [0, 302, 429, 500, 503, 504]) expect(byStatus[status]).toBeGreaterThanOrEqual(1)
      // Nobody else is answered: the keys were the right ones.
      expect(byStatus[401] ?? 0).toBe(0)
      expect(byStatus[200]).toBeGreaterThan(20)
      expect(outcomesIn(node, vendor)).toMatchObject({
        filled: expect.any(Number),
        unavailable: expect.any(Number),
        malformed: expect.any(Number),
      })
    }
    expect(visits).toEqual([])
  })

  test('samples of what was malformed are kept of every vendor', async () => {
    for (const vendor of VENDORS) {
      const answer = await fetch(`${node.running.address}/quarantine?limit=200&vendor=${vendor}`)
      const { samples } = (await answer.json()) as { samples: { sample: string | null; message: string }[] }
      expect(samples.length).toBeGreaterThan(2)
      expect(samples.filter(({ sample }) => sample !== null && sample.length > 10).length).toBeGreaterThan(0)
      expect(samples.some(({ sample }) => sample?.includes('maintenance'))).toBe(true)
    }
  })

  test('no canary is in any file, table, answer or line', async () => {
    const { files } = await expectNoCanary(node)
    expect(files.parquet).toBeGreaterThan(50)
    expect(files.database).toBeGreaterThan(0)
    expect(files.all).toBeGreaterThan(files.parquet + 20)
    const views = await readdir(join(node.root, 'data_layer', 'running'), { recursive: true })
    expect(views.filter((name) => name.endsWith('.parquet')).length).toBeGreaterThan(0)
  })
})

/** The second pages of plans that go on where they ended. */
const ENDS_PLANS = /options\/bars|\/dividends|\/events/

describe('canaries: vendors that give back the keys they were asked with', () => {
  const echoes = new Map<LabVendorName, EchoVendor>()
  let node: WholeNode

  beforeAll(async () => {
    let dt = FIRST
    for (const vendor of VENDORS) echoes.set(vendor, await echoVendor(vendor, () => dt))
    const urls = Object.fromEntries([...echoes].map(([vendor, { url }]) => [vendor, url]))
    node = await startCanaryNode((vendor) => vendor !== 'alpaca_iex', { urls })
    for (dt of SESSIONS.slice(0, 7)) await node.evening(dt)
    for (const echo of echoes.values()) echo.hold(() => 'accepted')
    dt = SESSIONS[7] as string
    await node.evening(dt)
    // Plans that end on their way keep the pages they had.
    for (const echo of echoes.values()) echo.hold((path) => (ENDS_PLANS.test(path) ? 'plainText' : 'accepted'))
    dt = SESSIONS[8] as string
    await node.evening(dt)
  })
  afterAll(async () => {
    await node.remove()
    for (const echo of echoes.values()) await echo.close()
  })

  test('each gave them back in every manner', () => {
    for (const vendor of VENDORS) {
      const echo = echoes.get(vendor)
      expect(Object.keys(echo?.used ?? {}).sort()).toEqual(MANNER_NAMES.toSorted())
      expect(echo?.told()).toBe(Object.values(echo?.used ?? {}).reduce((a, b) => a + b, 0))
    }
  })

  test('what they echoed is kept, with the keys taken out', async () => {
    for (const vendor of VENDORS) {
      const answer = await fetch(`${node.running.address}/quarantine?limit=200&vendor=${vendor}`)
      const { samples } = (await answer.json()) as { samples: { sample: string | null; message: string }[] }
      expect(samples.some(({ sample, message }) => `${sample}${message}`.includes('[secret]'))).toBe(true)
    }
  })

  test('no canary is in any file, table, answer or line', async () => {
    const { files, redacted } = await expectNoCanary(node)
    expect(files.database).toBeGreaterThan(0)
    // Rows that were good but for a key went to disk without it, and so did pages that are kept for the rest of their plan.
    expect(redacted.parquet).toBeGreaterThan(1)
    expect(redacted.gzip).toBeGreaterThan(0)
  })
})

test('canaries: a key that is escaped three times over is taken out as well', () => {
  const scrubber = redactorOf(KEYS)
  for (const key of KEYS) {
    const body = JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ key }) }) })
    expect(canariesIn(scrubber.body(body))).toEqual([])
  }
})

describe('canaries: the search itself', () => {
  test.each(KEYS)('finds every spelling of %s, and a half of it', (key) => {
    for (const text of [...Object.values(spellingsOf(key)), key.slice(0, 10), key.slice(12)]) {
      expect(canariesIn(`before ${text} behind`)).not.toEqual([])
    }
    expect(canariesIn('[secret] and nothing else')).toEqual([])
  })

  test('looks into files, into packed ones, and into values of Parquet files', async () => {
    const root = await mkdtemp(join(tmpdir(), 'canary-search-'))
    const lake = openLake({ root: join(root, 'lake'), exportRoot: join(root, 'lake') })
    try {
      await writeFile(join(root, 'plain.txt'), `a log line with ${CANARIES.massive}`)
      await writeFile(join(root, 'page.json.gz'), gzipSync(JSON.stringify({ body: JSON.stringify({ CANARIES }) })))
      const value = CANARIES.alpaca.secret.replaceAll("'", "''")
      const many = `SELECT '${value}' AS note, i FROM range(1000) t(i)`
      await lake.duck.run(`COPY (${many}) TO '${join(root, 'rows.parquet')}' (FORMAT parquet, COMPRESSION zstd)`)
      const { hits, files } = await searchBelow(root)
      expect(files).toEqual({ all: 3, gzip: 1, parquet: 1, database: 0 })
      for (const place of [
        /^\S+plain.txt: raw/,
        /^inside \S+gz: jsonTwice/,
        /^the body inside/,
        /^values of \S+parquet: raw/,
      ]) {
        expect(hits.some((hit) => place.test(hit))).toBe(true)
      }
    } finally {
      await closeLake(lake)
      await rm(root, { recursive: true, force: true })
    }
  })
})
