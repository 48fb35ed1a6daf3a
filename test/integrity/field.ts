/** Files as older collectors and vendors leave them: a root of its own with them in it, a night, and what the bundle holds then. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { Options } from '../demo/options.ts'
import type { Outcome, Reaction } from './case.ts'
import { verdictOf, withDuck } from './judge.ts'
import { type AtWork, atWork, filesBelow, type Stage } from './night.ts'
import type { Workshop } from './workshop.ts'

/** Sessions of October 2013, all four hours behind UTC. */
export const DAYS = ['2013-10-04', '2013-10-07', '2013-10-08', '2013-10-09', '2013-10-10', '2013-10-11']

export interface Field extends Stage {
  /** Writes a CSV file of a vendor below the folder `data`, which all vendors serve. */
  csv(name: string, lines: readonly string[]): void
  /** Writes the rows of a query as a Parquet file below data_layer/raw. */
  put(name: string, sql: string): Promise<void>
}

/** A root with nothing in it; both vendors serve the folder `data`, as far as they are alive. `below` is a path within the root's folder. */
export async function openField(workshop: Workshop, options: Partial<Options>, below = 'root'): Promise<Field> {
  const folder = await workshop.folder()
  const root = join(folder, below)
  mkdirSync(root, { recursive: true })
  const data = join(folder, 'data')
  const served = options.datasets?.includes('macro_treasury')
    ? { 'fred-data': data }
    : { 'alpaca-data': data, 'massive-data': data }
  const write = (path: string): string => {
    mkdirSync(dirname(path), { recursive: true })
    return path
  }
  return {
    root,
    options: { seed: 1, port: 0, serve: false, json: false, ...served, ...options, root },
    csv: (name, lines) => writeFileSync(write(join(data, name)), `${lines.join('\n')}\n`),
    put: (name, sql) =>
      withDuck((duck) =>
        duck.run(`COPY (${sql}) TO ${sqlText(write(join(root, 'data_layer/raw', name)))} (FORMAT parquet)`),
      ),
  }
}

/** A night, then everything in raw is offered to adopt and goes through curation, QC and export. Returns what adopt said. */
export const nightThenAdopt = (field: Field): Promise<string> =>
  atWork(field, async (at) => {
    await at.night()
    return await adoptAll(at)
  })

async function adoptAll({ post }: AtWork): Promise<string> {
  const said: unknown[] = []
  const untilIdle = async (path: string, body: object): Promise<void> => {
    for (let more = true; more; ) {
      const answer = (await post(path, body)).body
      said.push(...((answer.problems ?? []) as unknown[]))
      more = answer.more === true
    }
  }
  await untilIdle('/adopt', { verify: 'rows' })
  await post('/audit')
  await untilIdle('/curate-partition', {})
  await untilIdle('/qc-partition', {})
  await post('/export')
  return JSON.stringify(said)
}

/** Rows of a dataset in the newest bundle; none where the bundle has no file of it. `columns` and `group` are those of a SELECT. */
export async function bundleRows<Row extends Record<string, unknown>>(
  root: string,
  dataset: string,
  columns: string,
  group = '',
): Promise<Row[]> {
  const folder = join(root, 'exports/latest/curated', dataset)
  let files: string[] = []
  try {
    files = filesBelow(folder).map((name) => join(folder, name))
  } catch {
    // The bundle has nothing of it.
  }
  if (files.length === 0) return []
  return withDuck((duck) => duck.all<Row>(`SELECT ${columns} FROM ${readParquet(files)} ${group} ORDER BY ALL`))
}

/** Rows of the newest bundle's ledger. */
export const ledgerRows = <Row extends Record<string, unknown>>(
  root: string,
  columns: string,
  group: string,
): Promise<Row[]> =>
  withDuck((duck) =>
    duck.all<Row>(
      `SELECT ${columns} FROM ${readParquet(join(root, 'exports/latest/qc/partition_status.parquet'))} ${group} ORDER BY ALL`,
    ),
  )

/** What came of it: `expected` and `found` are compared as JSON. */
export async function fieldOutcome(
  root: string,
  did: Reaction,
  expected: unknown,
  found: unknown,
  isLoss = false,
): Promise<Outcome> {
  const { text: verdict } = await verdictOf(root)
  const isRight = JSON.stringify(expected) === JSON.stringify(found)
  const note = isRight
    ? `found ${JSON.stringify(found)}`
    : `expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`
  const wrong = { wrongBundles: isLoss ? 0 : 1, lostCells: isLoss ? 1 : 0 }
  const counts = isRight ? { wrongBundles: 0, lostCells: 0 } : wrong
  return { injections: 1, did: isRight ? did : 'wrong', note: note.slice(0, 200), verdict, ...counts }
}

const HEAD = 'symbol,ts_utc,open,high,low,close,volume,session'

/** Daily bars of one symbol, at a price. */
export const dailyCsv = (symbol: string, dts: readonly string[], price: number): string[] => [
  HEAD,
  ...dts.map((dt) => `${symbol},${dt}T04:00:00Z,${price},${price + 1},${price - 1},${price},1000,${dt}`),
]

/** The minutes of a whole session of one symbol; `more` adds to a row, `head` to the header. */
export function minuteCsv(symbol: string, dt: string, more: (stamp: string) => string = () => '', head = ''): string[] {
  const open = Date.parse(`${dt}T09:30:00-04:00`)
  // Minutes that repeat those of the session before would be a fault as well.
  const price = 100 + Number(dt.slice(-2)) / 4
  const rows = Array.from({ length: 390 }, (_, minute) => {
    const stamp = `${new Date(open + minute * 60_000).toISOString().slice(0, 19)}Z`
    return `${symbol},${stamp},${price},${price + 1},${price - 1},${price},500,${dt}${more(stamp)}`
  })
  return [HEAD + head, ...rows]
}

/** Minutes of a session as SQL: `utc` and `local` stamps without a zone, a price `p` near `at`. */
export const minutesSql = (dt: string, at = 100): string =>
  `SELECT m::TIMESTAMP + INTERVAL 4 HOUR AS utc, m::TIMESTAMP AS local, ${at}::DOUBLE + (epoch(m)::BIGINT // 60 % 7) * 0.01 AS p
   FROM generate_series(TIMESTAMP '${dt} 09:30', TIMESTAMP '${dt} 15:59', INTERVAL 1 MINUTE) g(m)`

export const OHLC = 'p AS open, p + 0.02 AS high, p - 0.02 AS low, p + 0.01 AS close, 500::DOUBLE AS volume'
