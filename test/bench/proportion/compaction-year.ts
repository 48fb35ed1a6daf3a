/** A year of minutes of 500 symbols, a file a cell, is compacted by processes that are killed again and again. Every day is curated before and after. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { draw, seedOf } from '../../lab/chance.ts'
import { type BenchRow, figure } from '../row.ts'
import type { CompactedTree } from './compaction-scale.ts'

const SCALE = fileURLToPath(new URL('./compaction-scale.js', import.meta.url))
const SYMBOLS = 500
const DAYS = 252
/** The number of files counts here, not their size. */
const MINUTES = 20
const KILLS = 20
/** Until a process compacts, and how long it may then at most. */
const [START_MS, WORK_MS] = [1_000, 6_000]

type Hashes = Record<string, string | null>

export async function benchCompactionYear(): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-bench-year-'))
  const phase = async <T>(name: string, ...given: string[]): Promise<T> =>
    JSON.parse((await promisify(execFile)(process.execPath, [SCALE, name, root, ...given])).stdout || 'null') as T
  const curate = (...days: string[]): Promise<Hashes> => phase('curate', String(SYMBOLS), ...days)
  try {
    await phase('prepare', String(SYMBOLS), String(DAYS), String(MINUTES))
    const before = await curate()
    const wrong = (hashes: Hashes): number => Object.entries(hashes).filter(([dt, hash]) => hash !== before[dt]).length
    let left = Object.keys(before)
    let [kills, wrongAfterKill] = [0, 0]
    for (let run = 0; run < KILLS; run++) {
      const after = START_MS + draw(seedOf(7, 'kill', run), 0) * WORK_MS
      if (!(await killed(root, after))) break
      kills++
      const now = await phase<string[]>('left')
      // The days that were done since the last kill, and the one at which it came.
      const done = left.slice(0, left.length - now.length + 1)
      if (done.length > 0) wrongAfterKill += wrong(await curate(...done))
      left = now
    }
    const done = await phase<CompactedTree>('compact')
    const name = `${SYMBOLS} symbols, ${DAYS} days of minutes`
    return [
      figure(`${name}: files before`, SYMBOLS * DAYS, 'files'),
      figure(`${name}: files after`, done.filesAfter, 'files', DAYS),
      figure('processes killed meanwhile', kills, 'kills'),
      figure('days whose curated file was another after a kill', wrongAfterKill, 'days', 0),
      figure('days whose curated file is another at the end', wrong(await curate()), 'days', 0),
      figure('days without a curated file', Object.values(before).filter((hash) => hash === null).length, 'days', 0),
      figure('the slowest day of the last process', done.seconds, 's'),
      figure('peak memory of that process', done.peakMb, 'MB', 400),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** False where the process ended before. */
async function killed(root: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [SCALE, 'compact', root], { stdio: ['ignore', 'ignore', 'inherit'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  if (code !== null && code !== 0) throw new Error(`expected the process to compact or to be killed, got exit ${code}`)
  return code === null
}
