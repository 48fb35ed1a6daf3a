/**
 * What daily bars cost at the least: a page is decoded, its cells are digested, written to Parquet, told of in a manifest and in the evidence, each by
 * the node's own piece for it and all of a page at once. Nothing is chosen, claimed, checked, looked up or settled.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { ColumnConfig } from '../../config/schema.ts'
import { type Db, openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { writeFilesAtomic } from '../../functions/_lake/atomic.ts'
import { digestRows, sha256 } from '../../functions/_lake/digest.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { appendLines } from '../../functions/_lake/manifest.ts'
import { endOfLines, lineWriter } from '../../functions/_lake/manifest-lines.ts'
import { manifestFile, rawFile } from '../../functions/_lake/paths.ts'
import type { Bar } from '../../functions/_market/row.ts'
import { shippedConfig } from '../write-config.ts'
import { timed } from './watch.ts'

const DATASET = 'equities_bars'
const ORIGIN = { vendor: 'alpaca', feed: 'sip', adjustment: 'raw', fetchedAt: Date.UTC(2025, 6, 8, 22) } as const
/** A page of Alpaca's: 10,000 bars. */
const SYMBOLS = Array.from({ length: 250 }, (_, at) => `S${String(at).padStart(3, '0')}`)
const DAYS_PER_PAGE = 40
const PAGES = 40
/** Before these, nothing is compiled yet. */
const WARM_UP = 5

type Wire = Record<'o' | 'h' | 'l' | 'c' | 'v' | 'n' | 'vw', number> & { t: string }

/** Seconds a million rows take, on one thread. */
export async function bareRows(): Promise<number> {
  const { datasets } = await shippedConfig()
  const { columns } = datasets[DATASET]!
  const root = await mkdtemp(join(tmpdir(), 'data-node-bare-'))
  const db = await openDb(join(root, 'node.db'))
  try {
    await migrateDb(db, 'migrations')
    const sessions = calendarOf('xnys').sessions('2016-01-04', '2025-07-08')
    let taken = 0
    for (let page = 0; page < PAGES; page++) {
      const days = sessions.slice(page * DAYS_PER_PAGE, (page + 1) * DAYS_PER_PAGE)
      const body = bodyOf(days)
      const [, ms] = await timed(() => keepPage(db, root, columns, days, body))
      if (page >= WARM_UP) taken += ms
    }
    return (taken * 1_000) / ((PAGES - WARM_UP) * DAYS_PER_PAGE * SYMBOLS.length)
  } finally {
    db.close()
    await rm(root, { recursive: true, force: true })
  }
}

function bodyOf(days: readonly string[]): string {
  const barOf = (symbol: number, day: number): Wire => {
    const open = 20 + symbol + (day % 13) / 100
    const [high, low, close] = [open + 1.37, open - 0.91, open + (day % 11) / 10]
    return {
      t: `${days[day]}T05:00:00Z`,
      o: open,
      h: high,
      l: low,
      c: close,
      v: 1e6 + symbol * day,
      n: 5_000 + day,
      vw: open,
    }
  }
  const bars = SYMBOLS.map((symbol, at) => [symbol, days.map((_, day) => barOf(at, day))])
  return JSON.stringify({ bars: Object.fromEntries(bars), next_page_token: null })
}

async function keepPage(
  db: Db,
  root: string,
  columns: readonly ColumnConfig[],
  days: readonly string[],
  body: string,
): Promise<void> {
  const { bars } = JSON.parse(body) as { bars: Record<string, Wire[]> }
  const files: { path: string; bytes: Uint8Array }[] = []
  const lines: string[] = []
  const evidence: [string, string, string][] = []
  const lineOf = lineWriter(DATASET, ORIGIN.vendor)
  for (const [at, dt] of days.entries()) {
    const parts = SYMBOLS.map((symbol) => ({ symbol, provenance: ORIGIN, rows: [rowOf(bars[symbol]![at]!)] }))
    const bytes = await encodeRows(columns, parts)
    const path = rawFile(root, ORIGIN.vendor, DATASET, 'date', dt, 'ANY')
    files.push({ path, bytes })
    const end = endOfLines(path, sha256(bytes), '2025-07-08T22:00:00.000Z')
    for (const { symbol, rows } of parts) {
      const digest = digestRows(rows)
      const decision = { verdict: 'new', rows: 1, digest, previous: null, refused: null } as const
      lines.push(lineOf({ symbol, dt, origin: ORIGIN, decision, difference: null }, end))
      evidence.push([symbol, dt, digest])
    }
  }
  await writeFilesAtomic(files)
  await appendLines(manifestFile(root, ORIGIN.vendor, DATASET, '2025-07-08'), [lines.join('')])
  await db.write([
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
        SELECT ${DATASET}, value->>0, value->>1, ${ORIGIN.vendor}, 1, 'filled', 1, value->>2, ${ORIGIN.fetchedAt}, ${Number.MAX_SAFE_INTEGER}
        FROM json_each(${JSON.stringify(evidence)})`,
  ])
}

const rowOf = ({ t, o, h, l, c, v, vw, n }: Wire): Bar => ({
  ...{ ts: Date.parse(t), open: o, high: h, low: l, close: c },
  ...{ volume: v, vwap: vw, trades: n },
})
