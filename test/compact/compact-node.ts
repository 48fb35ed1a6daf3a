/** A node months after some sessions of minutes and options, whose cells were delivered as files of their own. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { specOf } from '../../functions/_catalog/catalog.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { curatedFile } from '../../functions/_lake/paths.ts'
import { writeCells } from '../../functions/_lake/write-cells.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Row } from '../../functions/_market/row.ts'
import { recordedHashes } from '../../functions/_recovery/recorded-hashes.ts'
import { replayManifests } from '../../functions/_recovery/replay-manifests.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { from, minutes, optionBar } from '../_lake/lake-fixture.ts'
import { startTestNode, type TestNode } from '../test-node.ts'

export const MINUTES = 'equities_bars_minute'
export const OPTIONS = 'options_bars'
export const DAY = '2025-06-30'
export const NEXT_DAY = '2025-07-01'
/** Two months later: both months are closed. */
export const LATER = Date.parse('2025-09-15T20:30:00-04:00')
/** When the vendors answered. */
export const DELIVERED = Date.parse('2025-07-03T12:00:00Z')
export const SYMBOLS = ['AAPL', 'BRK.B', 'CON', 'MSFT']

/** Nothing is delivered yet. */
export async function startCompactNode(symbols: readonly string[] = SYMBOLS): Promise<TestNode> {
  const shipped = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
  const depth = { from: DAY }
  const { equities_bars_minute, options_bars } = shipped.datasets
  return startTestNode({
    now: LATER,
    change: (config) => ({
      ...config,
      universe: symbols.map((symbol) => ({ symbol, from: '2020-01-02', to: null })),
      // Three minutes a day are a doubt, and a day is not compacted while a second vendor is asked about it.
      qc: { ...config.qc, asking: { ...config.qc.asking, doubts: 0 } },
      datasets: {
        equities_bars_minute: { ...equities_bars_minute!, depth },
        options_bars: { ...options_bars!, depth, only: ['AAPL', 'MSFT'] },
      },
    }),
  })
}

/** Three minutes, the last of them twice; `seed` makes other prices. */
export const minuteRows = (dt: string, seed = 0): Row[] => {
  const rows = minutes(3, { open: 10.25 + seed / 100 }, instantOf(dt, '09:30'))
  return [...rows, rows[2]!]
}

export const optionRows = (symbol: string, dt: string): Row[] =>
  ['200', '210'].map((strike) =>
    optionBar(`${symbol}250719C00${strike}000`, instantOf(dt, '00:00'), {
      underlier: symbol,
      expiration: '2025-07-19',
      strike: Number(strike),
    }),
  )

/** As an answer of a vendor is kept and settled. Returns what became of each cell. */
export async function deliver(
  node: TestNode,
  vendor: string,
  dataset: DatasetName,
  dt: string,
  rows: Readonly<Record<string, Row[]>>,
  at = node.clock.now(),
) {
  const { node: running } = node.running()
  const cells = Object.entries(rows).map(([symbol, own]) => ({ symbol, dt, rows: own }))
  const known = (await listAttempts(running.db, dataset, cells)).filter((one) => one.vendor === vendor)
  const digestOf = (symbol: string) => known.find((one) => one.symbol === symbol)?.digest ?? null
  const stored = await writeCells(
    running.lake,
    specOf(running.config, dataset),
    dataset,
    from(vendor, { fetchedAt: at }),
    cells.map((cell) => ({ ...cell, known: digestOf(cell.symbol) })),
    recordedHashes(running, dataset),
  )
  await replayNews(node)
  return stored
}

export async function replayNews(node: TestNode): Promise<void> {
  const { node: running } = node.running()
  const marks = await manifestMarks(running.db)
  await replayManifests(running, (path) => marks.get(path) ?? 0)
}

/** One day of minutes from both vendors, eight files: curated and judged. */
export async function deliverDay(node: TestNode, dt: string = DAY): Promise<void> {
  for (const [seed, vendor] of ['alpaca', 'massive'].entries()) {
    const rows = Object.fromEntries(SYMBOLS.map((symbol, at) => [symbol, minuteRows(dt, 10 * at + seed)]))
    await deliver(node, vendor, MINUTES, dt, rows, DELIVERED)
  }
  await settle(node)
}

/** Two days of them, and of options from one vendor: twenty files. */
export async function deliverAll(node: TestNode): Promise<void> {
  for (const dt of [DAY, NEXT_DAY]) {
    const rows = Object.fromEntries(['AAPL', 'MSFT'].map((symbol) => [symbol, optionRows(symbol, dt)]))
    await deliver(node, 'alpaca', OPTIONS, dt, rows, DELIVERED)
    await deliverDay(node, dt)
  }
}

export async function settle(node: TestNode): Promise<void> {
  await node.steps('curate-partition', 'qc-partition')
}

/** Calls `POST /compact` until it is through; returns the sum of its counts. */
export async function compactAll(node: TestNode): Promise<{ days: number; files: number; skipped: object }> {
  const answers = await node.steps('compact')
  const sum = (field: string): number => answers.reduce((total, one) => total + (one[field] as number), 0)
  return {
    days: sum('days'),
    files: sum('files'),
    skipped: Object.assign({}, ...answers.map(({ skipped }) => skipped)) as object,
  }
}

/** sha256 of each file below a folder of the data root, by its path there. */
export async function filesBelow(node: TestNode, folder: string): Promise<Record<string, string>> {
  const root = join(node.root, 'data_layer', folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    await Promise.all(files.sort().map(async (file) => [relative(root, file), sha256(await readFile(file))])),
  )
}

export const rawPaths = async (node: TestNode): Promise<string[]> => Object.keys(await filesBelow(node, 'raw'))

/** Curates every day again and returns the bytes of all curated files. */
export async function curatedAgain(node: TestNode): Promise<Record<string, string>> {
  const { db } = node.running().node
  await db.write([sql`UPDATE partitions SET version = version + 1`])
  await settle(node)
  return filesBelow(node, 'curated')
}

/** Kinds and places of what a verification of everything finds about raw files and manifests. */
export async function found(node: TestNode, mode = 'deep'): Promise<string[]> {
  const findings: { kind: string; where: string }[] = []
  for (let cursor: unknown = null; ; ) {
    const { body } = await node.post('/verify', { mode, cursor })
    expect(body).toMatchObject({ ok: true })
    findings.push(...(body.findings as typeof findings))
    cursor = body.cursor
    if (cursor === null) break
  }
  return findings
    .filter(({ kind }) => /^(?:raw|manifest|version|cell|lost)-/.test(kind))
    .map(({ kind, where }) => `${kind} ${where}`)
}

/** Of alpaca's day: whose hashes the database knows; an empty symbol is the shared file. */
export const hashed = async (node: TestNode): Promise<string[]> =>
  (
    await node
      .running()
      .node.db.all<{ symbol: string }>(
        sql`SELECT symbol FROM raw_files WHERE dataset = ${MINUTES} AND dt = ${DAY} AND vendor = 'alpaca' ORDER BY symbol`,
      )
  ).map(({ symbol }) => symbol)

export interface EvidenceRow {
  symbol: string
  vendor: string
  digest: string | null
  outcome: string
}

/** What the database has of the day's minutes. */
export const evidence = (node: TestNode): Promise<EvidenceRow[]> =>
  node
    .running()
    .node.db.all(
      sql`SELECT symbol, vendor, digest, outcome FROM attempts WHERE dataset = ${MINUTES} AND dt = ${DAY} ORDER BY symbol, vendor`,
    )

/** First opening price of a curated cell of the day, and how many bars it has. */
export async function curatedCell(node: TestNode, symbol: string): Promise<{ open: number; bars: number } | undefined> {
  const { lake } = node.running().node
  const file = readParquet(curatedFile(lake.root, MINUTES, 'date', DAY))
  const [cell] = await lake.duck.all<{ open: number; bars: number }>(
    `SELECT min_by(open, ts) AS open, count(*) AS bars FROM ${file} WHERE symbol = '${symbol}' GROUP BY ALL`,
  )
  return cell
}
