/** `npm run verify -- ROOT`: every invariant that a root can show, by asking the node that works on it, or by reading it where none does. */
import { join, resolve } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { progressBar } from '../_cli/progress-bar.ts'
import { systemClock } from '../_runtime/clock.ts'
import { ENV_FILE, withEnvFile } from '../_runtime/env-file.ts'
import { packageRoot } from '../_runtime/folders.ts'
import { readSettings, type Settings } from '../_runtime/settings.ts'
import { CONNECTORS } from '../_vendors/registry.ts'
import { check as secretsCheck } from './checks/secrets.ts'
import { type DeadRoot, isRootInUse, withDeadRoot } from './dead-root.ts'
import { askNode } from './live-node.ts'
import { foldersOf, type Options, readOptions } from './options.ts'
import { addSlice, exitCodeOf, reportText } from './report.ts'
import { runSlices } from './run.ts'
import { type Verified, verify } from './verify.ts'

const SLICE_MS = 1_000
const COULD_NOT_RUN = 3

/** What is on the error stream is for people only. */
const { stderr, stdout } = process

async function main(argv: readonly string[], given: Record<string, string | undefined>): Promise<number> {
  const { env } = await withEnvFile(given, resolve(ENV_FILE))
  const options = readOptions(argv)
  const settings = readSettings(env)
  const folders = await foldersOf(options, settings)
  const universe = options.universe ?? settings.universe
  const config = await loadConfig({
    folder: folders.configDir,
    ...(universe ? { universe } : {}),
    overrides: settings.overrides,
    vendors: CONNECTORS.map(({ name }) => name),
  })
  const names = [
    ...CONNECTORS.flatMap(({ secrets }) => secrets),
    'DATABASE_AUTH_TOKEN',
    'DATA_NODE_TOKEN',
    'DATA_NODE_READ_TOKEN',
  ]
  const dead: DeadRoot = {
    root: folders.dataRoot,
    exportRoot: folders.exportRoot,
    config,
    secrets: names.flatMap((name) => env[name] || []),
    now: systemClock.now,
    elapsed: systemClock.elapsed,
    migrations: join(await packageRoot(), 'migrations'),
    ...(options.scratch === undefined ? {} : { scratch: options.scratch }),
  }
  const isLive = settings.databaseUrl !== null || (await isRootInUse(folders.dataRoot))
  const verified = isLive ? await verifyLive(options, settings, dead) : await verifyDead(options, dead)
  const exitCode = exitCodeOf(verified)
  stdout.write(
    options.json
      ? `${JSON.stringify({ mode: options.mode, root: folders.dataRoot, isLive, exitCode, ...verified })}\n`
      : `${reportText(verified, options.mode)}\n`,
  )
  return exitCode
}

async function verifyDead(options: Options, dead: DeadRoot): Promise<Verified> {
  return withDeadRoot(dead, (context) => {
    const { dbFault } = context
    if (dbFault !== null) stderr.write(`The database cannot be read (${dbFault}): only files are checked.\n`)
    return runShown(options, dead, (cursor) =>
      verify(context, { mode: options.mode, cursor, listed: options.listed, milliseconds: SLICE_MS }),
    )
  })
}

/** The keys are those of this environment: the node is not asked about them. */
async function verifyLive(options: Options, settings: Settings, dead: DeadRoot): Promise<Verified> {
  const { mode, listed } = options
  const url = options.url?.replace(/\/$/, '') ?? `http://${hostOf(settings.host)}:${settings.port}`
  const sum = await runShown(options, dead, (cursor) => askNode({ url, token: settings.token, mode, listed }, cursor))
  if (mode !== 'deep') return sum
  const { root, exportRoot, config, secrets, now, elapsed } = dead
  const lake = { root, exportRoot, duck: NO_DUCK }
  const context = {
    config,
    lake,
    db: null,
    dbFault: null,
    now,
    elapsed,
    secrets,
    isLive: true,
    memo: new Map<string, unknown>(),
  }
  return addSlice(sum, await verify(context, { mode, cursor: null, listed, checks: [secretsCheck] }), listed)
}

const hostOf = (host: string): string => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host)

/** A search of texts needs none. */
const none = (): Promise<never> => Promise.reject(new Error('no DuckDB is open here'))
const NO_DUCK = { all: none, run: none, close: async () => undefined }

async function runShown(
  options: Options,
  dead: DeadRoot,
  slice: (cursor: string | null) => Promise<Verified>,
): Promise<Verified> {
  const bar = progressBar(
    stderr.isTTY === true,
    dead.elapsed,
    (text) => void stderr.write(text),
    stderr.columns || undefined,
  )
  try {
    return await runSlices({
      root: dead.root,
      mode: options.mode,
      listed: options.listed,
      notes: options.resume ?? null,
      slice,
      onSlice: ({ done, places, cursor }) => bar.show(done, places, cursor?.split(' ')[0] ?? 'done'),
    })
  } finally {
    bar.end()
  }
}

try {
  process.exitCode = await main(process.argv.slice(2), process.env)
} catch (error) {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = COULD_NOT_RUN
}
