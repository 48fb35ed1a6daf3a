/** Assembles the node: configuration, database, lake, vendors, HTTP server, invoker. The one place where everything meets. */
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { ConfigError, loadConfig } from '../../config/load.ts'
import type { DamagedDatabaseError, Db } from '../../db/client.ts'
import { callReservations } from '../_catalog/call-reservations.ts'
import { keptAnswers } from '../_catalog/kept-answers.ts'
import { createHealth } from '../_http/health.ts'
import type { Clock, Node } from '../_http/node.ts'
import { type WriteGuard, writeGate } from '../_http/write-gate.ts'
import { closeLake, openLake } from '../_lake/lake.ts'
import { stateFile } from '../_lake/paths.ts'
import { type Notifier, receiverSecrets } from '../_notify/notifier.ts'
import { applyReferences } from '../_references/apply-references.ts'
import { CONNECTORS } from '../_vendors/registry.ts'
import { createApp } from '../index.ts'
import { backupReasons } from './backup-health.ts'
import { backupSettings } from './backup-settings.ts'
import { noteKeys } from './check-keys.ts'
import { simulatedClock, systemClock } from './clock.ts'
import { type ClockEvidence, systemClockEvidence } from './clock-evidence.ts'
import { clockGuard } from './clock-guard.ts'
import { connectReceivers, receiversOf } from './connect-receivers.ts'
import { connectVendors } from './connect-vendors.ts'
import { type Chain, loadCron } from './cron.ts'
import { claimVolume, findVolume, type VolumeTerms } from './data-volume.ts'
import { databaseReasons } from './database-health.ts'
import { type DiskWatchTerms, diskWatch } from './disk-watch.ts'
import { withEnvFile } from './env-file.ts'
import { checkRoot, packageRoot } from './folders.ts'
import { createInvoker, type Invoker } from './invoker.ts'
import { addressOf, checkPort, listen } from './listen.ts'
import { createLog, type Log } from './log.ts'
import type { MountFiles } from './mounts.ts'
import { type NightEnding, nightEnding } from './night-ending.ts'
import { nightReasons } from './night-health.ts'
import { markSuspect, newestSetAside, openDatabase } from './open-database.ts'
import { checkOpenFiles } from './open-files.ts'
import { pruneDisk } from './prune-disk.ts'
import { freshToken, jitter } from './random.ts'
import { NOT_RECOVERED, type Recovered, recover } from './recover.ts'
import { lockRoots, thisMachine } from './root-lock.ts'
import { readSettings, type Settings } from './settings.ts'
import { checkSimulation, evidenceOfSimulated } from './simulated-clock.ts'
import { keepHeapSmall } from './small-heap.ts'
import { stopNode } from './stop-node.ts'
import { vendorReasons } from './vendor-health.ts'
import { programVersion } from './version.ts'
import { volumeGuard } from './volume-guard.ts'

export interface StartTerms {
  env: Record<string, string | undefined>
  /** A file with variables that `env` does not hold; absent: none. */
  envFile?: string
  clock?: Clock
  /** What speaks for the clock; null for one that is right by definition, as one that is given is taken to be. */
  clockEvidence?: ClockEvidence | null
  random?: () => number
  /** Where the system lists its mount points. */
  mounts?: MountFiles
  /** How the room on a disk is measured. */
  statfs?: DiskWatchTerms['statfs']
  /** Where log lines go; stderr by default. */
  sink?: (line: string) => void
}

export interface RunningNode {
  node: Node
  settings: Settings
  invoker: Invoker
  /** Null where nobody is to hear of the node. */
  notifier: Notifier | null
  /** Nothing yet where the clock is not to be believed: it is done as soon as it is. */
  recovered: Recovered
  /** Base address of the HTTP server. */
  address: string
  /** Resolves, with a sentence, when another node has taken a folder over, or the database file is gone or damaged: stop at once. */
  mustStop: Promise<string>
  stop(): Promise<void>
}

/** What the environment and the configuration say, and the log that they ask for. */
async function readGiven({ env: given, envFile, sink }: StartTerms) {
  const { env, warning } = await withEnvFile(given, envFile)
  const settings = readSettings(env)
  const secrets = [
    ...CONNECTORS.flatMap((connector) => connector.secrets).map((name) => env[name]),
    env.DATABASE_AUTH_TOKEN,
    settings.token,
    settings.readToken,
  ].filter((value) => value != null)
  const log = createLog(settings.logLevel, [...secrets, ...receiverSecrets(receiversOf(settings))], sink)
  await checkOpenFiles(log)
  const [config, chains] = await readFiles(settings)
  for (const entry of config.disabled) log('start.disabled', { entry })
  return { env, warning, settings, secrets, log, config, chains }
}

/** The configuration and the schedule; the faults of both at once. */
async function readFiles(settings: Settings) {
  const config = loadConfig({
    folder: settings.configDir,
    ...(settings.universe ? { universe: settings.universe } : {}),
    overrides: settings.overrides,
    vendors: CONNECTORS.map(({ name }) => name),
    fetches: Object.fromEntries(CONNECTORS.map(({ name, datasets }) => [name, datasets])),
  })
  const chains = loadCron(settings.cronFile, settings)
  const faults: string[] = []
  for (const file of await Promise.allSettled([config, chains])) {
    if (file.status !== 'rejected') continue
    if (!(file.reason instanceof ConfigError)) throw file.reason
    faults.push(...file.reason.faults)
  }
  if (faults.length > 0) throw new ConfigError(faults)
  if (settings.simulation !== null) checkSimulation((await config).vendors, settings.databaseUrl)
  return [await config, await chains] as const
}

/** Says that the database showed damage, for the log, for the next start, and for whoever waits on `damaged`. */
function damageReport(location: string, log: Log) {
  let report: (sentence: string) => void
  const damaged = new Promise<string>((resolve) => {
    report = resolve
  })
  const onDamage = (error: DamagedDatabaseError): void => {
    markSuspect(location)
    log('database.lost', { error })
    report(
      `${error.message}: this node stops, so that nothing more is written; the next start rebuilds from the manifests what is lost`,
    )
  }
  return { damaged, onDamage }
}

/** Starts a node. Throws an Error with one clear sentence when it cannot, and leaves nothing half open. */
export async function startNode(terms: StartTerms): Promise<RunningNode> {
  const { random = jitter } = terms
  keepHeapSmall()
  const { env, warning, settings, secrets, log, config, chains } = await readGiven(terms)
  const clock = terms.clock ?? clockOf(settings, log)
  const begun = clock.elapsed()
  await checkPort(settings)
  const volume: VolumeTerms = { ...settings, mounts: terms.mounts }
  const found = await findVolume(volume)
  await checkRoot(settings.dataRoot)
  await checkRoot(settings.exportRoot)
  await checkRoot(dirname(stateFile(settings.dataRoot)))
  const lock = await lockRoots([settings.dataRoot, settings.exportRoot], {
    id: freshToken(),
    machine: await thisMachine(),
  })
  const lake = openLake({ root: settings.dataRoot, exportRoot: settings.exportRoot })
  let db: Db | undefined
  try {
    const root = await packageRoot()
    const location = settings.databaseUrl ?? stateFile(settings.dataRoot)
    const { damaged, onDamage } = damageReport(location, log)
    db = await openDatabase({
      location,
      isServer: settings.databaseUrl !== null,
      authToken: env.DATABASE_AUTH_TOKEN,
      migrations: join(root, 'migrations'),
      now: clock.now(),
      log,
      onDamage,
    })
    const version = await programVersion()
    const id = await claimVolume(volume, found, db, { freshId: freshToken, log })
    const databaseFile = settings.databaseUrl === null ? stateFile(settings.dataRoot) : null
    const data = await volumeGuard({ root: settings.dataRoot, id, databaseFile, db, now: clock.now, log })
    const health = createHealth({ now: clock.now, log })
    if (warning !== null) health.add(() => [warning])
    const disk = diskWatch({
      folders: [settings.dataRoot, settings.exportRoot],
      config: config.disk,
      clock,
      log,
      prune: () => pruneDisk(node),
      ...(terms.statfs ? { statfs: terms.statfs } : {}),
    })
    const guards: WriteGuard[] = [data, disk]
    const gate = writeGate(guards, health)
    health.add(disk.reasons)
    // The invoker calls the server, and the server asks the invoker: no request comes before both are there.
    let invoker: Invoker | undefined
    let ending: NightEnding | undefined
    const notifier = await connectReceivers({
      settings,
      config,
      secrets,
      health,
      clock,
      log,
      goodNight: async () => (await ending?.good()) ?? null,
    })
    const stopping = new AbortController()
    const node: Node = {
      config,
      db,
      lake,
      vendors: connectVendors({ config, env, db, clock, gate, disk, secrets }),
      clock,
      now: clock.now,
      elapsed: clock.elapsed,
      sleep: clock.sleep,
      reservations: callReservations(),
      answers: keptAnswers(),
      random,
      token: freshToken,
      // Two containers may have one name and one process id.
      holder: `${hostname()}:${process.pid}:${freshToken().slice(0, 8)}`,
      log,
      version,
      exportRoot: settings.exportRoot,
      gate,
      disk,
      health,
      ...(notifier === null ? {} : { notifications: notifier }),
      backup: backupSettings(settings, terms.mounts),
      stopping: stopping.signal,
      schedule: {
        list: async () => (await invoker?.schedule.list()) ?? [],
        play: async (chain) => (await invoker?.schedule.play(chain)) ?? null,
      },
    }
    await applyReferences(node)
    let recovered = NOT_RECOVERED
    const recoverOnce = async (): Promise<void> => {
      recovered = await recover(node)
      await noteKeys(node, env, id)
    }
    guards.push(clockGuard({ node, evidence: await evidenceOf(terms, settings, root), recover: recoverOnce }))
    await node.gate.objection()
    health.add(() => vendorReasons(node))
    const startedAt = (): number => clock.now() - (clock.elapsed() - begun)
    const active = chainsFor(node, chains)
    const nights = nightEnding({ node, chains: active, startedAt })
    ending = nights
    const setAside = databaseFile === null ? null : await newestSetAside(databaseFile)
    health.add(() => databaseReasons({ setAside, okAt: nights.okAt }))
    health.add(nights.reasons)
    health.add(() => nightReasons({ node, chains, startedAt }))
    health.add(() => backupReasons({ node, startedAt }))
    const app = createApp(node, { full: settings.token, read: settings.readToken }, settings.loginNetworks)
    const server = await listen(app.fetch, settings)
    const address = addressOf(server, settings.host)
    invoker = createInvoker({
      db,
      clock,
      log,
      chains: active,
      address,
      token: settings.token,
      gate: node.gate,
      health,
    })
    await health.reasons()
    return {
      node,
      settings,
      invoker,
      notifier,
      recovered,
      address,
      mustStop: Promise.race([lock.lost, data.mustStop, damaged]),
      stop: () => {
        stopping.abort()
        return stopNode({ server, invoker, notifier, node, lock })
      },
    }
  } catch (error) {
    await closeLake(lake)
    db?.close()
    await lock.release()
    throw error
  }
}

/** Without any vendor nothing is caught up: the night would count as played when the next start has the keys. */
const chainsFor = ({ vendors }: Node, chains: readonly Chain[]): readonly Chain[] =>
  vendors.some(({ missing }) => missing.length === 0) ? chains : chains.map((chain) => ({ ...chain, catch_up: false }))

/** The machine's clock, or a simulated one that follows it. */
function clockOf({ simulation }: Settings, log: Log): Clock {
  if (simulation === null) return systemClock
  const clock = simulatedClock(simulation)
  log('clock.simulated', { now: new Date(clock.now()).toISOString(), speed: simulation.speed })
  return clock
}

/** A clock that is given is right by definition. */
const evidenceOf = async (terms: StartTerms, settings: Settings, root: string): Promise<ClockEvidence | null> => {
  if (terms.clockEvidence !== undefined) return terms.clockEvidence
  if (terms.clock !== undefined || !settings.clockCheck) return null
  const evidence = await systemClockEvidence(root)
  return settings.simulation ? evidenceOfSimulated(settings.simulation, evidence) : evidence
}
