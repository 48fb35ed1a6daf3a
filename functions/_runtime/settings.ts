/** What the environment says: where data lives, where to listen, who may call. Vendor keys are read where they are used. */
import { resolve } from 'node:path'
import { z } from 'zod'
import {
  BackText,
  type ConfigOverrides,
  CountText,
  depthsOf,
  SymbolsText,
  unknownDepths,
} from '../../config/overrides.ts'
import type { Simulation } from './clock.ts'
import { Duration } from './cron.ts'
import { PrivateNetworks } from './private-networks.ts'
import { configFolder, scheduleFile } from './shipped-files.ts'
import { SimulationText } from './simulated-clock.ts'

const text = z.string().trim().min(1)
const Token = text.min(16, { error: 'expected at least 16 characters' })

const Address = z.url({ protocol: /^https?$/, error: 'expected an address such as https://ntfy.sh/a-name-of-yours' })

const Environment = z.object({
  DATA_ROOT: text.default('./data_layer'),
  EXPORT_ROOT: text.default('./exports'),
  CONFIG_DIR: text.optional(),
  CRON_FILE: text.optional(),
  UNIVERSE: text.optional(),
  SYMBOLS: SymbolsText.optional(),
  DEPTH_EQUITIES_BARS: BackText.optional(),
  DEPTH_EQUITIES_BARS_MINUTE: BackText.optional(),
  DEPTH_OPTIONS_BARS: BackText.optional(),
  DEPTH_CORPORATE_ACTIONS: BackText.optional(),
  DEPTH_MACRO_TREASURY: BackText.optional(),
  LOOK_BACK: BackText.optional(),
  MAX_TASKS_PER_RUN: CountText.optional(),
  NIGHT_DEADLINE: Duration.optional(),
  DATABASE_URL: text
    .regex(/^(https?|libsql):\/\//, { error: 'expected http(s):// or libsql:// (leave it out for a local file)' })
    .optional(),
  HOST: text.default('127.0.0.1'),
  PORT: text
    .regex(/^\d{1,5}$/, { error: 'expected a port number: write 8080' })
    .transform(Number)
    .pipe(z.int().max(65_535))
    .default(8080),
  DATA_NODE_TOKEN: Token.optional(),
  DATA_NODE_READ_TOKEN: Token.optional(),
  LOGIN_NETWORKS: PrivateNetworks.optional(),
  CLOCK_CHECK: z.enum(['on', 'off'], { error: 'expected one of on, off' }).default('on'),
  SIMULATED_CLOCK: SimulationText.optional(),
  STATE_DIR: text.optional(),
  DATA_VOLUME_ID: text
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{3,63}$/, {
      error: 'expected 4 to 64 letters, digits, dots, dashes or underscores',
    })
    .optional(),
  ACCEPT_NEW_VOLUME: z.enum(['yes', 'no'], { error: 'expected one of yes, no' }).default('no'),
  BACKUP_ROOT: text.optional(),
  BACKUP_MAX_AGE_DAYS: text
    .regex(/^[1-9]\d{0,2}$/, { error: 'expected a number of days from 1 to 999' })
    .transform(Number)
    .default(3),
  PING_URL: Address.optional(),
  WEBHOOK_URL: Address.optional(),
  WEBHOOK_TOKEN: text.regex(/^[\x21-\x7e]+$/, { error: 'expected a token without spaces' }).optional(),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], { error: 'expected one of debug, info, warn, error, silent' })
    .default('info'),
})

export interface Settings {
  dataRoot: string
  exportRoot: string
  configDir: string
  cronFile: string
  universe: string | null
  /** What stands in place of datasets.yaml and of the list of symbols. */
  overrides: ConfigOverrides
  nightDeadlineMs: number | null
  databaseUrl: string | null
  host: string
  port: number
  token: string | null
  readToken: string | null
  /** Private networks in which a browser may log in over plain HTTP, in CIDR form. */
  loginNetworks: readonly string[]
  /** Whether the system's clock must be plausible before anything is written. */
  clockCheck: boolean
  /** A clock for use with the vendor lab; null for that of the machine. */
  simulation: Simulation | null
  /** Where the node remembers what must outlive its data volume; null where there is no such place. */
  stateDir: string | null
  dataVolumeId: string | null
  /** Whether the root as it is found becomes this node's, whatever is remembered. */
  acceptNewVolume: boolean
  /** Where backups go; null where none are made. */
  backupRoot: string | null
  /** After so many days the last good backup is too old. */
  backupMaxAgeDays: number
  /** Asked after each good night; a secret. */
  pingUrl: string | null
  /** Gets messages about troubles; a secret. */
  webhookUrl: string | null
  /** Sent to the webhook as a bearer token. */
  webhookToken: string | null
  logLevel: string
}

/** Throws an Error that names every variable that cannot be used; never its value. */
export function readSettings(env: Record<string, string | undefined>): Settings {
  // An empty variable is one that was not filled in.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const faults = unknownDepths(Object.keys(given))
  const parsed = Environment.safeParse(given)
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  faults.push(...accessFaults(given))
  if (!parsed.success || faults.length > 0) {
    throw new Error(`the environment cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
  }
  const found = parsed.data
  return {
    dataRoot: resolve(found.DATA_ROOT),
    exportRoot: resolve(found.EXPORT_ROOT),
    configDir: found.CONFIG_DIR ? resolve(found.CONFIG_DIR) : configFolder(),
    cronFile: found.CRON_FILE ? resolve(found.CRON_FILE) : scheduleFile(),
    universe: found.UNIVERSE ? resolve(found.UNIVERSE) : null,
    overrides: {
      depth: depthsOf(found),
      lookBack: found.LOOK_BACK,
      maxTasksPerRun: found.MAX_TASKS_PER_RUN,
      symbols: found.SYMBOLS,
    },
    nightDeadlineMs: found.NIGHT_DEADLINE ?? null,
    databaseUrl: found.DATABASE_URL ?? null,
    host: found.HOST,
    port: found.PORT,
    token: found.DATA_NODE_TOKEN ?? null,
    readToken: found.DATA_NODE_READ_TOKEN ?? null,
    loginNetworks: found.LOGIN_NETWORKS ?? [],
    clockCheck: found.CLOCK_CHECK === 'on',
    simulation: found.SIMULATED_CLOCK ?? null,
    stateDir: stateDirOf(found.STATE_DIR, given),
    dataVolumeId: found.DATA_VOLUME_ID ?? null,
    acceptNewVolume: found.ACCEPT_NEW_VOLUME === 'yes',
    backupRoot: found.BACKUP_ROOT ? resolve(found.BACKUP_ROOT) : null,
    backupMaxAgeDays: found.BACKUP_MAX_AGE_DAYS,
    pingUrl: found.PING_URL ?? null,
    webhookUrl: found.WEBHOOK_URL ?? null,
    webhookToken: found.WEBHOOK_TOKEN ?? null,
    logLevel: found.LOG_LEVEL,
  }
}

/** Who may call: found of what was given, also where another variable cannot be used. */
function accessFaults(given: Record<string, string | undefined>): string[] {
  const { HOST: host = '127.0.0.1', DATA_NODE_TOKEN: full, DATA_NODE_READ_TOKEN: read } = given
  const isLoopback = ['127.0.0.1', 'localhost', '::1'].includes(host)
  return [
    ...(isLoopback || full
      ? []
      : [`HOST ${host} is not loopback: set DATA_NODE_TOKEN so that only who knows it may call`]),
    ...(read && !full ? ['DATA_NODE_READ_TOKEN alone lets nobody call a function: set DATA_NODE_TOKEN as well'] : []),
    ...(read && read === full
      ? ['DATA_NODE_READ_TOKEN equals DATA_NODE_TOKEN, which may do everything: give it a value of its own']
      : []),
  ]
}

/** As told, else what systemd gives the service (several are separated by colons), else where programs of a user keep their state. */
function stateDirOf(told: string | undefined, env: Record<string, string | undefined>): string | null {
  if (told !== undefined) return resolve(told)
  const { STATE_DIRECTORY, XDG_STATE_HOME, HOME } = env
  if (STATE_DIRECTORY !== undefined) return resolve(STATE_DIRECTORY.split(':')[0] as string)
  if (XDG_STATE_HOME !== undefined) return resolve(XDG_STATE_HOME, 'data-node')
  return HOME === undefined ? null : resolve(HOME, '.local/state/data-node')
}
