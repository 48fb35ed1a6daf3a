/** The doctor: looks at all that keeps a node from starting or from being well. Where a node runs it speaks for itself; where none does, its files are read. */
import { statfs } from 'node:fs/promises'
import { loadConfig } from '../../../config/load.ts'
import type { Config } from '../../../config/schema.ts'
import { partsOf } from '../../_http/health.ts'
import { CONNECTORS } from '../../_vendors/registry.ts'
import { systemClockEvidence } from '../clock-evidence.ts'
import { loadCron } from '../cron.ts'
import { withEnvFile } from '../env-file.ts'
import { packageRoot } from '../folders.ts'
import { checkPort } from '../listen.ts'
import type { MountFiles } from '../mounts.ts'
import { readSettings, type Settings } from '../settings.ts'
import { database, isHeld, newestBundle } from './database.ts'
import { type Measure, permissions, room, speed, volume } from './disk.ts'
import { type Finding, fault, refusal, warning, well } from './finding.ts'
import { type Lookup, network, powerAndHeat, type RunProgram, runProgram, serviceState, versions } from './machine.ts'
import { receiverFindings } from './receivers.ts'

export interface DoctorTerms {
  env: Record<string, string | undefined>
  envFile: string
  /** What `/readyz` of the node says; null where none answers. */
  health: { reasons: readonly { code: string; sentence: string; isDown: boolean }[] } | null
  now(): number
  elapsed(): number
  /** The version of Node.js. */
  version: string
  /** The number of this user; null where there are none. */
  user: number | null
  run?: RunProgram
  measure?: Measure
  find?: Lookup
  mounts?: MountFiles
  /** The folder of the time service. */
  timesync?: string
}

export async function diagnose(terms: DoctorTerms): Promise<Finding[]> {
  const { health, run = runProgram, version } = terms
  const machine = [...(await versions(run, version)), ...(await powerAndHeat(run)), ...(await serviceState(run))]
  const told = health === null ? [] : nodeFindings(health.reasons)
  try {
    const { env } = await withEnvFile(terms.env, terms.envFile)
    const settings = readSettings(env)
    const configured = await configuration(settings)
    const places = await placesOf(terms, settings)
    const vendors = configured.config === null ? [] : await vendorFindings(terms, configured.config, env)
    const clock = health === null && settings.clockCheck ? await clockFindings(terms) : []
    const receivers = await receiverFindings(settings, health !== null)
    return [...machine, ...told, ...configured.findings, ...clock, ...places, ...vendors, ...receivers]
  } catch (error) {
    return [...machine, ...told, refusal('environment', error)]
  }
}

/** Each reason with the words that `/readyz` and the log have for it. */
function nodeFindings(reasons: NonNullable<DoctorTerms['health']>['reasons']): Finding[] {
  if (reasons.length === 0) return [well('node', 'runs, and is well')]
  return reasons.map(({ code, sentence, isDown }) => {
    const { what, todo } = partsOf(sentence)
    return (isDown ? fault : warning)(code, what, todo ?? 'see docs/operations.md')
  })
}

async function configuration(settings: Settings): Promise<{ config: Config | null; findings: Finding[] }> {
  const { configDir: folder, universe, overrides, cronFile } = settings
  const findings: Finding[] = []
  const config = await loadConfig({
    folder,
    ...(universe ? { universe } : {}),
    overrides,
    vendors: CONNECTORS.map(({ name }) => name),
  }).catch((error: unknown) => {
    findings.push(refusal('configuration', error))
    return null
  })
  await loadCron(cronFile, settings).catch((error: unknown) => void findings.push(refusal('schedule', error)))
  if (findings.length === 0) findings.push(well('configuration', `${folder} and ${cronFile}`))
  return { config, findings }
}

async function placesOf(terms: DoctorTerms, settings: Settings): Promise<Finding[]> {
  const { dataRoot, exportRoot } = settings
  const folders = [...new Set([dataRoot, exportRoot])]
  const { measure = (folder) => statfs(folder), user, envFile, mounts, health } = terms
  const always = [...(await room(folders, measure)), ...(await permissions(folders, envFile, user))]
  if (health !== null) return [...always, await newestBundle(exportRoot)]
  if (await isHeld(dataRoot)) {
    const todo = 'see with --url, HOST and PORT where it listens, or read journalctl -u data-node'
    return [...always, warning('node', `one works on ${dataRoot}, but does not answer here`, todo)]
  }
  const port = await checkPort(settings).then(
    () => well('port', `${settings.port} on ${settings.host} is free`),
    (error: unknown) => refusal('port', error),
  )
  return [
    warning('node', 'does not run', 'start it with data-node serve or sudo systemctl start data-node'),
    ...always,
    port,
    await volume({ ...settings, mounts }),
    ...(await speed(dataRoot, terms.elapsed)),
    ...(settings.databaseUrl === null ? [await database(dataRoot)] : []),
    await newestBundle(exportRoot),
  ]
}

/** Which keys are there, and whether the hosts are known. A key is tried by the node alone, which counts the call against the budget. */
async function vendorFindings(
  { find, health }: DoctorTerms,
  config: Config,
  env: DoctorTerms['env'],
): Promise<Finding[]> {
  const findings = Object.entries(config.vendors).map(([name, { connector = name }]) => {
    const missing = (CONNECTORS.find((one) => one.name === connector)?.secrets ?? []).filter((secret) => !env[secret])
    return { name, missing }
  })
  const hosts = new Set(Object.values(config.vendors).map(({ base_url }) => new URL(base_url).hostname))
  const keyed = findings.filter(({ missing }) => missing.length === 0).map(({ name }) => name)
  const none = findings
    .map(({ missing }) => missing.join(' and '))
    .filter((names, at, all) => all.indexOf(names) === at)
  return [
    keyed.length === 0
      ? fault('keys', 'no vendor has its keys', `set ${none.join(', or ')} in .env`)
      : well('keys', `set for ${keyed.join(', ')}${health === null ? '; the node tries them when it starts' : ''}`),
    ...(await network([...hosts], find)),
  ]
}

async function clockFindings({ now, timesync }: DoctorTerms): Promise<Finding[]> {
  const evidence = await systemClockEvidence(await packageRoot(), timesync)
  const shown = new Date(now()).toISOString()
  if (now() < evidence.builtAt)
    return [
      fault(
        'clock',
        `it shows ${shown}, before this program was built`,
        'run sudo timedatectl set-ntp true, and wait for the network',
      ),
    ]
  return (await evidence.isSynchronised()) === false
    ? [warning('clock', `it shows ${shown}, and is not synchronised yet`, 'wait for the network, or see timedatectl')]
    : [well('clock', shown)]
}
