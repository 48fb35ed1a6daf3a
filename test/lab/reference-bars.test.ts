import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { askAlpaca, askFred, askMassive } from './asking.ts'
import { folderBars } from './folder.ts'
import { folderYields } from './folder-yields.ts'
import { type Lab, startLab } from './lab.ts'

const DATA = resolve('../shared/data')
const isHere = existsSync(DATA)
if (!isHere) console.warn(`skipped: no reference data at ${DATA}`)

let lab: Lab | undefined
afterEach(async () => lab?.close())

const linesOf = (path: string): string[][] =>
  readFileSync(resolve(DATA, path), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))

async function serve(): Promise<Lab> {
  const bars = folderBars(resolve(DATA, 'bars'))
  const fred = folderYields(resolve(DATA, 'macro'))
  const now = () => instantOf('2026-03-10', '12:00')
  lab = await startLab({ now, seed: 1, plan: 'open', alpaca: bars, massive: bars, fred })
  return lab
}

describe.skipIf(!isHere)('reference bars: real bars', () => {
  it('arrive from Alpaca to the last digit, day by day', async () => {
    const range = { start: '1998-01-01', end: '2021-12-31', limit: '10000' }
    const heard = await askAlpaca(await serve(), { symbols: 'IBM', timeframe: '1Day', ...range })
    const served = (heard.body as { bars: { IBM: Record<string, string | number>[] } }).bars.IBM
    const expected = linesOf('bars/daily/IBM.csv').map(([, t, o, h, l, c, v]) => [t, ...[o, h, l, c, v].map(Number)])
    expect(served.map(({ t, o, h, l, c, v }) => [t, o, h, l, c, v])).toEqual(expected)
  })

  it('arrive from Massive to the last digit, minute by minute', async () => {
    const heard = await askMassive(
      await serve(),
      '/v2/aggs/ticker/SPY/range/1/minute/2013-10-04/2013-10-04?adjusted=false',
    )
    const served = (heard.body as { results: Record<string, number>[] }).results
    const expected = linesOf('bars/minute/SPY_20131004.csv').map(([, t = '', ...rest]) => [
      Date.parse(t),
      ...rest.slice(0, 5).map(Number),
    ])
    expect(served.map(({ t, o, h, l, c, v }) => [t, o, h, l, c, v])).toEqual(expected)
  })

  it('arrive from FRED as the texts that were published', async () => {
    const heard = await askFred(await serve(), { series_id: 'DGS10' })
    const served = (heard.body as { observations: { date: string; value: string }[] }).observations
    const expected = linesOf('macro/DGS10.csv').map(([date, value]) => ({ date, value: value === '' ? '.' : value }))
    expect(served.map(({ date, value }) => ({ date, value }))).toEqual(expected)
  })
})
