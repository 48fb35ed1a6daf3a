/** Part of `proportion`: a root as a version before packed evidence left it. A process packs it and is killed again and again; /why of each cell stays. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sql } from 'drizzle-orm'
import { draw, seedOf } from '../../lab/chance.ts'
import { type BenchRow, figure } from '../row.ts'
import { ProportionScene } from './scene.ts'
import type { Prepared } from './upgrade-process.ts'

const PROCESS = fileURLToPath(new URL('./upgrade-process.js', import.meta.url))
const KILLS = 10
/** Until a process works. */
const START_MS = 1_500
/** Less than it takes to pack a million cells on any machine. */
const MS_PER_MILLION = 2_000

export async function benchUpgrade(cells: number): Promise<BenchRow[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, 'prepare', String(cells)], {
    maxBuffer: 256 * 1024 * 1024,
  })
  const { root, env, filled, whys } = JSON.parse(stdout) as Prepared
  const kills = await packKilled(env, cells)
  const scene = await ProportionScene.reopen(root, env, cells)
  try {
    const { db } = scene.running.node
    const [left] = await db.all<{ rows: number }>(sql`SELECT count(*) AS rows FROM attempts`)
    const [packed] = await db.all<{ months: number }>(sql`SELECT count(*) AS months FROM packed_months`)
    const after = await scene.whys()
    const changed = whys.filter((text, at) => text !== after[at]).length
    return [
      figure('upgrade: cells', filled, 'cells'),
      figure('upgrade: processes killed while they packed', kills, 'kills'),
      figure('upgrade: months packed', packed?.months ?? 0, 'rows'),
      figure('upgrade: evidence left as rows', left?.rows ?? 0, 'rows', 0),
      figure(`upgrade: answers of /why that changed, of ${whys.length}`, changed, 'answers', 0),
    ]
  } finally {
    await scene.remove()
  }
}

/** Kills come at shares of the time that packing takes; the last process ends by itself. Returns how many were killed. */
async function packKilled(env: Record<string, string>, cells: number): Promise<number> {
  let kills = 0
  for (let run = 0; run < KILLS; run++) {
    const after = START_MS + draw(seedOf(7, 'kill', run), 0) * (cells / 1e6) * MS_PER_MILLION
    if ((await pack(env, after)) === null) kills += 1
  }
  const code = await pack(env, null)
  if (code !== 0) throw new Error(`expected the packing process to end with exit 0, got ${code}`)
  return kills
}

/** The exit code; null when the process was killed after so many milliseconds. */
async function pack(env: Record<string, string>, killAfter: number | null): Promise<number | null> {
  const child = spawn(process.execPath, [PROCESS, 'pack', JSON.stringify(env)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const timer = killAfter === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return code
}
