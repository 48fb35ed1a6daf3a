import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { askAlpaca, askFred, askMassive } from './asking.ts'
import { folderBars } from './folder.ts'
import { folderYields } from './folder-yields.ts'
import { type Lab, startLab } from './lab.ts'

const HEADER = 'symbol,ts_utc,open,high,low,close,volume,session'
const NOW = instantOf('2013-11-01', '12:00')

let root = ''
let lab: Lab | undefined
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lab-folder-'))
  for (const folder of ['daily', 'minute', 'corporate_actions']) mkdirSync(join(root, folder))
})
afterEach(async () => {
  await lab?.close()
  lab = undefined
  rmSync(root, { recursive: true })
})

const write = (path: string, ...lines: string[]) => writeFileSync(join(root, path), `${lines.join('\n')}\n`)
async function serve(): Promise<Lab> {
  const bars = folderBars(root)
  const plan = 'open'
  lab = await startLab({ now: () => NOW, seed: 1, plan, alpaca: bars, massive: bars, limits: { massive: 1_000 } })
  return lab
}

type Bar = Record<'t' | 'o' | 'h' | 'l' | 'c' | 'v' | 'vw' | 'n', unknown>
async function alpacaBars(query: Record<string, string>): Promise<Bar[]> {
  const on = lab ?? (await serve())
  const all: Bar[] = []
  let token: string | null = null
  do {
    const more: Record<string, string> = token === null ? {} : { page_token: token }
    const heard = await askAlpaca(on, {
      symbols: 'XYZ',
      timeframe: '1Day',
      start: '2013-10-01',
      end: '2013-10-31',
      ...query,
      ...more,
    })
    expect(heard.status).toBe(200)
    const page = heard.body as { bars: Record<string, Bar[]>; next_page_token: string | null }
    all.push(...(page.bars.XYZ ?? []))
    token = page.next_page_token
  } while (token !== null)
  return all
}

describe('folder: a folder of bars', () => {
  it('is served as it stands: duplicates, disorder, closed days, negative and missing numbers', async () => {
    write(
      'daily/XYZ.csv',
      HEADER,
      'XYZ,2013-10-07T04:00:00Z,10.1,10.2,10,10.15,100,2013-10-07',
      'XYZ,2013-10-04T04:00:00Z,-9,nan,,NaN,null,2013-10-04',
      'XYZ,2013-10-04T04:00:00Z,9,9.5,8.5,9.25,1.5,2013-10-04',
      'XYZ,2013-10-05T04:00:00Z,9,9,9,9,9,2013-10-05',
    )
    const bars = await alpacaBars({})
    expect(bars.map((bar) => bar.t)).toEqual([
      '2013-10-07T04:00:00Z',
      '2013-10-04T04:00:00Z',
      '2013-10-04T04:00:00Z',
      '2013-10-05T04:00:00Z',
    ])
    expect(bars[1]).toEqual({ t: '2013-10-04T04:00:00Z', o: -9, h: null, l: null, c: null, v: null })
    expect(bars[2]).toMatchObject({ o: 9, v: 1.5 })
  })

  it('keeps every row of a disordered file when pages cut through it', async () => {
    const stamps = ['10:00', '10:02', '10:00', '10:01', '10:01', '10:01', '09:59']
    const rows = stamps.map((time, i) => `XYZ,2013-10-04T${time}:00Z,${i + 1},9,1,5,10,2013-10-04`)
    write('minute/XYZ_20131004.csv', HEADER, ...rows)
    for (const limit of ['1', '2', '3']) {
      for (const sort of ['asc', 'desc']) {
        const bars = await alpacaBars({ timeframe: '1Min', limit, sort })
        const order = bars.map((bar) => bar.o)
        expect(sort === 'asc' ? order : order.toReversed()).toEqual([1, 2, 3, 4, 5, 6, 7])
      }
      const opens: unknown[] = []
      let next: string | undefined = `/v2/aggs/ticker/XYZ/range/1/minute/2013-10-04/2013-10-04?limit=${limit}`
      while (next !== undefined) {
        const body = (await askMassive(lab as Lab, next)).body as { results: Bar[]; next_url?: string }
        opens.push(...body.results.map((bar) => bar.o))
        next = body.next_url
      }
      expect(opens).toEqual([1, 2, 3, 4, 5, 6, 7])
    }
  })

  it('finds a minute by its stamp, also where the file’s name says another day', async () => {
    write('minute/XYZ_20131004.csv', HEADER, 'XYZ,2013-10-09T14:30:00Z,1,1,1,1,1,2013-10-04')
    expect(await alpacaBars({ timeframe: '1Min', start: '2013-10-09', end: '2013-10-09' })).toHaveLength(1)
    expect(await alpacaBars({ timeframe: '1Min', start: '2013-10-04', end: '2013-10-04' })).toHaveLength(0)
  })

  it('passes stamps and the optional columns through', async () => {
    write('daily/XYZ.csv', `${HEADER},vwap,trades`, 'XYZ,2013-10-04T20:00:00Z,9,9.5,8.5,9.25,100,2013-10-04,9.123456,7')
    expect(await alpacaBars({})).toEqual([
      { t: '2013-10-04T20:00:00Z', o: 9, h: 9.5, l: 8.5, c: 9.25, v: 100, vw: 9.123456, n: 7 },
    ])
  })

  it('knows its splits and its first and last days', () => {
    write('daily/XYZ.csv', HEADER, 'XYZ,2013-10-04T04:00:00Z,9,9.5,8.5,9.25,100,2013-10-04')
    write('minute/ABC_20131007.csv', HEADER, 'ABC,2013-10-07T14:30:00Z,1,1,1,1,1,2013-10-07')
    write('corporate_actions/splits.csv', 'symbol,ex_date,ratio_new_per_old', 'XYZ,2013-10-10,2.0')
    const source = folderBars(root)
    expect(source.symbols()).toEqual(['ABC', 'XYZ'])
    expect([source.firstDaily(), source.firstMinute(), source.lastSession()]).toEqual([
      '2013-10-04',
      '2013-10-07',
      '2013-10-07',
    ])
    expect(source.splits('XYZ')).toEqual([{ exDt: '2013-10-10', ratio: 2 }])
    expect(source.actions().dividends).toEqual([])
  })

  it.each([
    [
      'a missing header',
      ['XYZ,2013-10-04T04:00:00Z,9,9,9,9,9,2013-10-04'],
      /XYZ\.csv:1: expected a header with symbol,ts_utc/,
    ],
    [
      'an unreadable stamp',
      [HEADER, 'XYZ,04.10.2013,9,9,9,9,9,2013-10-04'],
      /XYZ\.csv:2: expected an instant .* got "04\.10\.2013"/,
    ],
    [
      'a word for a price',
      [HEADER, 'XYZ,2013-10-04T04:00:00Z,9,high,9,9,9,2013-10-04'],
      /XYZ\.csv:2: expected a number in high, got "high"/,
    ],
    [
      'a foreign symbol',
      [HEADER, 'ABC,2013-10-04T04:00:00Z,9,9,9,9,9,2013-10-04'],
      /XYZ\.csv:2: expected the symbol XYZ/,
    ],
  ])('says file and line of %s', async (_what, lines, message) => {
    write('daily/XYZ.csv', ...lines)
    expect(() => folderBars(root).daily('XYZ', '2013-10-01', '2013-10-31')).toThrow(message)
    const heard = await askAlpaca(await serve(), {
      symbols: 'XYZ',
      timeframe: '1Day',
      start: '2013-10-01',
      end: '2013-10-31',
    })
    expect(heard.status).toBe(500)
    expect((heard.body as { message: string }).message).toMatch(message)
  })

  it('must hold bars', () => {
    expect(() => folderBars(join(root, 'minute'))).toThrow(
      /expected a folder with daily\/ or minute\/ in it, got nothing/,
    )
    expect(() => folderBars(join(root, 'nowhere'))).toThrow(/nowhere/)
  })
})

describe('folder: a folder of yields', () => {
  it('serves its texts, "." for an empty field, and knows no series without a file', async () => {
    mkdirSync(join(root, 'macro'))
    write('macro/DGS10.csv', 'observation_date,DGS10', '2013-10-11,2.70', '2013-10-14,', '2013-10-15,2.75')
    lab = await startLab({ now: () => NOW, seed: 1, plan: 'basic', fred: folderYields(join(root, 'macro')) })
    const { body } = await askFred(lab, { series_id: 'DGS10' })
    expect((body as { observations: { value: string }[] }).observations.map((row) => row.value)).toEqual([
      '2.70',
      '.',
      '2.75',
    ])
    expect((await askFred(lab, { series_id: 'DGS2' })).body).toEqual({
      error_code: 400,
      error_message: 'Bad Request.  The series does not exist.',
    })
    expect(folderYields(join(root, 'macro')).last()).toBe('2013-10-15')
  })
})
