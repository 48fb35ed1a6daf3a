/** A lake in a temp folder, and rows to put into it. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { type DatasetConfig, Datasets } from '../../config/schema.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { isOfCell, readManifests } from '../../functions/_lake/manifest.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Action, Bar, OptionBar, Provenance, Yield } from '../../functions/_market/row.ts'
import type { AcceptedDay } from '../../functions/curate-partition/accepted.ts'
import { EMPTY_ACTION } from '../_market/empty-action.ts'

const { datasets } = Datasets.parse(parse(await readFile('config/datasets.yaml', 'utf8')))

export function specOf(dataset: DatasetName, changes: Partial<DatasetConfig> = {}): DatasetConfig {
  const spec = datasets[dataset]
  if (!spec) throw new Error(`expected ${dataset} in config/datasets.yaml`)
  return { ...spec, ...changes }
}

export async function tempLake(options: { threads?: number; memoryLimitMb?: number } = {}): Promise<Lake> {
  const root = await mkdtemp(join(tmpdir(), 'lake-'))
  return openLake({ root, exportRoot: join(root, 'exports'), ...options })
}

export async function dropLake(lake: Lake): Promise<void> {
  await closeLake(lake)
  await rm(lake.root, { recursive: true, force: true })
}

/** Visible files below the root, relative, sorted. */
export async function filesIn(lake: Lake): Promise<string[]> {
  const entries = await readdir(lake.root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(lake.root, join(entry.parentPath, entry.name)))
    .sort()
}

/** The versions that the manifests tell of, as the database would know them. */
export async function* acceptedByManifests(lake: Lake, dataset: DatasetName): AsyncGenerator<AcceptedDay[]> {
  for await (const { lines } of readManifests(lake, () => 0)) {
    yield lines
      .filter((line) => line.dataset === dataset)
      .filter(isOfCell)
      .map(({ dt, vendor, symbol }) => ({ dt, vendor, symbols: [symbol] }))
  }
}

export const JULY_3 = Date.UTC(2024, 6, 3, 13, 30)

export const bar = (ts: number, more: Partial<Bar> = {}): Bar => ({
  ts,
  open: 10.25,
  high: 11,
  low: 10,
  close: 10.5,
  volume: 1000,
  vwap: null,
  trades: null,
  ...more,
})

export const minutes = (count: number, more: Partial<Bar> = {}, start = JULY_3): Bar[] =>
  Array.from({ length: count }, (_, i) => bar(start + i * 60_000, { close: 10 + (i % 90) / 100, ...more }))

export const yieldOf = (series: string, value: number | null, realtime_start = '2024-07-05'): Yield => ({
  series,
  value,
  realtime_start,
})

export const optionBar = (contract: string, ts: number, more: Partial<OptionBar> = {}): OptionBar => ({
  ...bar(ts),
  underlier: 'AAPL',
  contract,
  expiration: '2024-07-19',
  right: 'call',
  strike: 200,
  ...more,
})

/** A 4 for 1 split unless told otherwise. */
export const action = (id: string, effective_date: string, more: Partial<Action> = {}): Action => ({
  ...EMPTY_ACTION,
  kind: 'split',
  id,
  effective_date,
  old_shares: 1,
  new_shares: 4,
  ...more,
})

export const from = (vendor: string, more: Partial<Provenance> = {}): Provenance => ({
  vendor,
  feed: 'sip',
  adjustment: vendor === 'fred' ? 'none' : 'raw',
  fetchedAt: Date.UTC(2024, 6, 4, 23, 30),
  ...more,
})
