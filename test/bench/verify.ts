/** How long `verify fast` takes for 200,000 raw files: warm, and cold where this machine lets its cached pages be dropped. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { TREE } from './adopt.ts'
import { type BenchRow, figure } from './row.ts'

const run = promisify(execFile)
const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const SCALE = pathOf('./adopt-scale.js')
const VERIFY = pathOf('../../functions/verify/main.js')

const FILES = TREE.minutes + TREE.options + TREE.shared
const MOST_SECONDS = 10
const WARM_RUNS = 2

export async function benchVerify(): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-bench-verify-'))
  try {
    await run(process.execPath, [SCALE, 'prepare', root], { maxBuffer: 1e8 })
    await run(process.execPath, [SCALE, 'walk', root, 'names'], { maxBuffer: 1e8 })
    const name = `fast: ${FILES} raw files`
    const cold = (await dropCaches()) ? await verifySeconds(root) : null
    const warm = await bestOf(root)
    if (cold === null)
      process.stderr.write('No cold figure: /proc/sys/vm/drop_caches cannot be written by this user.\n')
    return [
      figure(`${name}, warm`, warm, 's', MOST_SECONDS),
      ...(cold === null ? [] : [figure(`${name}, cold: no page of the tree is cached`, cold, 's')]),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function bestOf(root: string): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let each = 0; each < WARM_RUNS; each++) best = Math.min(best, await verifySeconds(root))
  return best
}

/** Seconds of the whole command. Throws when it found anything wrong, or too little. */
async function verifySeconds(root: string): Promise<number> {
  const begun = performance.now()
  const { stdout } = await run(process.execPath, [VERIFY, root, '--mode', 'fast', '--json'], { maxBuffer: 1e8 })
  const seconds = (performance.now() - begun) / 1000
  const { checked, exitCode } = JSON.parse(stdout) as { checked: number; exitCode: number }
  if (exitCode !== 0 || checked < FILES)
    throw new Error(`expected ${FILES} files and no fault, got ${stdout.slice(0, 500)}`)
  return seconds
}

/** Only root of the machine itself may. */
async function dropCaches(): Promise<boolean> {
  try {
    await run('sync')
    await writeFile('/proc/sys/vm/drop_caches', '3')
    return true
  } catch {
    return false
  }
}
