/** Assembles the node: configuration, memory, lake, vendors, HTTP server, invoker. The one place where everything meets. */
import { access, constants, mkdir, readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { loadConfig } from '../../config/load.ts'
import { nextCallAt, takeCalls } from '../../db/budgets/take-calls.ts'
import { openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import { limitsOf } from '../_dispatch/claim.ts'
import type { VendorSeat } from '../_dispatch/desk.ts'
import { closeLake, openLake } from '../_lake/lake.ts'
import { stateFile } from '../_lake/paths.ts'
import { makeGet } from '../_vendors/http.ts'
import { CONNECTORS, connectorOf } from '../_vendors/registry.ts'
import { createApp } from '../index.ts'
import { freshToken, jitter } from './chance.ts'
import { type Clock, systemClock } from './clock.ts'
import { loadCron } from './cron.ts'
import { createInvoker, type Invoker } from './invoker.ts'
import { createLog } from './log.ts'
import type { Node } from './node.ts'
import { type Recovered, recover } from './recover.ts'
import { readSettings, type Settings } from './settings.ts'

export interface StartTerms {
  env: Record<string, string | undefined>
  clock?: Clock
  random?: () => number
  /** Where log lines go; stderr by default. */
  sink?: (line: string) => void
}

export interface RunningNode {
  node: Node
  settings: Settings
  invoker: Invoker
  recovered: Recovered
  /** Base address of the HTTP server. */
  address: string
  stop(): Promise<void>
}

/** Milliseconds a stop waits for running calls before it closes their connections. */
const GRACE_MS = 10_000
const IDLE_LOOK_MS = 20

/** Starts a node. Throws an Error with one clear sentence when it cannot, and leaves nothing half open. */
export async function startNode({ env, clock = systemClock, random = jitter, sink }: StartTerms): Promise<RunningNode> {
  const settings = readSettings(env)
  const secretNames = CONNECTORS.flatMap(({ secrets }) => secrets)
  const secrets = [
    ...secretNames.map((name) => env[name]),
    env.DATABASE_AUTH_TOKEN,
    settings.token,
    settings.readToken,
  ].filter((value) => value != null)
  const log = createLog(settings.logLevel, secrets, sink)
  const config = await loadConfig({
    folder: settings.configDir,
    ...(settings.universe ? { universe: settings.universe } : {}),
    vendors: CONNECTORS.map(({ name }) => name),
  })
  const chains = await loadCron(settings.cronFile)
  await checkRoot(settings.dataRoot)
  await checkRoot(settings.exportRoot)
  await makeFolder(dirname(stateFile(settings.dataRoot)))
  const db = await openDb(settings.databaseUrl ?? stateFile(settings.dataRoot), env.DATABASE_AUTH_TOKEN)
  const lake = openLake({ root: settings.dataRoot, exportRoot: settings.exportRoot })
  try {
    const root = await packageRoot()
    await migrateDb(db, join(root, 'migrations'))
    const version = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version as string
    const node: Node = {
      config,
      db,
      lake,
      seats: Object.entries(config.vendors).map(([name, vendor]): VendorSeat => {
        const connector = connectorOf(name)
        const seat: VendorSeat = {
          name,
          config: vendor,
          connector,
          missing: connector.secrets.filter((secret) => !env[secret]),
          get: (lane) =>
            makeGet({
              connector,
              baseUrl: vendor.base_url,
              secrets: Object.fromEntries(connector.secrets.map((secret) => [secret, env[secret] ?? ''])),
              now: clock.now,
              take: async () => {
                const limits = limitsOf(seat, lane)
                if (await takeCalls(db, limits, 1, clock.now())) return { ok: true }
                return { ok: false, retryAt: (await nextCallAt(db, limits, clock.now())) ?? clock.now() + 86_400_000 }
              },
            }),
        }
        return seat
      }),
      clock,
      now: clock.now,
      elapsed: clock.elapsed,
      random,
      token: freshToken,
      holder: `${hostname()}:${process.pid}`,
      log,
      version,
      exportRoot: settings.exportRoot,
    }
    const recovered = await recover(node)
    const app = createApp(node, { full: settings.token, read: settings.readToken })
    const server = await listen(app.fetch, settings)
    const address = addressOf(server, settings.host)
    const invoker = createInvoker({ db, clock, log, chains, address, token: settings.token })
    return { node, settings, invoker, recovered, address, stop: () => stop(server, invoker, node) }
  } catch (error) {
    await closeLake(lake)
    db.close()
    throw error
  }
}

async function stop(server: Server, invoker: Invoker, node: Node): Promise<void> {
  const calls = invoker.stop()
  const closed = new Promise<void>((done) => server.close(() => done()))
  // A kept connection falls idle whenever its answer is through, also after the first look.
  const closer = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS)
  const killer = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  // Calls under way end by themselves, or with their connection.
  await Promise.all([calls, closed])
  clearInterval(closer)
  clearTimeout(killer)
  await closeLake(node.lake)
  node.db.close()
}

function listen(fetch: Parameters<typeof serve>[0]['fetch'], { host, port }: Settings): Promise<Server> {
  return new Promise((done, fail) => {
    const server = serve({ fetch, hostname: host, port }, () => done(server)) as Server
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = `port ${port} on ${host} is taken by another program: set PORT to a free one`
      fail(
        new Error(
          error.code === 'EADDRINUSE' ? inUse : `cannot listen on ${host}:${port} (${error.code}): set HOST and PORT`,
        ),
      )
    })
  })
}

function addressOf(server: Server, host: string): string {
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The folder exists, or can be made, and can be written. */
async function checkRoot(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new Error(
      `${folder} cannot be used (${code}): give DATA_ROOT and EXPORT_ROOT folders this user may read and write`,
    )
  }
}

/**
 * Makes a folder and those above it. Not `mkdir` with `recursive`: below a dangling link (a disk that is not mounted) or in
 * /proc that one tries again for ever (Node 20).
 */
async function makeFolder(folder: string, makeParent = true): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || !makeParent) throw error
    await makeFolder(dirname(folder))
    await makeFolder(folder, false)
  }
}

/** The folder of package.json: one up from the sources, two up when compiled. */
async function packageRoot(): Promise<string> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const found = await access(join(folder, 'package.json')).then(
      () => true,
      () => false,
    )
    if (found) return resolve(folder)
  }
  throw new Error('package.json was not found above the program: start it from an unchanged checkout')
}
