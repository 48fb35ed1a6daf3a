/**
 * Days of minutes as one file a cell. `prepare ROOT SYMBOLS DAYS MINUTES` writes them as answers of a vendor are kept; `compact ROOT` compacts those that are left and
 * prints what it took; `curate ROOT SYMBOLS [DAY …]` curates days, all of them where none is named, and prints their hashes; `left ROOT` prints the days that have files of cells.
 */
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openDb } from '../../../db/client.ts'
import { manifestMarks } from '../../../db/manifests/manifests.ts'
import { migrateDb } from '../../../db/migrate.ts'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import type { NodeContext } from '../../../functions/_catalog/context.ts'
import { closeLake, openLake } from '../../../functions/_lake/lake.ts'
import { rawFile, rawRoot } from '../../../functions/_lake/paths.ts'
import { sweepTemps } from '../../../functions/_lake/sweep-temps.ts'
import { writeCells } from '../../../functions/_lake/write-cells.ts'
import type { Dt } from '../../../functions/_market/dt.ts'
import type { Bar } from '../../../functions/_market/row.ts'
import { recordedHashes } from '../../../functions/_recovery/recorded-hashes.ts'
import { replayManifests } from '../../../functions/_recovery/replay-manifests.ts'
import { compactDay } from '../../../functions/compact/compact-day.ts'
import { curatePartition } from '../../../functions/curate-partition/curate.ts'
import { shippedConfig } from '../../write-config.ts'
import { watchLoop } from '../watch.ts'

export interface CompactedTree {
  filesBefore: number
  filesAfter: number
  bytesBefore: number
  bytesAfter: number
  /** Of the slowest day. */
  seconds: number
  /** CPU seconds of a day, all threads: what it takes on a machine that does nothing else. */
  cpuSeconds: number
  /** The most memory that the process ever held, in millions of bytes: without the rows of the preparation, which another one made. */
  peakMb: number
  /** The longest that any other request would have waited. */
  blockedMs: number
}

const DATASET = 'equities_bars_minute'
const VENDOR = 'alpaca'
const MINUTES = 390
const MOST_DAYS = 252

async function main([phase = '', root = '', ...given]: string[]): Promise<void> {
  const config = await shippedConfig()
  const db = await openDb(join(root, 'node.db'))
  await migrateDb(db, 'migrations')
  const lake = openLake({ root, exportRoot: join(root, 'exports') })
  const context: NodeContext = { config, db, lake, now: () => Date.UTC(2025, 6, 1), log: () => undefined }
  try {
    const [symbols = 0, days = 0, minutes = MINUTES] = given.slice(0, 3).map(Number)
    if (phase === 'prepare') await prepare(context, { symbols, days, minutes })
    else if (phase === 'curate') print(await curatedHashes(context, symbols, given.slice(1)))
    else if (phase === 'left') print(await daysLeft(context.lake.root))
    else print(await compactAll(context))
  } finally {
    await closeLake(lake)
    db.close()
  }
}

const print = (value: unknown): void => void process.stdout.write(JSON.stringify(value))
const symbolAt = (at: number): string => `S${String(at).padStart(4, '0')}`
const sessions = (days: number): Dt[] => calendarOf('xnys').sessions('2024-01-02', '2024-12-31').slice(0, days)

async function prepare(
  context: NodeContext,
  { symbols, days, minutes }: Record<'symbols' | 'days' | 'minutes', number>,
): Promise<void> {
  const spec = context.config.datasets[DATASET]!
  const origin = { vendor: VENDOR, feed: 'sip', adjustment: 'raw', fetchedAt: context.now() } as const
  const hashes = recordedHashes(context, DATASET)
  for (const dt of sessions(days)) {
    for (let from = 0; from < symbols; from += 50) {
      const cells = Array.from({ length: Math.min(50, symbols - from) }, (_, at) => ({
        symbol: symbolAt(from + at),
        dt,
        rows: barsOf(from + at, dt, minutes),
        known: null,
      }))
      await writeCells(context.lake, spec, DATASET, origin, cells, hashes)
    }
  }
  await replayManifests(context, () => 0)
}

/** Prices in cents that wander, as real ones do: they compress like them. */
function barsOf(seed: number, dt: Dt, minutes: number): Bar[] {
  const open = instantOf(dt, '09:30')
  let price = 2_000 + 37 * seed
  return Array.from({ length: minutes }, (_, at) => {
    const step = ((seed * 31 + at * 17) % 23) - 11
    price = Math.max(100, price + step)
    const [high, low] = [price + ((at * 7) % 9), price - ((at * 5) % 9)]
    const volume = 100 + ((seed * 131 + at * 977) % 9_000)
    const [o, h, l, c] = [price - step, Math.max(high, price - step), Math.min(low, price - step), price].map(
      (cents) => cents / 100,
    ) as [number, number, number, number]
    return {
      ts: open + at * 60_000,
      open: o,
      high: h,
      low: l,
      close: c,
      volume,
      vwap: (o + c) / 2,
      trades: volume % 97,
    }
  })
}

async function compactAll(context: NodeContext): Promise<CompactedTree> {
  const spec = context.config.datasets[DATASET]!
  await sweepTemps(context.lake.root)
  const marks = await manifestMarks(context.db)
  // As at every start: a killed process may have written what its database does not know.
  await replayManifests(context, (path) => marks.get(path) ?? 0)
  const before = await sizeOf(context.lake.root)
  const watch = watchLoop()
  const days = await daysLeft(context.lake.root)
  const cpu = process.cpuUsage()
  let seconds = 0
  for (const dt of days) {
    const begun = performance.now()
    const done = await compactDay(context, { dataset: DATASET, spec, vendor: VENDOR, dt })
    if ('why' in done) throw new Error(`expected the day ${dt} to be compacted, got ${done.why}`)
    seconds = Math.max(seconds, (performance.now() - begun) / 1000)
  }
  const { user, system } = process.cpuUsage(cpu)
  const blockedMs = watch.stop()
  const after = await sizeOf(context.lake.root)
  return {
    filesBefore: before.files,
    filesAfter: after.files,
    bytesBefore: before.bytes,
    bytesAfter: after.bytes,
    seconds,
    cpuSeconds: (user + system) / 1e6 / Math.max(1, days.length),
    // Linux states kilobytes.
    peakMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
    blockedMs,
  }
}

/** Days of which a cell has a file of its own. */
async function daysLeft(root: string): Promise<Dt[]> {
  const left: Dt[] = []
  for (const dt of sessions(MOST_DAYS)) {
    const folder = dirname(rawFile(root, VENDOR, DATASET, 'date', dt, ''))
    const names = await readdir(folder).catch(() => [])
    if (names.some((name) => name.startsWith('symbol='))) left.push(dt)
  }
  return left
}

async function curatedHashes(
  context: NodeContext,
  symbols: number,
  days: string[],
): Promise<Record<Dt, string | null>> {
  const spec = context.config.datasets[DATASET]!
  const hashes: Record<Dt, string | null> = {}
  for (const dt of days.length > 0 ? days : sessions(MOST_DAYS)) {
    async function* accepted() {
      yield [{ dt, vendor: VENDOR, symbols: Array.from({ length: symbols }, (_, at) => symbolAt(at)) }]
    }
    const { curated } = await curatePartition(context.lake, {
      dataset: DATASET,
      spec,
      partition: dt,
      vendors: [VENDOR],
      refused: [],
      accepted: accepted(),
      sessions: [calendarOf('xnys').session(dt)!],
    })
    hashes[dt] = curated?.sha256 ?? null
  }
  return hashes
}

async function sizeOf(root: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(rawRoot(root), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  let bytes = 0
  for (const { parentPath, name } of files) bytes += (await stat(join(parentPath, name))).size
  return { files: files.length, bytes }
}

await main(process.argv.slice(2))
