import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { Datasets } from '../../config/schema.ts'
import type { AcceptedCell } from '../../functions/_lake/accepted-cell.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { writeCells } from '../../functions/_lake/write-cells.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Bar, Provenance } from '../../functions/_market/row.ts'
import { curatePartition } from '../../functions/curate-partition/curate.ts'
import { acceptedByManifests } from '../_lake/lake-fixture.ts'

const DATA = join(process.cwd(), '../shared/data/bars')
const present = existsSync(DATA)
if (!present) console.warn(`skipped: the reference bars are not at ${DATA}`)

const { datasets } = Datasets.parse(parse(await readFile('config/datasets.yaml', 'utf8')))
const specOf = (dataset: DatasetName) => {
  const spec = datasets[dataset]
  if (!spec) throw new Error(`config/datasets.yaml lacks ${dataset}`)
  return spec
}
const YEARS = ['1999', '2001', '2008', '2020', '2021']
const provenance: Provenance = { vendor: 'alpaca', feed: 'sip', adjustment: 'raw', fetchedAt: Date.UTC(2024, 0, 2) }

let lake: Lake
afterEach(async () => {
  await closeLake(lake)
  await rm(lake.root, { recursive: true, force: true })
})

/** The reference file's bars by session day. */
async function cellsOf(file: string): Promise<AcceptedCell[]> {
  const [header, ...lines] = (await readFile(join(DATA, file), 'utf8')).trim().split('\n')
  expect(header).toBe('symbol,ts_utc,open,high,low,close,volume,session')
  const cells = new Map<string, AcceptedCell>()
  for (const line of lines) {
    const [symbol = '', ts = '', open, high, low, close, volume, dt = ''] = line.trim().split(',')
    const bar: Bar = {
      ts: Date.parse(ts),
      open: Number(open),
      high: Number(high),
      low: Number(low),
      close: Number(close),
      volume: Number(volume),
      vwap: null,
      trades: null,
    }
    const cell = cells.get(dt) ?? { symbol, dt, rows: [], known: null }
    cell.rows.push(bar)
    cells.set(dt, cell)
  }
  return [...cells.values()]
}

async function checkRoundTrip(dataset: DatasetName, cells: AcceptedCell[], partitionOf: (dt: string) => string) {
  const root = await mkdtemp(join(tmpdir(), 'real-bars-'))
  lake = openLake({ root, exportRoot: join(root, 'exports') })
  const spec = specOf(dataset)
  const kept = await writeCells(lake, spec, dataset, provenance, cells)
  expect(new Set(kept.map(({ verdict }) => verdict))).toEqual(new Set(['new']))
  for (const partition of new Set(cells.map(({ dt }) => partitionOf(dt)))) {
    const own = cells.filter(({ dt }) => partitionOf(dt) === partition)
    const sessions = [...new Set(own.map(({ dt }) => dt))].map((dt) => ({ dt, open: 0, close: 8e15 }))
    const { curated } = await curatePartition(lake, {
      dataset,
      spec,
      partition,
      sessions,
      vendors: ['alpaca'],
      refused: [],
      accepted: acceptedByManifests(lake, dataset),
    })
    const wanted = own
      .flatMap(({ symbol, dt, rows }) => (rows as Bar[]).map((row) => ({ symbol, dt, ...row })))
      .sort((a, b) => (a.symbol === b.symbol ? a.ts - b.ts : a.symbol < b.symbol ? -1 : 1))
    const seen = await lake.duck.all(
      `SELECT symbol, dt, ts, open, high, low, close, volume, vwap, trades FROM read_parquet(${sqlText(curated?.path ?? '')})`,
    )
    expect(seen).toEqual(wanted)
    expect(curated).toMatchObject({ rows: wanted.length, cells: own.length })
  }
}

test.skipIf(!present)(
  'curated real bars: five years of daily bars of SPY and IBM, crashes included, come out of curation exactly as they went in',
  async () => {
    const all = [...(await cellsOf('daily/SPY.csv')), ...(await cellsOf('daily/IBM.csv'))]
    // A day is a file, durably written: all twenty-three years are played by a whole night of their own (test/e2e).
    const cells = all.filter(({ dt }) => YEARS.includes(dt.slice(0, 4)))
    expect(new Set(cells.map(({ dt }) => dt.slice(0, 4))).size).toBe(YEARS.length)
    await checkRoundTrip('equities_bars', cells, (dt) => dt.slice(0, 4))
  },
  60_000,
)

test.skipIf(!present)(
  'curated real bars: twelve symbol-days of minute bars come out of curation exactly as they went in',
  async () => {
    const files = (await readdir(join(DATA, 'minute'))).sort()
    const cells = (await Promise.all(files.map((file) => cellsOf(`minute/${file}`)))).flat()
    await checkRoundTrip('equities_bars_minute', cells, (dt) => dt)
  },
  60_000,
)
