/**
 * Adoption at the scale of an older node. `prepare ROOT` makes a tree of 200,000 files in three layouts; `walk ROOT VERIFY [again]` adopts it and
 * prints a line a call; `count ROOT` says what the database and the lines on disk hold.
 */
import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { DatasetConfig } from '../../config/schema.ts'
import { bitCount } from '../../db/coverage/bit-count.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { readAdopted } from '../../functions/_lake/adopted-manifest.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { type RawLayout, rawFile } from '../../functions/_lake/paths.ts'
import type { RawPart } from '../../functions/_lake/raw-part.ts'
import { cellKey, type DatasetName } from '../../functions/_market/cell.ts'
import type { Bar, OptionBar, Row } from '../../functions/_market/row.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { type RunningNode, startNode } from '../../functions/_runtime/start.ts'
import { AdoptBody, adopt } from '../../functions/adopt/index.ts'
import { shippedConfig, writeBareConfig } from '../write-config.ts'
import { TREE } from './adopt.ts'
import { watchLoop } from './watch.ts'

/** One call of a walk. */
export interface Walked {
  files: number
  cells: number
  known: number
  /** CPU seconds of the whole process, all threads. */
  cpu: number
  seconds: number
  rssMb: number
  blockedMs: number
  more: boolean
}

export interface Counted {
  attempts: number
  present: number
  /** Cells that lines tell of, and the lines. */
  told: number
  lines: number
}

const VENDOR = 'massive'
const ASOF = '2025-07-08'
const DAYS = 1_000
const SOURCES = 200
const FILES_PER_CALL = 5_000

const symbolAt = (at: number): string => `S${String(at).padStart(4, '0')}`

async function main([phase = '', root = '', verify = 'names', again = '']: string[]): Promise<void> {
  const env = await writeScene(root)
  if (phase === 'prepare') return await prepare(root)
  const running = await startNode({ env, clock: virtualClock(instantOf(ASOF, '20:30')), sink: () => undefined })
  try {
    if (phase === 'walk') await walkAll(running, verify, again === 'again')
    else print(await count(running))
  } finally {
    await running.stop()
  }
}

const print = (line: Walked | Counted): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

/** A node that collects the three datasets from one vendor, and has no schedule. */
async function writeScene(root: string): Promise<Record<string, string>> {
  const shipped = await shippedConfig()
  const { equities_bars, equities_bars_minute, options_bars } = shipped.datasets
  const { datasets, ...massive } = shipped.vendors[VENDOR]!
  const wanted = {
    equities_bars: datasets.equities_bars,
    equities_bars_minute: datasets.equities_bars_minute,
    options_bars: datasets.options_bars,
  }
  const symbols = Array.from({ length: TREE.minutes / DAYS }, (_, at) => symbolAt(at))
  const options = { ...options_bars, only: symbols.slice(0, TREE.options / DAYS) }
  return writeBareConfig(root, {
    vendors: { [VENDOR]: { ...massive, datasets: wanted } },
    datasets: { equities_bars, equities_bars_minute, options_bars: options },
    universe: symbols.map((symbol) => ({ symbol, from: '1990-01-02' })),
    qc: shipped.qc,
  })
}

/** A few hundred real Parquet files, each linked into many places: walks look at names and footers. */
async function prepare(root: string): Promise<void> {
  const { datasets } = await shippedConfig()
  const days = calendarOf('xnys').sessions('2015-01-02', ASOF)
  const newest = days.slice(-DAYS)
  const minutes = await sources(root, 'minutes', datasets.equities_bars_minute!, (at) => [
    part(
      symbolAt(at),
      Array.from({ length: 30 }, (_, minute) => bar(at + minute)),
    ),
  ])
  const options = await sources(root, 'options', datasets.options_bars!, (at) => [part(symbolAt(at), [optionBar(at)])])
  const shared = await sources(root, 'shared', datasets.equities_bars!, (at) =>
    Array.from({ length: TREE.symbolsInShared }, (_, n) => part(symbolAt(n), [bar(at)])),
  )
  const place = (
    from: string[],
    dataset: DatasetName,
    layout: RawLayout,
    dts: readonly string[],
    each: number,
  ): void => {
    for (const [day, dt] of dts.entries()) {
      for (let at = 0; at < each; at++) {
        const path = rawFile(join(root, 'data_layer'), VENDOR, dataset, layout, dt, symbolAt(at))
        mkdirSync(dirname(path), { recursive: true })
        linkSync(from[(day + at) % from.length] as string, path)
      }
    }
  }
  place(minutes, 'equities_bars_minute', 'date-symbol', newest, TREE.minutes / DAYS)
  place(options, 'options_bars', 'date-underlier', newest, TREE.options / DAYS)
  place(shared, 'equities_bars', 'date', days.slice(-TREE.shared), 1)
}

async function sources(
  root: string,
  name: string,
  spec: DatasetConfig,
  partsOf: (at: number) => RawPart[],
): Promise<string[]> {
  const files: string[] = []
  for (let at = 0; at < SOURCES; at++) {
    const path = join(root, 'sources', `${name}-${at}.parquet`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, await encodeRows(spec.columns, partsOf(at)))
    files.push(path)
  }
  return files
}

const part = (symbol: string, rows: Row[]): RawPart => ({
  symbol,
  rows,
  provenance: { vendor: VENDOR, feed: 'sip', adjustment: 'raw', fetchedAt: 0 },
})
const bar = (minute: number): Bar => {
  const ts = Date.UTC(2025, 6, 8, 13, 30) + minute * 60_000
  return { ts, open: 10, high: 11, low: 9, close: 10 + minute / 100, volume: 100, vwap: null, trades: null }
}
const optionBar = (at: number): OptionBar => ({
  ...bar(at),
  underlier: symbolAt(at),
  contract: 'AAPL250718C00200000',
  expiration: '2025-07-18',
  right: 'call',
  strike: 200,
})

/** Calls until nothing is left; `again` begins a walk anew that had come to its end. */
async function walkAll({ node }: RunningNode, verify: string, again: boolean): Promise<void> {
  const body = AdoptBody.parse({ verify, limitFiles: FILES_PER_CALL, restart: again })
  for (let more = true; more; ) {
    const [cpu, begun, loop] = [process.cpuUsage(), performance.now(), watchLoop()]
    const { files, cells, known, more: isMore } = await adopt(node, body)
    const { user, system } = process.cpuUsage(cpu)
    more = isMore
    print({
      ...{ files, cells, known, more },
      cpu: (user + system) / 1e6,
      seconds: (performance.now() - begun) / 1000,
      rssMb: process.resourceUsage().maxRSS / 1024,
      blockedMs: loop.stop(),
    })
  }
}

async function count({ node }: RunningNode): Promise<Counted> {
  const [kept] = await node.db.all<{ attempts: number }>(sql`SELECT (SELECT count(*) FROM attempts)
    + (SELECT coalesce(sum(${sql.raw(bitCount('days'))}), 0) FROM packed_months) AS attempts`)
  const masks = await node.db.all<{ present: number }>(sql`SELECT present FROM coverage`)
  const told = new Set<string>()
  let lines = 0
  for await (const chunk of readAdopted(node.lake.root, () => 0)) {
    for (const { dataset, symbol, dt } of chunk.lines) told.add(`${dataset} ${cellKey(symbol, dt)}`)
    lines += chunk.lines.length
  }
  const present = masks.reduce((sum, row) => sum + row.present.toString(2).replaceAll('0', '').length, 0)
  return { attempts: kept?.attempts ?? 0, present, told: told.size, lines }
}

await main(process.argv.slice(2))
