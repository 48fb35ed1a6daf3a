/** What all checks of minutes cost, against a bare scan of the same file with one window over it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { curatedFile, rawFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import { shippedConfig } from '../write-config.ts'
import { type BenchRow, figure, ratioTo } from './row.ts'

const SYMBOLS = 1_000
const MINUTES = 390
const DAY = '2025-07-08'
const BEFORE = '2025-07-07'
const RUNS = 5
const MOST_TIMES = 3

/** The peer: each bar beside the one before it, the widest step and range of each symbol. */
const bareScan = (file: string): string => `
  SELECT symbol, count(*) AS bars, max(abs(close / close_before - 1)) AS step, max(high / low - 1) AS range, sum(volume) AS volume
  FROM (SELECT *, lag(close) OVER (PARTITION BY symbol ORDER BY ts) AS close_before FROM ${readParquet(file)})
  GROUP BY symbol ORDER BY symbol`

export async function benchQc(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'data-node-bench-qc-'))
  const lake = openLake({ root: join(folder, 'data_layer'), exportRoot: join(folder, 'exports') })
  try {
    await mkdir(lake.root, { recursive: true })
    const { datasets, qc } = await shippedConfig()
    const spec = datasets.equities_bars_minute!
    const [file] = [await writeMinutes(lake, DAY), await writeMinutes(lake, BEFORE)]
    await writeRaw(lake, file)
    const dailyFile = await writeDaily(lake, file)
    const xnys = calendarOf('xnys')
    const cells = Array.from({ length: SYMBOLS }, (_, at) => ({
      symbol: symbolAt(at),
      dt: DAY,
      expectedRows: MINUTES,
      present: true,
      reason: null,
      digest: null,
    }))
    const sessions = [BEFORE, DAY].flatMap((dt) => xnys.session(dt) ?? [])
    const request = {
      dataset: 'equities_bars_minute',
      spec,
      partition: DAY,
      sessions,
      cells,
      qc,
      checkedAt: 0,
    } as const
    const judge = () => judgePartition(lake, { ...request, neighbours: [BEFORE], dailyFile })
    const scans: number[] = []
    const judgements: number[] = []
    let flagged = 0
    // In turns, so that what else the machine does slows both.
    for (let run = 0; run < RUNS; run++) {
      scans.push(await seconds(() => lake.duck.all(bareScan(file))))
      const judgement = async (): Promise<void> => {
        const { green } = await judge()
        flagged = SYMBOLS - green
      }
      judgements.push(await seconds(judgement))
    }
    const [scan, judged] = [Math.min(...scans), Math.min(...judgements)]
    return [
      figure(`bare window scan of ${SYMBOLS * MINUTES} minutes`, scan, 's'),
      ratioTo('all checks, ledger written, over the scan', judged, scan, 's', MOST_TIMES),
      figure('flagged cells among clean ones', flagged, 'cells', 0),
    ]
  } finally {
    await closeLake(lake)
    await rm(folder, { recursive: true, force: true })
  }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return (performance.now() - begun) / 1000
}

const symbolAt = (at: number): string => `S${String(at).padStart(4, '0')}`

/** Minutes that swing by a cent a bar around a price of the symbol's own, drawn by a hash: the same each time. */
async function writeMinutes(lake: Lake, dt: string): Promise<string> {
  const file = curatedFile(lake.root, 'equities_bars_minute', 'date', dt)
  await mkdir(dirname(file), { recursive: true })
  const price = `20 + s % 300 + round(sin((m + s) / 17.0) * 40) / 100 + (hash(s, m, '${dt}') % 5) / 100`
  await lake.duck.run(`COPY (
    SELECT 'S' || lpad(s::VARCHAR, 4, '0') AS symbol, DATE '${dt}' AS dt, make_timestamptz(${instantOf(dt, '09:30') * 1000} + m * 60000000) AS ts,
      p AS open, p + 0.03 AS high, p - 0.02 AS low, p + 0.01 AS close, (100 + hash(m, s) % 900)::DOUBLE AS volume, p AS vwap, 10::BIGINT AS trades,
      'regular' AS session, 'alpaca' AS vendor, 'sip' AS feed, 'raw' AS adjustment
    FROM (SELECT s, m, (${price})::DOUBLE AS p FROM range(${SYMBOLS}) a(s), range(${MINUTES}) b(m)) ORDER BY 1, 3
  ) TO ${sqlText(file)} (FORMAT parquet, COMPRESSION zstd)`)
  return file
}

/** The same rows as they were delivered: repeated rows are looked for there. */
async function writeRaw(lake: Lake, minutes: string): Promise<void> {
  const file = rawFile(lake.root, 'alpaca', 'equities_bars_minute', 'date', DAY, '')
  await mkdir(dirname(file), { recursive: true })
  await lake.duck.run(`COPY (
    SELECT symbol, make_timestamp(epoch_us(ts)) AS ts, open, high, low, close, volume, vwap, trades, vendor, feed, adjustment,
      make_timestamp(1700000000000000) AS fetched_at FROM ${readParquet(minutes)}
  ) TO ${sqlText(file)} (FORMAT parquet, COMPRESSION zstd)`)
}

async function writeDaily(lake: Lake, minutes: string): Promise<string> {
  const file = curatedFile(lake.root, 'equities_bars', 'year', DAY.slice(0, 4))
  await mkdir(dirname(file), { recursive: true })
  await lake.duck.run(`COPY (
    SELECT symbol, dt, max(high) AS high, min(low) AS low, sum(volume) AS volume FROM ${readParquet(minutes)} GROUP BY ALL ORDER BY ALL
  ) TO ${sqlText(file)} (FORMAT parquet)`)
  return file
}
