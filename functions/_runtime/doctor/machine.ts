/** The machine as the doctor looks at it: versions, power and heat of a Raspberry Pi, the network, the service. */
import { execFile } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { nodeVersionFault } from '../node-version.ts'
import { type Finding, fault, warning, well } from './finding.ts'

/** Runs a program and returns what it printed; null where it is not there or fails. */
export type RunProgram = (file: string, argv: readonly string[]) => Promise<string | null>

const PROGRAM_TIMEOUT_MS = 10_000
const OLDEST_NPM = 9
const HOT_DEGREES = 80

export const runProgram: RunProgram = async (file, argv) => {
  try {
    const { stdout } = await promisify(execFile)(file, argv, { timeout: PROGRAM_TIMEOUT_MS })
    return stdout.trim()
  } catch (error) {
    // `systemctl is-active` says what it has to say with an exit code of its own.
    const { stdout } = error as { stdout?: unknown }
    return typeof stdout === 'string' && stdout.trim() !== '' ? stdout.trim() : null
  }
}

export async function versions(run: RunProgram, node: string): Promise<Finding[]> {
  const old = nodeVersionFault(node)
  const npm = await run('npm', ['--version'])
  return [
    old === null ? well('Node.js', node) : fault('Node.js', `version ${node} is too old`, old),
    npm === null || Number(npm.split('.')[0]) >= OLDEST_NPM
      ? well('npm', npm ?? 'not on the path; only an upgrade needs it')
      : warning('npm', `version ${npm} is too old`, `install npm ${OLDEST_NPM} or newer before the next upgrade`),
  ]
}

/** Bits of `vcgencmd get_throttled`: now, and since the machine was switched on. */
const POWER_FLAGS = [
  { bit: 0x1, level: 'error', what: 'the voltage is too low now' },
  { bit: 0x4, level: 'warning', what: 'the processor is slowed down now' },
  { bit: 0x8, level: 'warning', what: 'the processor is near its highest temperature' },
  { bit: 0x10000, level: 'warning', what: 'the voltage was too low since the machine was switched on' },
  { bit: 0x40000, level: 'warning', what: 'the processor was slowed down since the machine was switched on' },
] as const

/** Elsewhere than on a Raspberry Pi there are no power flags. */
export async function powerAndHeat(
  run: RunProgram,
  thermal = '/sys/class/thermal/thermal_zone0/temp',
): Promise<Finding[]> {
  const flags = /throttled=(0x[0-9a-f]+)/i.exec((await run('vcgencmd', ['get_throttled'])) ?? '')?.[1]
  const set = flags === undefined ? [] : POWER_FLAGS.filter(({ bit }) => (Number(flags) & bit) !== 0)
  const degrees = Number(await readFile(thermal, 'utf8').catch(() => 'nothing')) / 1000
  return [
    ...(flags !== undefined && set.length === 0 ? [well('power', 'no flag is set')] : []),
    ...set.map(
      ({ level, what }): Finding => ({
        check: 'power',
        level,
        what,
        todo: 'use the power supply made for this Pi, and cool it: a voltage that is too low damages data',
      }),
    ),
    ...(Number.isNaN(degrees)
      ? []
      : degrees < HOT_DEGREES
        ? [well('temperature', `${Math.round(degrees)} degrees`)]
        : [warning('temperature', `${Math.round(degrees)} degrees`, 'give it a heat sink or a fan')]),
  ]
}

export type Lookup = (host: string) => Promise<unknown>

/** Whether the names of the vendors are known: no request is made. */
export async function network(hosts: readonly string[], find: Lookup = lookup): Promise<Finding[]> {
  const known = await Promise.allSettled(hosts.map((host) => find(host)))
  const unknown = hosts.filter((_, at) => known[at]?.status === 'rejected')
  if (unknown.length === 0) return [well('network', `the names of ${hosts.length} vendor hosts are known`)]
  return unknown.length === hosts.length
    ? [
        fault(
          'network',
          'no vendor can be found by its name',
          'see the cable, the router and the name server (resolvectl status)',
        ),
      ]
    : [warning('network', `not known: ${unknown.join(', ')}`, 'see the addresses in config/vendor_capabilities.yaml')]
}

export async function serviceState(run: RunProgram): Promise<Finding[]> {
  const state = await run('systemctl', ['is-active', 'data-node'])
  const isEnabled = (await run('systemctl', ['is-enabled', 'data-node'])) === 'enabled'
  if (state === 'active' && isEnabled) return [well('service', 'active')]
  if (state === 'active')
    return [warning('service', 'active, but not after the next boot', 'run sudo systemctl enable data-node')]
  if (state === 'failed')
    return [fault('service', 'failed', 'read journalctl -u data-node -n 50, then run sudo systemctl restart data-node')]
  return [well('service', isEnabled ? 'installed, not running' : 'not installed as a service of systemd')]
}
