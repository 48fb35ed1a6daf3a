/** `npm run backup -- TO`: copies what no vendor serves again to another disk, by asking the node that runs, or alone where none does. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadConfig } from '../../config/load.ts'
import { isLocked } from '../../db/read-only.ts'
import { sizeText } from '../_backup/size-text.ts'
import { backupSettings } from '../_runtime/backup-settings.ts'
import { systemClock } from '../_runtime/clock.ts'
import { ENV_FILE, withEnvFile } from '../_runtime/env-file.ts'
import { freshToken } from '../_runtime/random.ts'
import { lockRoots, thisMachine } from '../_runtime/root-lock.ts'
import { readSettings, type Settings } from '../_runtime/settings.ts'
import { programVersion } from '../_runtime/version.ts'
import { CONNECTORS } from '../_vendors/registry.ts'
import { askNode } from './live-node.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { backUpStopped } from './stopped-node.ts'

const FAILED = 1
const MADE_WITH_WARNINGS = 2

const { stderr, stdout } = process

interface Made {
  snapshot: string
  files: number
  bytes: number
  newFiles: number
  newBytes: number
  damagedFiles: number
  damaged: string[]
  warnings: string[]
}

async function main(argv: readonly string[], given: Record<string, string | undefined>): Promise<number> {
  const { env } = await withEnvFile(given, resolve(ENV_FILE))
  const options = readOptions(argv)
  const settings = readSettings(env)
  const to = options.to === null ? settings.backupRoot : resolve(options.to)
  if (to === null) throw new Error(`expected a folder, or BACKUP_ROOT in the environment\n${USAGE}`)
  const made = (await isRunning(settings.dataRoot))
    ? await askRunning(options, settings, to)
    : await alone(options, settings, to)
  stdout.write(options.json ? `${JSON.stringify({ to, ...made })}\n` : textOf(to, made))
  return made.damagedFiles > 0 || made.warnings.length > 0 ? MADE_WITH_WARNINGS : 0
}

async function isRunning(root: string): Promise<boolean> {
  try {
    return await isLocked(pathToFileURL(`${root}/.node.lock`).href)
  } catch {
    // No lock file, no node: what is wrong with the folder is said later.
    return false
  }
}

async function askRunning(options: Options, settings: Settings, to: string): Promise<Made> {
  const host = ['0.0.0.0', '::'].includes(settings.host) ? '127.0.0.1' : settings.host
  const url = options.url?.replace(/\/$/, '') ?? `http://${host}:${settings.port}`
  for (;;) {
    const answer = await askNode({ url, token: settings.token, to, acceptNew: options.acceptNew })
    if (!answer.more) return answer as unknown as Made
    show(answer as unknown as Made)
  }
}

async function alone({ acceptNew }: Options, settings: Settings, to: string): Promise<Made> {
  const { dataRoot: root, exportRoot, universe, overrides } = settings
  const config = await loadConfig({
    folder: settings.configDir,
    ...(universe ? { universe } : {}),
    overrides,
    vendors: CONNECTORS.map(({ name }) => name),
  })
  const lock = await lockRoots([root], { id: freshToken(), machine: await thisMachine() })
  try {
    const { configFiles, missingMount } = backupSettings(settings)
    return await backUpStopped({
      folder: to,
      root,
      exportRoot,
      hasFile: settings.databaseUrl === null,
      configFiles,
      missingMount,
      keep: config.retention.backups,
      acceptNew,
      version: await programVersion(),
      now: systemClock.now,
      log: () => undefined,
      say: (sentence) => void stderr.write(`${sentence}\n`),
      show,
    })
  } finally {
    await lock.release()
  }
}

/** For people only: nothing where nobody looks. */
function show({ files, bytes, newFiles, newBytes }: Pick<Made, 'files' | 'bytes' | 'newFiles' | 'newBytes'>): void {
  if (!stderr.isTTY) return
  stderr.write(`\r\u001b[K${files} files, ${sizeText(bytes)}; new ${newFiles}, ${sizeText(newBytes)}`)
}

function textOf(to: string, made: Made): string {
  const { snapshot, files, bytes, newFiles, newBytes, damagedFiles, damaged, warnings } = made
  return [
    `${stderr.isTTY ? '\n' : ''}Backed up to ${to}: snapshot ${snapshot}, ${files} files, ${sizeText(bytes)}; copied ${newFiles} new ones, ${sizeText(newBytes)}.`,
    ...(damagedFiles === 0
      ? []
      : [
          `${damagedFiles} files are not what the node wrote, the backup keeps its good copy of them where it has one: ${damaged.join(', ')}`,
        ]),
    ...warnings.map((warning) => `Warning: ${warning}.`),
    '',
  ].join('\n')
}

try {
  process.exitCode = await main(process.argv.slice(2), process.env)
} catch (error) {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = FAILED
}
