/** How fast the tree of an older node is taken over: 200,000 files, the adopting process killed again and again, then walked a second time. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Counted, Walked } from './adopt-scale.ts'
import { type BenchRow, figure } from './row.ts'

/** What is generated: files of one cell each, and files that a day's symbols share. */
export const TREE = { minutes: 160_000, options: 38_000, shared: 2_000, symbolsInShared: 10 }
const FILES = TREE.minutes + TREE.options + TREE.shared

const run = promisify(execFile)
const SCRIPT = fileURLToPath(new URL('./adopt-scale.js', import.meta.url))
/** Calls after which a walk is killed in the next one: five times on the way. */
const KILLS = [3, 6, 6, 8, 7]
/** At least so many files a second and core, where the names are known. */
const FILES_PER_CORE = 3_000

const NAMED = TREE.minutes + TREE.options
const CELLS = NAMED + TREE.shared * TREE.symbolsInShared

export async function benchAdopt(): Promise<BenchRow[]> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-bench-adopt-'))
  try {
    await run(process.execPath, [SCRIPT, 'prepare', root], { maxBuffer: 1e8 })
    return [
      ...(await walksOf(root, 'names', NAMED)),
      // The database and the manifests are lost: the same tree from the beginning.
      ...(await forgotten(root, () => walksOf(root, 'footers', CELLS))),
    ]
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function forgotten<T>(root: string, work: () => Promise<T>): Promise<T> {
  for (const folder of ['state', 'manifests']) await rm(join(root, 'data_layer', folder), { recursive: true })
  return await work()
}

/** A first walk that is killed on the way, and a second one that finds everything known. */
async function walksOf(root: string, verify: string, cells: number): Promise<BenchRow[]> {
  const first: Walked[] = []
  for (const calls of KILLS) first.push(...(await walk(root, [verify], calls)))
  first.push(...(await walk(root, [verify], null)))
  const counted = JSON.parse((await run(process.execPath, [SCRIPT, 'count', root])).stdout.trim()) as Counted
  const second = await walk(root, [verify, 'again'], null)
  const known = sum(second, (call) => call.known)
  const walked = [...first, ...second]
  const met = sum(second, ({ files }) => files)
  return [
    // A core is a second of CPU time of the walking process, all its threads: what else the machine does is left out.
    figure(`${verify}: first walk of ${FILES} files, a core`, perCore(first), 'files/s'),
    figure(`${verify}: second walk, ${known} files known, a core`, perCore(second), 'files/s'),
    figure(`${verify}: a core's time for ${FILES_PER_CORE} known files`, FILES_PER_CORE / perCore(second), 's', 1),
    figure(
      `${verify}: first walk, by the clock`,
      sum(first, ({ files }) => files) / sum(first, ({ seconds }) => seconds),
      'files/s',
    ),
    figure(`${verify}: second walk, by the clock`, met / sum(second, ({ seconds }) => seconds), 'files/s'),
    figure(`${verify}: killed with -9 and begun again`, KILLS.length, 'times'),
    figure(`${verify}: cells lost or doubled, of ${cells}`, wrong(counted, cells), 'cells', 0),
    figure(`${verify}: cells written down twice, by a kill before the commit`, counted.lines - counted.told, 'lines'),
    figure(`${verify}: files the second walk missed`, Math.abs(met - FILES), 'files', 0),
    figure(
      `${verify}: cells the second walk took for new`,
      sum(second, ({ cells: fresh }) => fresh),
      'cells',
      0,
    ),
    figure(
      `${verify}: longest stretch without the event loop`,
      Math.max(...walked.map((call) => call.blockedMs)),
      'ms',
      200,
    ),
    figure(`${verify}: peak RSS`, Math.max(...walked.map((call) => call.rssMb)), 'MB', 400),
  ]
}

/** The farthest that evidence, masks and lines are from the number of cells there are. */
const wrong = ({ attempts, present, told }: Counted, cells: number): number =>
  Math.max(...[attempts, present, told].map((count) => Math.abs(count - cells)))

const sum = (calls: readonly Walked[], of: (call: Walked) => number): number =>
  calls.reduce((total, call) => total + of(call), 0)
const perCore = (calls: readonly Walked[]): number => sum(calls, ({ files }) => files) / sum(calls, ({ cpu }) => cpu)

/** One process that walks until its end, or until it is killed inside the call after so many. Returns the calls it ended. */
async function walk(root: string, args: string[], calls: number | null): Promise<Walked[]> {
  const child = spawn(process.execPath, [SCRIPT, 'walk', root, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const walked: Walked[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const call = JSON.parse(line) as Walked
    walked.push(call)
    if (walked.length === calls) setTimeout(() => child.kill('SIGKILL'), (call.seconds * 1000) / 2)
  }
  const code = await ended
  if (calls === null && code !== 0) throw new Error(`expected the walk to end, got exit code ${code}`)
  if (calls !== null && code === 0) throw new Error('expected the walk to be killed, but it had ended')
  return calls === null ? walked : walked.slice(0, calls)
}
