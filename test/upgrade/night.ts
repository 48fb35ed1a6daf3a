/** One night of a node as processes: the lab and the node of one checkout, on one root, with a clock of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Night {
  /** A checkout that is built: its program, its lab. */
  code: string
  /** The lab's root: configuration, data, bundles. */
  root: string
  /** What the clock shows at first, New York: 2024-03-08T21:00. */
  at: string
  /** Of the first vendor; the others have the next two, the node the one after. */
  port: number
}

/** Small, and with two kinds of instruments: what is proved does not grow with the universe. */
const UNIVERSE = 'symbols:\n  - { symbol: AAPL, from: 2024-02-01 }\n  - { symbol: SPY, from: 2024-02-01 }\n'
const LONGEST_MS = 10 * 60_000

/** Plays the night that is due when the clock begins, to the end of its chain. */
export async function playNight(night: Night): Promise<void> {
  const lab = await startLab(night)
  try {
    const node = await startNode(night)
    try {
      await untilNightIsOver(night, node)
    } finally {
      await stop(node.child, 'SIGTERM')
    }
  } finally {
    await stop(lab.child, 'SIGINT')
  }
}

/** Starts the node of a checkout on a root and returns what it says when it refuses to. */
export async function refusalOf(night: Night): Promise<string> {
  const lab = await startLab(night)
  try {
    const node = await startNode(night)
    const code = await Promise.race([node.ended, sleep(20_000).then(() => null)])
    await stop(node.child, 'SIGTERM')
    if (code === null || code === 0)
      throw new Error(`expected the program of ${night.code} to refuse its start, but it serves`)
    return node.said()
  } finally {
    await stop(lab.child, 'SIGINT')
  }
}

/** The files of the newest bundle by path, with their hashes. */
export async function bundleOf(root: string): Promise<Map<string, string>> {
  const nightly = join(root, 'exports/nightly')
  const newest = (await readdir(nightly))
    .filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name))
    .sort()
    .at(-1)
  if (newest === undefined) throw new Error(`expected a bundle in ${nightly}, found none`)
  const sums = await readFile(join(nightly, newest, 'SHA256SUMS'), 'utf8')
  const lines = sums
    .trimEnd()
    .split('\n')
    .map((line) => line.split('  ') as [string, string])
  return new Map([['asof', newest], ...lines.map(([hash, path]): [string, string] => [path, hash])])
}

interface Started {
  child: ChildProcess
  ended: Promise<number | null>
  said(): string
}

function start(code: string, program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Started {
  const child = spawn(process.execPath, [join(code, program), ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  const listen = (chunk: Buffer): void => {
    text = `${text}${chunk}`.slice(-200_000)
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  const ended = new Promise<number | null>((done) => child.once('close', done))
  return { child, ended, said: () => text }
}

async function startLab({ code, root, at, port }: Night): Promise<Started> {
  const args = ['--root', root, '--at', at, '--speed', '20', '--port', String(port)]
  // The next night begins days later: the clock is set anew, where the lab would go on.
  await rm(join(root, 'lab-clock.json'), { force: true })
  const lab = start(code, 'dist/test/lab/main.js', args, code, process.env)
  await until(() => lab.said().includes('until Ctrl-C'), lab, 'the lab')
  const universe = join(root, 'config/universe.yaml')
  if (existsSync(universe)) await writeFile(universe, UNIVERSE)
  return lab
}

async function startNode({ code, root, port }: Night): Promise<Started> {
  const settings = Object.fromEntries(
    [...(await readFile(join(root, 'lab.env'), 'utf8')).matchAll(/^(?:export )?([A-Z_]+)='?([^'\n]*)'?$/gm)].map(
      ([, name, value]) => [name, value],
    ),
  )
  const env = { ...process.env, ...settings, PORT: String(port + 3) }
  return start(code, 'dist/functions/_runtime/serve.js', [], root, env)
}

/** The chain that the start finds due has ended once one of this start was running and none is. */
async function untilNightIsOver({ port }: Night, node: Started): Promise<void> {
  let hasRun = false
  const isOver = async (): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${port + 3}/cron`).catch(() => null)
    if (!answer?.ok) return false
    const { chains } = (await answer.json()) as { chains: { id: string; running: object | null }[] }
    const isRunning = chains.some(({ running }) => running !== null)
    hasRun ||= isRunning
    return hasRun && !isRunning
  }
  await until(isOver, node, 'the night')
}

async function until(isSo: () => boolean | Promise<boolean>, { child, said }: Started, what: string): Promise<void> {
  const end = performance.now() + LONGEST_MS
  while (!(await isSo())) {
    if (child.exitCode !== null) throw new Error(`${what} ended before it was done:\n${said().slice(-2_000)}`)
    if (performance.now() > end) throw new Error(`${what} took more than ten minutes:\n${said().slice(-2_000)}`)
    await sleep(200)
  }
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((done) => child.once('close', done))
  child.kill(signal)
  await ended
}
