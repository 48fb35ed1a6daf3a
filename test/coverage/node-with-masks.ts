/** A node whose database holds generated coverage masks and nothing else: the cost of counting does not depend on how they got there. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import type { Node } from '../../functions/_http/node.ts'
import { dtsOfMask } from '../../functions/_market/dt.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { draw, seedOf } from '../lab/chance.ts'

/** The Tuesday evening up to which everything is expected. */
export const NOW = Date.parse('2025-07-08T20:30:00-04:00')
const MONTHS_AT_ONCE = 5_000

export interface Masks {
  symbol: string
  month: string
  present: number
  short: number
  absent: number
  held: number
}

/** Codes of four letters, ascending. */
export const symbolAt = (at: number): string =>
  [17576, 676, 26, 1].map((unit) => String.fromCharCode(65 + (Math.floor(at / unit) % 26))).join('')

/** The shipped configuration with daily bars alone, of so many symbols that live since 1990. */
export async function masksConfig(symbols: number, depthYears = 20): Promise<Config> {
  const shipped = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
  const { equities_bars } = shipped.datasets
  const universe = Array.from({ length: symbols }, (_, at) => ({ symbol: symbolAt(at), from: '1990-01-02', to: null }))
  return { ...shipped, universe, datasets: { equities_bars: { ...equities_bars!, depth: { years: depthYears } } } }
}

/** What reading coverage needs of a running node. Its lake is a folder that does not exist. */
export const masksNode = (db: Db, config: Config): Node => {
  const vendors = Object.entries(config.vendors).map(([name, vendor]) => ({
    name,
    config: vendor,
    connector: CONNECTORS[0],
    missing: [],
  }))
  const lake = { root: join(tmpdir(), 'no-lake-here') }
  return { db, config, lake, vendors, now: () => NOW, log: () => undefined } as unknown as Node
}

/** Months that are whole but for one in ten, which lacks days, has short, absent or held ones. */
export function* madeUpMasks(config: Config, from: string, to: string): Generator<Masks> {
  const months = new Map<string, number>()
  for (const dt of calendarOf('xnys').sessions(from, to)) {
    const month = dt.slice(0, 7)
    months.set(month, (months.get(month) ?? 0) + 2 ** (Number(dt.slice(8)) - 1))
  }
  for (const { symbol } of config.universe) {
    for (const [month, mask] of months) {
      const seed = seedOf(1, symbol, month)
      const masks: Masks = { symbol, month, present: mask, short: 0, absent: 0, held: 0 }
      if (draw(seed, 0) < 0.1) makeIncomplete(masks, seed)
      yield masks
    }
  }
}

function makeIncomplete(masks: Masks, seed: number): void {
  const days = dtsOfMask(masks.month, masks.present).map((dt) => 2 ** (Number(dt.slice(8)) - 1))
  const day = days[Math.floor(draw(seed, 1) * days.length)] ?? 1
  const fate = Math.floor(draw(seed, 2) * 4)
  if (fate < 2) masks.present -= day
  if (fate === 1) masks.absent = day
  if (fate === 2) masks.short = day
  if (fate === 3) masks.held = day
}

/** Puts masks into the table, some thousand at a time. Returns how many. */
export async function fillCoverage(db: Db, dataset: string, all: Iterable<Masks>): Promise<number> {
  let filled = 0
  let some: Masks[] = []
  const flush = async (): Promise<void> => {
    await db.write([
      sql`INSERT INTO coverage (dataset, symbol, month, present, short, absent, held)
          SELECT ${dataset}, value->>'symbol', value->>'month', value->>'present', value->>'short', value->>'absent', value->>'held'
          FROM json_each(${JSON.stringify(some)})`,
    ])
    filled += some.length
    some = []
  }
  for (const masks of all) {
    some.push(masks)
    if (some.length === MONTHS_AT_ONCE) await flush()
  }
  if (some.length > 0) await flush()
  return filled
}
