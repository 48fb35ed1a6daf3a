/** What curation costs: a day of minutes against a bare sort of the same files, twenty years of daily bars, and a night's increment in small and large trees. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MINUTE_DAY, MINUTES, OVERLAP, SYMBOLS, sessionsOf, writeDailyYears, writeMinuteDay } from './curate-scene.ts'
import { type BenchRow, figure, ratioTo } from './row.ts'

const RUNS = 3
const MOST_TIMES = 1.5
const MOST_MEGABYTES = 400
const MOST_REBUILD_S = 60
const MOST_INCREMENT_S = 3
const YEARS = 20
const NEWEST = 2025
/** Days around the minutes that are curated, in the larger of two trees. */
const OTHER_DAYS = 10

interface Measured {
  seconds: number
  rows: number
  megabytes: number
}

export async function benchCurate(parts: readonly string[], scale = 1): Promise<BenchRow[]> {
  const symbols = Math.max(1, Math.round(SYMBOLS * scale))
  const rows: BenchRow[] = []
  if (parts.length === 0 || parts.includes('minutes')) rows.push(...(await inFolder((root) => minutes(root, symbols))))
  if (parts.length === 0 || parts.includes('daily')) rows.push(...(await inFolder((root) => daily(root, symbols))))
  return rows
}

async function minutes(root: string, symbols: number): Promise<BenchRow[]> {
  const overlap = Math.min(symbols, OVERLAP)
  const others = sessionsOf('2025-06-02', '2025-07-07').slice(-OTHER_DAYS)
  await writeMinuteDay(root, MINUTE_DAY, symbols, overlap)
  const { ours, bare } = await inTurns(root, 'equities_bars_minute', symbols, MINUTE_DAY)
  for (const dt of others) await writeMinuteDay(root, dt, symbols, overlap)
  const large = await inTurns(root, 'equities_bars_minute', symbols, MINUTE_DAY)
  const what = `${symbols * MINUTES} minutes in ${symbols + overlap} files`
  return [
    ratioTo(`${what}, over a bare sort`, ours.seconds, bare.seconds, 's', MOST_TIMES),
    figure('peak memory of that process', ours.megabytes, 'MB', MOST_MEGABYTES),
    figure('peak memory of the bare sort', bare.megabytes, 'MB'),
    figure(`the same beside ${others.length} other days`, large.ours.seconds, 's'),
  ]
}

async function daily(root: string, symbols: number): Promise<BenchRow[]> {
  await writeDailyYears(root, `${NEWEST - 1}-01-01`, `${NEWEST}-12-31`, symbols)
  const small = await best(() => run('node', root, 'equities_bars', symbols, [String(NEWEST)]))
  await writeDailyYears(root, `${NEWEST - YEARS + 1}-01-01`, `${NEWEST - 2}-12-31`, symbols)
  const years = Array.from({ length: YEARS }, (_, at) => String(NEWEST - YEARS + 1 + at))
  const rebuilt = await run('node', root, 'equities_bars', symbols, years)
  const large = await best(() => run('node', root, 'equities_bars', symbols, [String(NEWEST)]))
  return [
    figure(
      `${years.length} years of ${symbols} symbols rebuilt, ${rebuilt.rows} rows`,
      rebuilt.seconds,
      's',
      MOST_REBUILD_S,
    ),
    figure('peak memory of that process', rebuilt.megabytes, 'MB', MOST_MEGABYTES),
    figure('the newest year anew, as each night', large.seconds, 's', MOST_INCREMENT_S),
    figure('the same in a tree of a tenth', small.seconds, 's'),
  ]
}

/** In turns, so that what else the machine does slows both. */
async function inTurns(root: string, dataset: string, symbols: number, partition: string) {
  const [ours, bare]: [Measured[], Measured[]] = [[], []]
  for (let at = 0; at < RUNS; at++) {
    bare.push(await run('bare', root, dataset, symbols, [partition]))
    ours.push(await run('node', root, dataset, symbols, [partition]))
  }
  return { ours: fastest(ours), bare: fastest(bare) }
}

async function best(once: () => Promise<Measured>): Promise<Measured> {
  const measured: Measured[] = []
  for (let at = 0; at < RUNS; at++) measured.push(await once())
  return fastest(measured)
}

const fastest = (measured: readonly Measured[]): Measured => ({
  seconds: Math.min(...measured.map(({ seconds }) => seconds)),
  megabytes: Math.max(...measured.map(({ megabytes }) => megabytes)),
  rows: measured[0]?.rows ?? 0,
})

async function run(
  mode: string,
  root: string,
  dataset: string,
  symbols: number,
  partitions: string[],
): Promise<Measured> {
  const program = fileURLToPath(new URL('./curate-process.js', import.meta.url))
  const args = [program, mode, root, dataset, String(symbols), ...partitions]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Measured
}

async function inFolder(work: (root: string) => Promise<BenchRow[]>): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'data-node-bench-curate-'))
  try {
    return await work(join(folder, 'data_layer'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
