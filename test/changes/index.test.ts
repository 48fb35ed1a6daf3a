import { sql } from 'drizzle-orm'
import type { Hono } from 'hono'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { createApp } from '../../functions/index.ts'
import { masksConfig, masksNode, symbolAt } from '../coverage/node-with-masks.ts'
import { freshDb } from '../db/temp-db.ts'

const NIGHT = Date.parse('2025-07-08T20:30:00-04:00')
const DAY = 86_400_000
const [A, B] = [symbolAt(0), symbolAt(1)]

interface Told {
  changes: Record<string, unknown>[]
  next: string | null
}

interface Found {
  dataset: string
  symbol: string
  dt: string
  at: number
  digest: string
  verdict: string
  difference: object | null
  window: number | null
}

let db: Db
let app: Hono
beforeEach(async () => {
  db = await freshDb()
  app = createApp(masksNode(db, await masksConfig(2)), { full: null, read: 'reader' })
})

const ask = (query: string): Promise<Response> =>
  Promise.resolve(app.request(query, { headers: { authorization: 'Bearer reader' } }))
async function told(query = ''): Promise<Told> {
  const answer = await ask(`/changes${query}`)
  expect(answer.status, query).toBe(200)
  return (await answer.json()) as Told
}
const refused = async (query: string): Promise<[number, string]> => {
  const answer = await ask(`/changes${query}`)
  return [answer.status, ((await answer.json()) as { error: string }).error]
}

const VOLUME = { added: 0, removed: 0, changed: 1, fields: [{ field: 'volume', rows: 1, emptied: 0, largest: 0.25 }] }

/** A volume of A that was corrected one session later, unless told otherwise. */
async function found(...rows: Partial<Found>[]): Promise<void> {
  const all = rows.map((row, at) => ({
    dataset: 'equities_bars',
    symbol: A,
    dt: '2025-07-07',
    at: NIGHT,
    digest: `new${at}`,
    verdict: 'replaced',
    difference: VOLUME,
    window: 1,
    ...row,
  }))
  await db.write([
    sql`INSERT INTO corrections (dataset, symbol, dt, vendor, at, verdict, previous, digest, rows_before, rows, difference, window_sessions)
        SELECT value->>'dataset', value->>'symbol', value->>'dt', 'alpaca', value->>'at', value->>'verdict', 'old', value->>'digest', 1, 1,
               value->>'difference', value->>'window' FROM json_each(${JSON.stringify(all)})`,
  ])
}

describe('changes: GET /changes', () => {
  test('tells cell, vendor, digests, fields, magnitude, night and window, and where to read on', async () => {
    await found({})
    expect(await told()).toEqual({
      ok: true,
      next: null,
      changes: [
        {
          dataset: 'equities_bars',
          symbol: A,
          dt: '2025-07-07',
          vendor: 'alpaca',
          foundAt: '2025-07-09T00:30:00.000Z',
          window: 1,
          verdict: 'replaced',
          previous: 'old',
          digest: 'new0',
          rowsBefore: 1,
          rows: 1,
          difference: VOLUME,
          sentence: '1 row changed: volume in 1 by up to 25 %',
          why: `/why/equities_bars/${A}/2025-07-07`,
        },
      ],
    })
  })

  test('says where nothing was measured, and where the old rows were kept', async () => {
    const gone = { added: 0, removed: 1, changed: 0, fields: [] }
    await found({ difference: null, window: null }, { verdict: 'kept_more_rows', difference: gone })
    expect((await told()).changes.map(({ sentence }) => sentence)).toEqual([
      'not measured',
      '1 row gone: fewer rows, kept the old ones',
    ])
  })

  test('filters by dataset, symbol, days and night', async () => {
    await found(
      { symbol: A, dt: '2025-07-01', at: NIGHT - DAY },
      { symbol: B, dt: '2025-07-02' },
      { symbol: 'UST', dataset: 'macro_treasury' },
    )
    const symbols = async (query: string) => (await told(query)).changes.map(({ symbol }) => symbol)
    expect(await symbols('')).toEqual([B, 'UST', A])
    expect(await symbols(`?symbol=${A}`)).toEqual([A])
    expect(await symbols('?dataset=equities_bars')).toEqual([B, A])
    expect(await symbols('?from=2025-07-02&to=2025-07-02')).toEqual([B])
    expect(await symbols('?since=2025-07-07T20:30:00-04:00')).toEqual([B, 'UST'])
    expect(await symbols('?since=2025-07-08T20:30:00-04:00')).toEqual([])
    expect(await symbols('?since=2025-07-07T20:29:59.999-04:00')).toHaveLength(3)
  })

  test('comes in pages that together hold every change once, also when new ones arrive meanwhile', async () => {
    await found(
      ...Array.from({ length: 25 }, (_, at) => ({
        symbol: at % 2 === 0 ? A : B,
        dt: `2025-06-${String((at % 28) + 1).padStart(2, '0')}`,
        at: NIGHT - (at % 3) * DAY,
      })),
    )
    const all = (await told()).changes
    expect(all).toHaveLength(25)
    const paged: unknown[] = []
    let query: string | null = '?limit=4&dataset=equities_bars'
    let pages = 0
    while (query !== null) {
      const { changes, next }: Told = await told(query)
      paged.push(...changes)
      query = next === null ? null : next.replace('/changes', '')
      if (pages++ === 1) await found({ dt: '2025-07-08', at: NIGHT + DAY, digest: 'later' })
    }
    expect(pages).toBe(7)
    expect(paged).toEqual(all)
  })

  test('answers at most as many as were asked for, and 100 unless told', async () => {
    await found(...Array.from({ length: 150 }, (_, at) => ({ digest: `d${at}` })))
    expect((await told()).changes).toHaveLength(100)
    expect((await told('?limit=1000')).changes).toHaveLength(150)
    expect((await told('?limit=150')).next).toBeNull()
    expect((await told('?limit=149')).next).not.toBeNull()
  })

  test.each([
    ['?limit=0', 'limit: expected one whole number from 1 to 1000'],
    ['?limit=1001', 'limit: expected one whole number from 1 to 1000'],
    ['?limit=-1', 'limit: expected one whole number from 1 to 1000'],
    ['?limit=5&limit=6', 'limit: expected at most once'],
    ['?dataset=bars', 'dataset: no "bars" here: there are equities_bars'],
    ['?dataset=__proto__', 'dataset: no "__proto__" here'],
    ['?symbol=aapl', 'symbol: expected a symbol such as AAPL or BRK.B'],
    ['?symbol=ZZZ', 'symbol: no ZZZ here: the universe has 2 others'],
    ['?from=2025-02-30', 'from: expected a day as YYYY-MM-DD, got 2025-02-30'],
    ['?from=2025-07-02&to=2025-07-01', 'from: 2025-07-02 lies after to, 2025-07-01'],
    ['?since=yesterday', 'since: expected an instant such as 2026-01-05T20:30:00-05:00'],
    ['?since=2025-07-08T20:30:00+02:00', 'since: expected an instant'],
    ['?after=1~x', 'after: expected the place a page ended at'],
    ["?after=1~a~B~2025-01-01~c~d'--", 'after: expected the place a page ended at'],
    ['?symbols=A', 'query: Unrecognized key: "symbols"'],
  ])('refuses %s', async (query, message) => {
    const [status, error] = await refused(query)
    expect(status).toBe(400)
    expect(error).toContain(message)
  })
})

describe('changes: GET /changes.csv', () => {
  test('has a line for every field, one for a change without fields, and a link to the next page', async () => {
    const two = { ...VOLUME, fields: [...VOLUME.fields, { field: 'vwap', rows: 1, emptied: 1, largest: null }] }
    await found({ difference: two }, { symbol: B, difference: null, window: null }, { symbol: B, digest: 'z' })
    const answer = await ask('/changes.csv?limit=2')
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    const [head, ...lines] = (await answer.text()).trimEnd().split('\r\n')
    const names = head!.split(',')
    expect(lines.map((line) => line.split(',').length)).toEqual([names.length, names.length, names.length])
    const records = lines.map((line) => Object.fromEntries(line.split(',').map((value, at) => [names[at], value])))
    expect(records).toMatchObject([
      { symbol: A, window: '1', changed: '1', field: 'volume', field_rows: '1', largest: '0.25' },
      { symbol: A, field: 'vwap', emptied: '1', largest: '' },
      { symbol: B, window: '', changed: '', field: '', largest: '' },
    ])
    const link = answer.headers.get('link')!
    expect(link).toMatch(/^<\/changes\.csv\?limit=2&after=.*>; rel="next"$/)
    const rest = await (await ask(link.slice(1, link.indexOf('>')))).text()
    expect(rest.trimEnd().split('\r\n')).toHaveLength(2)
  })

  test('of nothing is its head', async () => {
    const answer = await ask('/changes.csv')
    expect((await answer.text()).trimEnd().split('\r\n')).toHaveLength(1)
    expect(answer.headers.get('link')).toBeNull()
  })
})

test('changes: the page of a cell tells the change and where the list is', async () => {
  await found(
    { difference: null },
    { verdict: 'kept_more_rows', difference: { ...VOLUME, changed: 0, fields: [], removed: 2 } },
  )
  const answer = await app.request(`/why/equities_bars/${A}/2025-07-07`, {
    headers: { authorization: 'Bearer reader', accept: 'text/html' },
  })
  const page = await answer.text()
  for (const text of [
    '<h2>Changes by the vendor</h2>',
    'asked again 1 session later',
    'not measured',
    `href="../../../changes?dataset=equities_bars&amp;symbol=${A}"`,
    '2 rows gone: fewer rows, kept the old ones',
  ])
    expect(page).toContain(text)
})
