/** A simulated clock as the environment gives it, and what a node may do with one: ask vendors of its own network, and nobody else. */
import { BlockList, isIP } from 'node:net'
import { z } from 'zod'
import type { Config } from '../../config/schema.ts'
import { type Simulation, shownAt } from './clock.ts'
import type { ClockEvidence } from './clock-evidence.ts'

/** Leases and deadlines run by the simulated clock, work by the machine's: a lease of twenty minutes must outlast the writing of a large answer. */
export const FASTEST = 20

const Instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const Speed = z.coerce.number().min(1).max(FASTEST)
const Parts = z.tuple([Instant, Instant, Speed])

/** `SHOWN@MACHINE*SPEED`: what the clock shows at an instant of the machine's clock, and how fast it goes from there. */
export const SimulationText = z.string().transform((text, context): Simulation => {
  const parsed = Parts.safeParse(text.trim().split(/[@*]/))
  if (parsed.success) {
    const [shown, machine, speed] = parsed.data
    return { shown, machine, speed }
  }
  context.addIssue(
    `expected INSTANT@INSTANT*SPEED as npm run lab prints it, such as 2024-03-09T02:00:00Z@2026-01-05T10:00:00Z*1, with a speed of 1 to ${FASTEST}`,
  )
  return z.NEVER
})

/** The text that `SimulationText` reads. */
export const simulationText = ({ shown, machine, speed }: Simulation): string =>
  `${new Date(shown).toISOString()}@${new Date(machine).toISOString()}*${speed}`

/** Addresses of this machine and of private networks (RFC 1918, 3927, 4193 and 4291). */
const LOCAL = new BlockList()
for (const [address, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  LOCAL.addSubnet(address, prefix, 'ipv4')
}
LOCAL.addAddress('::1', 'ipv6')
LOCAL.addSubnet('fc00::', 7, 'ipv6')
LOCAL.addSubnet('fe80::', 10, 'ipv6')

/** A name other than localhost may lead anywhere. */
function isLocal(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const version = isIP(host)
  return version === 0 ? host === 'localhost' : LOCAL.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

/**
 * Throws an Error with one sentence. Real vendors would get questions about the wrong days, more of them than their budgets allow where the clock runs
 * fast, and their answers would be filed under invented instants. A database server has a clock of its own.
 */
export function checkSimulation(vendors: Config['vendors'], databaseUrl: string | null): void {
  if (databaseUrl !== null) {
    throw new Error('SIMULATED_CLOCK and DATABASE_URL exclude each other: a database server has a clock of its own')
  }
  for (const [name, { base_url, trading_url }] of Object.entries(vendors)) {
    const real = [base_url, trading_url].find((url) => url !== undefined && !isLocal(url))
    if (real === undefined) continue
    throw new Error(
      `SIMULATED_CLOCK is set, but vendor ${name} is at ${new URL(real).host}, not on this machine or in a private network: unset SIMULATED_CLOCK, or point CONFIG_DIR to the folder that npm run lab wrote`,
    )
  }
}

/** What speaks for the machine's clock speaks for the one that follows it. */
export const evidenceOfSimulated = (simulation: Simulation, evidence: ClockEvidence): ClockEvidence => ({
  ...evidence,
  builtAt: shownAt(simulation, evidence.builtAt),
})
