import type { Hono } from 'hono'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Db, openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { conditionsOf } from '../../functions/_condition/conditions.ts'
import { createApp } from '../../functions/index.ts'
import { fillCoverage, madeUpMasks, masksConfig, masksNode, NOW, symbolAt } from '../coverage/node-with-masks.ts'
import { type Element, elementsOf, readXml } from '../coverage/well-formed.ts'

const SYMBOLS = 3_000
const FROM = '2005-07-08'
const TO = '2025-07-08'
const MOST_BYTES = 2_000_000
const MOST_TILES = 4_800

let app: Hono
let db: Db
let truth: { present: number; short: number; held: number }

beforeAll(async () => {
  db = await openDb(':memory:')
  await migrateDb(db, 'migrations')
  const config = await masksConfig(SYMBOLS)
  truth = { present: 0, short: 0, held: 0 }
  const bits = (mask: number): number => mask.toString(2).replaceAll('0', '').length
  const counted = function* () {
    for (const masks of madeUpMasks(config, FROM, TO)) {
      for (const kind of ['present', 'short', 'held'] as const) truth[kind] += bits(masks[kind])
      yield masks
    }
  }
  await fillCoverage(db, 'equities_bars', counted())
  app = createApp(masksNode(db, config), { full: null, read: null })
}, 120_000)

const ask = async (query: string): Promise<string> => {
  const answer = await app.request(`/coverage/${query}`, { headers: { host: '127.0.0.1' } })
  expect(answer.status).toBe(200)
  return await answer.text()
}
const picture = async (query: string): Promise<{ bytes: number; svg: Element; links: string[] }> => {
  const text = await ask(query)
  const svg = readXml(text)
  return { bytes: Buffer.byteLength(text), svg, links: elementsOf(svg, 'a').map(({ attributes }) => attributes.href!) }
}

describe('coverage scale: 3,000 symbols by 20 years', { timeout: 60_000 }, () => {
  test('have a condition for each day, which sum up to the same cells', async () => {
    const config = await masksConfig(SYMBOLS)
    const { equities_bars: spec } = config.datasets
    const at = performance.now()
    const days = await conditionsOf(masksNode(db, config), {
      dataset: 'equities_bars',
      spec: spec!,
      asof: TO,
      from: FROM,
      to: TO,
      at: NOW,
    })
    // Fifteen million cells: two seconds where nothing else runs.
    expect(performance.now() - at).toBeLessThan(15_000)
    const sum = (name: 'expected' | 'short' | 'pending'): number => days.reduce((all, day) => all + day[name], 0)
    expect(days).toHaveLength(calendarOf('xnys').sessions(FROM, TO).length)
    expect(sum('expected')).toBe(SYMBOLS * days.length)
    // Nothing was judged: what is there waits for it.
    expect(sum('pending')).toBe(truth.present)
  })

  test('are counted right, to the cell', async () => {
    const { total } = JSON.parse(await ask('equities_bars')) as { total: Record<string, number> }
    expect(total).toMatchObject({ ...truth, expected: SYMBOLS * calendarOf('xnys').sessions(FROM, TO).length })
    expect(total.open).toBeGreaterThan(0)
    expect(total.expected).toBe(total.present! + total.absent! + total.open!)
  })

  test.each([
    ['all of it', ''],
    ['a quarter of a year, where hardly two neighbours are alike', '?from=2020-01-01&to=2020-05-20'],
    ['as many symbols as there are rows', `?symbols=${symbolAt(0)}..${symbolAt(47)}`],
    [
      'a long list of symbols that are no range',
      `?from=2020-01-01&to=2020-05-20&symbols=${Array.from({ length: 200 }, (_, at) => symbolAt(at * 13)).join(',')}`,
    ],
  ])('draw a bounded picture of %s', async (_name, query) => {
    const { bytes, links } = await picture(`equities_bars.svg${query}`)
    expect(bytes).toBeLessThan(MOST_BYTES)
    expect(links.length).toBeLessThanOrEqual(MOST_TILES)
    expect(links.length).toBeGreaterThan(100)
  })

  test.each(['', '?from=2025-02-12', '?from=2025-06-01', '?symbols=AAAA&from=2024-01-01'])(
    'keep every label inside the picture and apart from the next one (%s)',
    async (query) => {
      const { svg } = await picture(`equities_bars.svg${query}`)
      const labels = elementsOf(svg, 'text').filter(({ attributes }) => attributes.y === '47')
      expect(labels.length).toBeGreaterThan(3)
      const ends = labels.map(({ attributes, text }) => Number(attributes.x) + 5.8 * text.length)
      expect(Math.max(...ends)).toBeLessThanOrEqual(1100)
      labels.slice(1).forEach(({ attributes }, at) => {
        expect(Number(attributes.x)).toBeGreaterThan(ends[at]!)
      })
    },
  )

  test('can be followed from the whole down to one cell, each step closer than the one before', async () => {
    let href = ''
    const steps: string[] = []
    while (!href.startsWith('../why/')) {
      const { links } = await picture(`equities_bars.svg${href}`)
      href = links[Math.floor(links.length / 3)]!
      expect(steps).not.toContain(href)
      steps.push(href)
      expect(steps.length).toBeLessThan(8)
    }
    expect(href).toMatch(/^\.\.\/why\/equities_bars\/[A-Z]{4}\/\d{4}-\d\d-\d\d$/)
  })
})
