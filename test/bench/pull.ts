/** How fast a bundle comes from the node to a training box over loopback, what both sides need for it, and which bytes travel a second time. */
import { execFile, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { wireTo } from '../pull/client/pulling.ts'
import { startNginx } from './nginx.ts'
import { emptied, FIRST, moveLatest, type PullScene, proofBytes, SECOND, writeScene } from './pull-scene.ts'
import { type BenchRow, figure, ratioTo } from './row.ts'
import { timed } from './watch.ts'

const run = promisify(execFile)
const PROCESS = fileURLToPath(new URL('./pull-process.js', import.meta.url))
const CUTS = 20
/** Times that everything is served by each server. */
const SERVED = 3
const MOST_MEGABYTES = 200
/** Of a wire of a gigabit a second. */
const WIRE_MEGABYTES = 110

/** `scale` 1 is a gigabyte. */
export async function benchPull(scale = 1): Promise<BenchRow[]> {
  const home = await mkdtemp(join(tmpdir(), 'data-node-bench-pull-'))
  const exportRoot = join(home, 'exports')
  const scene = await writeScene(await emptied(exportRoot), scale)
  const server = await startPart('serve', exportRoot)
  const nginx = await startNginx(exportRoot, join(home, 'nginx'))
  const plain = await startPart('peer', exportRoot)
  try {
    const address = server.address
    const bundle = `nightly/${FIRST}/`
    // Once unmeasured: the pages are cached for all alike.
    await fetched(`${plain.address}/${bundle}`)
    // In turn, and the best of each: what else the machine does meets both.
    const best = { node: Number.POSITIVE_INFINITY, plain: Number.POSITIVE_INFINITY, nginx: Number.POSITIVE_INFINITY }
    let cpuSeconds = 0
    for (let each = 0; each < SERVED; each++) {
      best.plain = Math.min(best.plain, await fetched(`${plain.address}/${bundle}`))
      if (nginx !== null) best.nginx = Math.min(best.nginx, await fetched(`${nginx.address}/${bundle}`))
      const before = (await server.used()).cpuSeconds
      best.node = Math.min(best.node, await fetched(`${address}/exports/${bundle}`))
      cpuSeconds += (await server.used()).cpuSeconds - before
    }
    const cpuPerMegabyte = cpuSeconds / SERVED / (scene.bytes / 1e6)
    // Of whole processes: so is the client measured.
    const bare = await emptied(join(home, 'bare'))
    const [, bareMs] = await timed(() => fetched(`${address}/exports/${bundle}`, bare))
    const size = `${Math.round(scene.bytes / 1e6)} MB`
    const to = join(home, 'to')
    const first = await pulled(address, to)
    const rows = [
      ratioTo(`serving ${size}: the node against a bare server of Node.js`, best.node, best.plain, 's', 2),
      ...(nginx === null ? [] : [ratioTo(`serving ${size}: the node against nginx`, best.node, best.nginx, 's', 4)]),
      figure('serving: throughput of the node', scene.bytes / 1e6 / best.node, 'MB/s'),
      figure(`serving: share of a processor at ${WIRE_MEGABYTES} MB/s`, 100 * WIRE_MEGABYTES * cpuPerMegabyte, '%'),
      ratioTo(`pulling ${size}: the client against fetch, hash, write`, first.seconds, bareMs / 1_000, 's', 3),
      figure('pulling: throughput of the client', scene.bytes / 1e6 / first.seconds, 'MB/s'),
      ...(await againRows(address, exportRoot, to, scene)),
      ...(await cutRows(address, join(home, 'cut'), scene)),
    ]
    return [
      ...rows,
      figure('memory of the client at its peak', first.megabytes, 'MB', MOST_MEGABYTES),
      figure('memory of the server at its peak', (await server.used()).megabytes, 'MB', MOST_MEGABYTES),
    ]
  } finally {
    for (const part of [server, plain]) part.stop()
    nginx?.stop()
    await rm(home, { recursive: true, force: true })
  }
}

/** A second pull, first of the same bundle, then of one in which a partition changed. */
async function againRows(address: string, exportRoot: string, to: string, scene: PullScene): Promise<BenchRow[]> {
  const wire = await wireTo(address)
  const same = await pulled(wire.address, to)
  const sameBytes = wire.bytes()
  await moveLatest(exportRoot)
  const next = await pulled(wire.address, to)
  const bytes = wire.bytes() - sameBytes
  await wire.close()
  const needed = scene.changed + (await proofBytes(exportRoot, SECOND))
  return [
    figure('pulling the same bundle again', same.seconds, 's'),
    figure('pulling the same bundle again: over the wire', sameBytes / 1e3, 'kB', 100),
    figure('after one changed partition (all others are hashed)', next.seconds, 's'),
    ratioTo('after one changed partition: over the wire', bytes / 1e6, needed / 1e6, 'MB', 1.05),
  ]
}

/** The connections are cut twenty times at random points of the whole. */
async function cutRows(address: string, to: string, scene: PullScene): Promise<BenchRow[]> {
  const wire = await wireTo(address)
  let state = 20
  // Of a Park-Miller generator: the same points in every run.
  const random = (): number => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  wire.cutAfter(() => (wire.cuts() < CUTS ? random() * 1.5 * (scene.bytes / CUTS) : Number.POSITIVE_INFINITY))
  const { seconds, fetched: bytes } = await pulled(wire.address, to)
  const cuts = wire.cuts()
  await wire.close()
  const twice = (100 * (bytes - scene.bytes)) / scene.bytes
  return [
    figure(`${cuts} cuts: bytes fetched twice`, twice, '%', 1),
    figure(`${cuts} cuts: with their pauses`, seconds, 's'),
    figure('cuts fewer than asked for', Math.max(0, CUTS - cuts), 'cuts', 0),
  ]
}

interface Part {
  address: string
  /** Megabytes of memory at the peak, and seconds of a processor, so far. */
  used(): Promise<{ megabytes: number; cpuSeconds: number }>
  stop(): void
}

async function startPart(mode: string, exportRoot: string): Promise<Part> {
  const child = fork(PROCESS, [mode, exportRoot])
  const answer = <T>(): Promise<T> => new Promise((done) => child.once('message', (message) => done(message as T)))
  const { address } = await answer<{ address: string }>()
  return {
    address,
    used() {
      const asked = answer<{ megabytes: number; cpuSeconds: number }>()
      child.send('used')
      return asked
    },
    stop: () => void child.kill('SIGKILL'),
  }
}

/** Seconds that a bare client takes for all files of a bundle. */
async function fetched(url: string, dir?: string): Promise<number> {
  const { stdout } = await run(process.execPath, [PROCESS, 'fetch', url, ...(dir === undefined ? [] : [dir])])
  return (JSON.parse(stdout) as { seconds: number }).seconds
}

/** One run of the pull client. Rejects with what it said where it fails. */
async function pulled(address: string, to: string): Promise<{ seconds: number; megabytes: number; fetched: number }> {
  const begun = performance.now()
  const args = [PROCESS, 'client', '--from', address, '--to', to, '--json']
  const { stdout, stderr } = await run(process.execPath, args, { maxBuffer: 1e7 })
  const seconds = (performance.now() - begun) / 1_000
  const result = JSON.parse(stdout) as { fetched: { bytes: number } }
  const [, megabytes = 'NaN'] = /^peak (.+)$/m.exec(stderr) ?? []
  return { seconds, megabytes: Number(megabytes), fetched: result.fetched.bytes }
}
