/** bench qc-daily: twenty years of daily bars judged year by year, as the node judges them, and what of it the bars around cost. */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { loadConfig } from '../../config/load.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { withTable } from '../../functions/_lake/duck-table.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { curatedFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import type { JudgeRequest } from '../../functions/qc-partition/judgement.ts'
import { edgesOf } from '../../functions/qc-partition/surroundings.ts'
import { type BenchRow, figure, ratioTo } from './row.ts'

const YEARS = Array.from({ length: 20 }, (_, at) => String(2005 + at))
const SYMBOLS = 1000
const MOST_SECONDS = 60
const xnys = calendarOf('xnys')

export async function benchQcDaily(symbols = SYMBOLS): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-qc-daily-'))
  const lake = openLake({ root: join(folder, 'data_layer'), exportRoot: join(folder, 'exports') })
  try {
    for (const year of YEARS) await writeYear(lake, year, symbols)
    const config = await loadConfig({ folder: resolve('config'), vendors: CONNECTORS.map(({ name }) => name) })
    let judged = 0
    let processor = 0
    let scanned = 0
    let cells = 0
    let green = 0
    for (const year of YEARS) {
      const request = requestOf(config, year, symbols)
      const used = process.cpuUsage()
      let started = performance.now()
      const judgement = await judgePartition(lake, request)
      await edgesOf(lake, request)
      judged += performance.now() - started
      const { user, system } = process.cpuUsage(used)
      processor += (user + system) / 1e6
      cells += judgement.cells
      green += judgement.green
      started = performance.now()
      await lake.duck.all(bareScan(lake, year))
      scanned += performance.now() - started
    }
    if (cells < 0.9 * symbols * 250 * YEARS.length || green < 0.9 * cells)
      throw new Error(`expected ${YEARS.length} years of GREEN cells, got ${green} of ${cells}`)
    return [
      figure(`twenty years x ${symbols} symbols, judged`, judged / 1000, 's', (MOST_SECONDS * symbols) / SYMBOLS),
      figure('  processor time of it', processor, 's'),
      ratioTo('the same against a bare window scan of the same files', judged, scanned, 'ms', 100),
      figure('peak memory of the process', process.resourceUsage().maxRSS / 1024, 'MB'),
    ]
  } finally {
    await closeLake(lake)
    await rm(folder, { recursive: true, force: true })
  }
}

/** What the figures are held against: each bar beside the one before it, and the median of its symbol's last 60 moves. */
const bareScan = (lake: Lake, year: string): string => `
  SELECT sum(scale) FROM (
    SELECT median(abs(move)) OVER (PARTITION BY symbol ORDER BY dt ROWS BETWEEN 60 PRECEDING AND 1 PRECEDING) AS scale FROM (
      SELECT symbol, dt, ln(close / lag(close) OVER (PARTITION BY symbol ORDER BY dt)) AS move
      FROM ${readParquet(curatedFile(lake.root, 'equities_bars', 'year', year))}))`

const symbolOf = (n: number): string => `S${String(n).padStart(4, '0')}`

function requestOf(config: Awaited<ReturnType<typeof loadConfig>>, year: string, symbols: number): JudgeRequest {
  const spec = config.datasets.equities_bars
  if (!spec) throw new Error('expected equities_bars in config/datasets.yaml, got none')
  const days = xnys.sessions(`${year}-01-01`, `${year}-12-31`)
  const around = xnys.sessions(xnys.away(`${year}-01-01`, -60) ?? year, xnys.away(`${year}-12-31`, 2) ?? year)
  return {
    dataset: 'equities_bars',
    spec,
    partition: year,
    sessions: around.flatMap((dt) => xnys.session(dt) ?? []),
    cells: Array.from({ length: symbols }, (_, n) => symbolOf(n)).flatMap((symbol) =>
      days.map((dt) => ({ symbol, dt, expectedRows: 1, present: true, reason: null, digest: null })),
    ),
    qc: config.qc,
    checkedAt: 0,
    neighbours: [Number(year) - 1, Number(year) + 1].map(String).filter((each) => YEARS.includes(each)),
  }
}

/** A random walk of each symbol, in a curated file and in the raw files of its days. */
async function writeYear(lake: Lake, year: string, symbols: number): Promise<void> {
  const days = xnys
    .sessions(`${year}-01-01`, `${year}-12-31`)
    .map((dt, at) => [dt, at + 252 * (Number(year) - 2005), xnys.session(dt)!.open])
  const path = curatedFile(lake.root, 'equities_bars', 'year', year)
  const raw = join(lake.root, 'raw/alpaca/equities_bars')
  await mkdir(dirname(path), { recursive: true })
  await mkdir(raw, { recursive: true })
  const chance = (n: number, size: number): string => `${size} * (hash(s, day, ${n}) % 20001 / 10000.0 - 1)`
  await withTable(lake.duck, 'bench_days', { dt: 'DATE', day: 'INTEGER', opens: 'BIGINT' }, days, async (table) => {
    await lake.duck.run(`
      COPY (SELECT symbol, dt, ts, open, greatest(open, close) * (1 + abs(${chance(3, 0.006)})) AS high, least(open, close) * (1 - abs(${chance(4, 0.006)})) AS low,
          close, 1e6 * exp(${chance(5, 0.5)}) AS volume, NULL::DOUBLE AS vwap, NULL::BIGINT AS trades, 'alpaca' AS vendor, 'sip' AS feed, 'raw' AS adjustment
        FROM (SELECT *, 50 * exp(${chance(1, 0.008)} + 0.3 * sin(day / 40.0 + s)) AS open, 50 * exp(${chance(2, 0.008)} + 0.3 * sin((day + 0.7) / 40.0 + s)) AS close
          FROM (SELECT 'S' || lpad(s::VARCHAR, 4, '0') AS symbol, s, dt, day, timezone('America/New_York', dt::TIMESTAMP) AS ts
            FROM range(${symbols}) r(s), ${table})) ORDER BY symbol, dt)
      TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)`)
    await lake.duck.run(`
      COPY (SELECT * EXCLUDE (dt) REPLACE (ts::TIMESTAMP AS ts), make_timestamp(1700000000000000) AS fetched_at, dt AS date FROM ${readParquet(path)} ORDER BY dt, symbol)
      TO ${sqlText(raw)} (FORMAT parquet, PARTITION_BY (date), OVERWRITE_OR_IGNORE, FILENAME_PATTERN 'data_{i}')`)
  })
  for (const [dt] of days) {
    const folder = join(raw, `date=${dt}`)
    const [file] = await readdir(folder)
    if (file !== undefined) await rename(join(folder, file), join(folder, 'data.parquet'))
  }
}
