/** cron.json: chains of calls with a schedule. Read and checked once, at start. */
import { Cron } from 'croner'
import { z } from 'zod'
import { ConfigError, readChecked } from '../../config/load.ts'
import { isZone } from '../_calendar/zone-name.ts'

/** The functions a chain may call: a path that is no function would fail every night instead of at start. */
export const CALLS = [
  'ingest-tick',
  'audit',
  'dispatch-one-task',
  'curate-partition',
  'qc-partition',
  'sample',
  'export',
  'reference',
  'backup',
  'sweep',
  'compact',
  'adopt',
  'enqueue',
  'redrive',
  'verify',
] as const

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 } as const
export const Duration = z
  .string()
  .regex(/^[1-9]\d*[smh]$/, { error: 'expected a duration such as 90s, 30m or 6h' })
  .transform((text) => Number(text.slice(0, -1)) * UNITS[text.at(-1) as keyof typeof UNITS])

const Step = z.strictObject({
  call: z.enum(CALLS),
  /** `until-idle`: again while the function says `more`, and at its `nextAt` while that is before the deadline. */
  repeat: z.literal('until-idle').optional(),
  /** Calls under way at once. */
  parallel: z.int().min(1).max(32).default(1),
  /** Milliseconds a repeated step may take from its beginning, across restarts. */
  deadline: Duration.prefault('1h'),
  /** The longest a repeated step waits for one `nextAt`, milliseconds; absent: up to its deadline. */
  wait: Duration.optional(),
  body: z.record(z.string(), z.json()).default({}),
})

const Chain = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  schedule: z.string().refine(isPattern, {
    error: (issue) =>
      `expected a cron pattern of five fields (minute, hour, day, month, weekday) such as "30 20 * * 1-5", got ${JSON.stringify(issue.input)}`,
  }),
  timezone: z
    .string()
    .refine(isZone, { error: (issue) => `expected a time zone such as America/New_York, got ${issue.input}` }),
  /** Whether the first start of a node plays the newest instant before it; otherwise the node waits for the next one. */
  catch_up: z.boolean().optional(),
  steps: z.array(Step).min(1),
})

const CronFile = z.strictObject({
  // Firings are remembered by the chain's id: two chains of one id would take each other's.
  chains: z.array(Chain).superRefine((chains, context) => {
    for (const [index, { id }] of chains.entries()) {
      if (chains.findIndex((chain) => chain.id === id) === index) continue
      context.addIssue({ code: 'custom', path: [index, 'id'], message: `${id} is the id of two chains` })
    }
  }),
})

export type Chain = z.output<typeof Chain>
export type Step = z.output<typeof Step>

export interface CronTerms {
  /** The deadline of chain `night`'s longest dispatch step, which works off the backlog, milliseconds; null: what the file says. */
  nightDeadlineMs?: number | null
}

/** Throws a ConfigError that lists every fault with the file, the path and the line. */
export async function loadCron(file: string, { nightDeadlineMs = null }: CronTerms = {}): Promise<Chain[]> {
  const faults: string[] = []
  const read = await readChecked(file, CronFile, faults, 'CRON_FILE')
  if (read === undefined) throw new ConfigError(faults)
  return nightDeadlineMs === null ? read.value.chains : withNightDeadline(read.value.chains, nightDeadlineMs, file)
}

function withNightDeadline(chains: Chain[], deadline: number, file: string): Chain[] {
  const night = chains.find(({ id }) => id === 'night')
  const dispatches =
    night?.steps.filter(({ call, repeat }) => call === 'dispatch-one-task' && repeat !== undefined) ?? []
  const [longest] = dispatches.toSorted((a, b) => b.deadline - a.deadline)
  if (!night || !longest) {
    throw new ConfigError([`NIGHT_DEADLINE: ${file} has no chain night with a repeated step dispatch-one-task`])
  }
  const steps = night.steps.map((step) => (step === longest ? { ...step, deadline } : step))
  return chains.map((chain) => (chain === night ? { ...chain, steps } : chain))
}

/** The newest scheduled instant of a chain in (after, now], or null. Pure: croner only does the calendar arithmetic. */
export function newestDue(chain: Chain, after: number, now: number): number | null {
  const cron = new Cron(chain.schedule, { timezone: chain.timezone, paused: true })
  let due: number | null = null
  for (let next = cron.nextRun(new Date(after)); next && next.getTime() <= now; next = cron.nextRun(next)) {
    due = next.getTime()
  }
  return due
}

/** The first scheduled instant of a chain after an instant, or null when there is none. */
export function nextAfter(chain: Chain, after: number): number | null {
  const cron = new Cron(chain.schedule, { timezone: chain.timezone, paused: true })
  return cron.nextRun(new Date(after))?.getTime() ?? null
}

function isPattern(text: string): boolean {
  try {
    return new Cron(text, { paused: true }).nextRun() !== undefined
  } catch {
    return false
  }
}
