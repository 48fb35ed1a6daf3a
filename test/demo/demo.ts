/** The demo: the vendor lab and a node on loopback ports, one night over real HTTP, and a table of what came of it. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { listExports } from '../../db/exports/exports.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { codeOf, makeFolder, realDisk } from '../../functions/_lake/disk.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { type RunningNode, startNode } from '../../functions/_runtime/start.ts'
import { draw, seedOf } from '../lab/chance.ts'
import { startLab } from '../lab/lab.ts'
import { deadVendors, writeDemoConfig } from './demo-config.ts'
import type { Options } from './options.ts'
import { progress } from './progress.ts'
import { cellReport, ledgerLines, lookBefore, table, taskReport, vendorReport } from './report.ts'
import { setScene } from './scenario.ts'

/** The hour of the night chain in cron.json. */
const NIGHT = '20:30'
const EXIT_INTERRUPTED = 130

/** Plays the night that the options describe. Returns the exit code. */
export async function runDemo(options: Options): Promise<number> {
  const begun = performance.now()
  const say = (line: string): void => void (options.json ? process.stderr : process.stdout).write(`${line}\n`)
  const scene = await setScene(options)
  const root = resolve(options.root)
  await makeRoot(root)
  const evening = instantOf(scene.asof, NIGHT)
  const clock = virtualClock(evening)
  const dead = deadVendors(root)
  const lab = await startLab({
    now: clock.now,
    seed: options.seed,
    plan: scene.plan,
    ...scene.sources,
    deaths: scene.deaths,
    dead: [...dead.names, ...(options.kill ?? [])],
    onDeath: (vendor) => {
      dead.add(vendor)
      say(`  ${vendor} has died: connections are reset from here on`)
    },
  })
  let running: RunningNode | undefined
  const interrupted = onInterrupt(() => running?.stop())
  try {
    const env = await writeDemoConfig(root, scene, lab, options.port)
    const log = logInto(join(root, 'node.log'))
    running = await startNode({
      env,
      clock,
      random: seededChance(options.seed),
      sink: (line) => {
        log.write(line)
        progress(line, say)
      },
    })
    log.begin()
    const { node, invoker, address } = running
    say(`The evening of ${scene.asof}, plan ${scene.plan}, root ${root}. Node at ${address}, log in ${log.file}`)
    const before = await lookBefore(node.db)
    const endings = await invoker.play('night', evening)
    if (interrupted()) return EXIT_INTERRUPTED
    const failed = endings.filter(({ ok }) => !ok)
    const bundle = (await listExports(node.db)).find((made) => made.asof === scene.asof)
    const lines = await ledgerLines(node.lake)
    const tasks = await taskReport(node.db, before)
    const vendors = vendorReport(lab)
    const path = join(env.EXPORT_ROOT as string, 'nightly', scene.asof)
    const budgets = Object.fromEntries(node.vendors.map(({ name, config }) => [name, config.calls_per_minute]))
    say(`\n${table(lines, tasks, vendors, budgets)}\n`)
    for (const { call, error } of failed) say(`${call} failed: ${error}`)
    say(`bundle   ${path}  (${bundle?.files} files, ${bundle?.bytes} bytes, digest ${bundle?.digest})`)
    if (options.json) {
      const seconds = Number(((performance.now() - begun) / 1000).toFixed(1))
      const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024)
      const { files, bytes, digest } = bundle ?? {}
      const report = {
        asof: scene.asof,
        cells: cellReport(lines),
        tasks,
        vendors,
        bundle: { path, files, bytes, digest },
      }
      process.stdout.write(`${JSON.stringify({ ...report, seconds, peakRssMb })}\n`)
    }
    if (options.serve) await served(address, say, interrupted)
    const violations = Object.values(vendors).reduce((sum, vendor) => sum + vendor.violations, 0)
    return failed.length === 0 && violations === 0 ? 0 : 1
  } finally {
    await running?.stop()
    await lab.close()
  }
}

async function makeRoot(root: string): Promise<void> {
  try {
    await makeFolder(realDisk, root, new Set())
    await access(root, constants.W_OK)
    if (!(await stat(root)).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
  } catch (error) {
    throw new Error(`--root ${root} cannot be used (${codeOf(error) ?? error}): give a folder this user may write`)
  }
}

/** The log of one run. Kept back until the node owns the root: another demo may be running there, and its log is its own. */
function logInto(file: string): { file: string; write(line: string): void; begin(): void } {
  let held: string | null = ''
  return {
    file,
    write: (line) => {
      if (held === null) appendFileSync(file, line)
      else held += line
    },
    begin: () => {
      writeFileSync(file, held ?? '')
      held = null
    },
  }
}

function seededChance(seed: number): () => number {
  const stream = seedOf(seed, 'node')
  let drawn = 0
  return () => draw(stream, drawn++)
}

/** Ctrl-C lets running calls finish and leaves the night to be resumed; a second one leaves at once. */
function onInterrupt(stop: () => Promise<void> | undefined): () => boolean {
  let asked = false
  const onSignal = (): void => {
    if (asked) process.exit(EXIT_INTERRUPTED)
    asked = true
    stop()?.catch(() => process.exit(EXIT_INTERRUPTED))
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // A killed npm takes its demo along: an orphan would hold the database against the next run.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && process.exit(EXIT_INTERRUPTED), 250).unref()
  return () => asked
}

async function served(address: string, say: (line: string) => void, interrupted: () => boolean): Promise<void> {
  say(`Serving at ${address} until Ctrl-C`)
  while (!interrupted()) await new Promise((done) => setTimeout(done, 100))
}
