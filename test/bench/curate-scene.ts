/** The lakes of the curation benchmark: a day of minutes in a file a cell, of two vendors that overlap, and years of daily bars in a file a day. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { rawFile } from '../../functions/_lake/paths.ts'
import type { RawPart } from '../../functions/_lake/raw-part.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import type { Bar } from '../../functions/_market/row.ts'
import { shippedConfig } from '../write-config.ts'

export const MINUTE_DAY = '2025-07-08'
export const MINUTES = 390
export const SYMBOLS = 1_000
/** Symbols that both vendors have delivered. */
export const OVERLAP = 100

const AT_ONCE = 8
const MINUTE_MS = 60_000

export const symbolAt = (at: number): string => `S${String(at).padStart(4, '0')}`
export const symbolsUpTo = (count: number): string[] => Array.from({ length: count }, (_, at) => symbolAt(at))
export const sessionsOf = (from: Dt, to: Dt): Dt[] => calendarOf('xnys').sessions(from, to)

/** Each price follows from its place: the same lake every time. */
function barAt(ts: number, symbol: number, step: number): Bar {
  const cents = 2_000 + symbol * 13 + ((step * 7 + symbol * 3) % 97)
  const [open, close] = [cents / 100, (cents + ((step + symbol) % 5) - 2) / 100]
  const spread = ((step + symbol) % 7) / 100
  const [high, low] = [Math.max(open, close) + spread, Math.min(open, close) - spread]
  return {
    ts,
    open,
    high,
    low,
    close,
    volume: 100 + ((step * 31 + symbol) % 900),
    vwap: (open + close) / 2,
    trades: 10,
  }
}

const partOf = (vendor: string, symbol: number, rows: Bar[]): RawPart => ({
  symbol: symbolAt(symbol),
  provenance: { vendor, feed: 'sip', adjustment: 'raw', fetchedAt: Date.UTC(2025, 6, 9) },
  rows,
})

export async function writeMinuteDay(
  root: string,
  dt: Dt = MINUTE_DAY,
  symbols = SYMBOLS,
  overlap = OVERLAP,
): Promise<void> {
  const open = calendarOf('xnys').session(dt)?.open ?? 0
  const cells = [
    ...Array.from({ length: symbols }, (_, at) => ({ vendor: 'alpaca', at })),
    ...Array.from({ length: overlap }, (_, at) => ({ vendor: 'massive', at })),
  ]
  await writeAll(cells, 'equities_bars_minute', async ({ vendor, at }) => {
    const rows = Array.from({ length: MINUTES }, (_, step) => barAt(open + step * MINUTE_MS, at, step))
    const path = rawFile(root, vendor, 'equities_bars_minute', 'date-symbol', dt, symbolAt(at))
    return { path, parts: [partOf(vendor, at, rows)] }
  })
}

export async function writeDailyYears(root: string, from: Dt, to: Dt, symbols = SYMBOLS): Promise<void> {
  const days = sessionsOf(from, to).map((dt, step) => ({ dt, step }))
  await writeAll(days, 'equities_bars', async ({ dt, step }) => {
    const ts = Date.parse(`${dt}T05:00:00Z`)
    const parts = Array.from({ length: symbols }, (_, at) => partOf('alpaca', at, [barAt(ts, at, step)]))
    return { path: rawFile(root, 'alpaca', 'equities_bars', 'date', dt, ''), parts }
  })
}

async function writeAll<Item>(
  items: readonly Item[],
  dataset: DatasetName,
  fileOf: (item: Item) => Promise<{ path: string; parts: RawPart[] }>,
): Promise<void> {
  const { columns } = (await shippedConfig()).datasets[dataset]!
  for (let at = 0; at < items.length; at += AT_ONCE) {
    const some = items.slice(at, at + AT_ONCE)
    await Promise.all(
      some.map(async (item) => {
        const { path, parts } = await fileOf(item)
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, await encodeRows(columns, parts))
      }),
    )
  }
}
