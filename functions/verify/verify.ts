/** Runs checks place by place, for as long as it is given, and says where to go on: killed anywhere, a run continues at its cursor. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { type Check, type ContextWithDb, type FindingKind, MODES, type Mode, type VerifyContext } from './check.ts'
import { CHECKS } from './checks/index.ts'

export interface Finding extends FindingKind {
  kind: string
  /** The path or the cell. */
  where: string
  expected: string
  found: string
}

/** A place that could not be looked at, so that nothing is known of it. */
export interface Failure {
  check: string
  place: string
  error: string
}

export interface Verified {
  /** Things looked at: files, cells, lines. */
  checked: number
  /** The first of each kind; all are counted in `counts`. */
  findings: Finding[]
  counts: Record<string, number>
  failures: Failure[]
  /** Checks that did not run because there is no database. */
  skipped: string[]
  /** The last place looked at, for the next call; null at the end. */
  cursor: string | null
  /** Places looked at and places there are, of the whole run. */
  done: number
  places: number
}

export interface VerifyTerms {
  mode: Mode
  /** Where an earlier call ended; null to begin. */
  cursor: string | null
  /** Milliseconds after which no other place is begun; absent: to the end. */
  milliseconds?: number
  /** Findings listed of each kind. */
  listed: number
  /** Absent: all. */
  checks?: readonly Check[]
  /** Hears of each place that is done. */
  onPlace?(done: number, places: number, cursor: string): void
}

interface Step {
  check: Check
  place: string
}

/** A cursor that no call of this mode gave out. */
export class UnknownCursor extends Error {
  constructor(cursor: string) {
    super(`cursor: no check of this mode ended at ${JSON.stringify(cursor)}: leave it out to begin`)
    this.name = 'UnknownCursor'
  }
}

export const nothingVerified = (): Verified => ({
  checked: 0,
  findings: [],
  counts: {},
  failures: [],
  skipped: [],
  cursor: null,
  done: 0,
  places: 0,
})

/** Checks of a mode: its own and those of the less thorough ones. */
export const checksOf = (mode: Mode, checks: readonly Check[] = CHECKS): Check[] =>
  checks.filter((check) => MODES.indexOf(check.mode) <= MODES.indexOf(mode))

/** Throws UnknownCursor. A place that cannot be looked at is told in `failures` and stops nothing else. */
export async function verify(context: VerifyContext, terms: VerifyTerms): Promise<Verified> {
  const begun = context.elapsed()
  const chosen = checksOf(terms.mode, terms.checks)
  const checks = chosen.filter((check) => context.db !== null || !check.needsDb)
  const verified = nothingVerified()
  verified.skipped = chosen.filter((check) => !checks.includes(check)).map(({ id }) => id)
  // Those that need a database are only among them where there is one.
  const held = context as ContextWithDb
  const steps = await stepsOf(held, checks, verified)
  verified.places = steps.length
  verified.done = stepsBefore(steps, checks, terms.cursor)
  let last = terms.cursor
  while (verified.done < steps.length) {
    const step = steps[verified.done] as Step
    await lookAt(held, step, terms.listed, verified)
    verified.done += 1
    last = `${step.check.id} ${step.place}`
    terms.onPlace?.(verified.done, verified.places, last)
    if (terms.milliseconds !== undefined && context.elapsed() - begun >= terms.milliseconds) break
    await yieldToEventLoop()
  }
  verified.cursor = verified.done < steps.length ? last : null
  return verified
}

/** Check by check, and within a check by place. */
async function stepsOf(context: ContextWithDb, checks: readonly Check[], verified: Verified): Promise<Step[]> {
  const steps: Step[] = []
  for (const check of checks) {
    try {
      for (const place of (await check.places(context)).toSorted(byText)) steps.push({ check, place })
    } catch (error) {
      verified.failures.push({ check: check.id, place: '', error: textOf(error) })
    }
  }
  return steps
}

/** How many steps an earlier call has done. Places may have come or gone since: what sorts behind the cursor is still to come. */
function stepsBefore(steps: readonly Step[], checks: readonly Check[], cursor: string | null): number {
  if (cursor === null) return 0
  const space = cursor.indexOf(' ')
  const [id, place] = [cursor.slice(0, space), cursor.slice(space + 1)]
  const at = checks.findIndex((check) => check.id === id)
  if (space < 0 || at < 0) throw new UnknownCursor(cursor)
  const isLater = (step: Step): boolean => {
    const own = checks.indexOf(step.check)
    return own > at || (own === at && byText(step.place, place) > 0)
  }
  const next = steps.findIndex(isLater)
  return next < 0 ? steps.length : next
}

type Found = Omit<Finding, keyof FindingKind>

async function lookAt(
  context: ContextWithDb,
  { check, place }: Step,
  listed: number,
  verified: Verified,
): Promise<void> {
  try {
    const { checked, found } = await lookOnce(context, check, place)
    verified.checked += checked
    for (const one of await confirmed(context, check, place, found)) {
      const counted = (verified.counts[one.kind] ?? 0) + 1
      verified.counts[one.kind] = counted
      const kind = check.kinds[one.kind]
      if (counted <= listed && kind) verified.findings.push({ ...one, ...kind })
    }
  } catch (error) {
    verified.failures.push({ check: check.id, place, error: textOf(error) })
  }
}

/** A node at work may have been between a file and its row when it was looked at: what is wrong is wrong twice. */
async function confirmed(
  context: ContextWithDb,
  check: Check,
  place: string,
  found: readonly Found[],
): Promise<readonly Found[]> {
  if (!context.isLive || found.length === 0) return found
  const again = new Set((await lookOnce(context, check, place)).found.map(keyOf))
  return found.filter((one) => again.has(keyOf(one)))
}

async function lookOnce(
  context: ContextWithDb,
  check: Check,
  place: string,
): Promise<{ checked: number; found: Found[] }> {
  const found: Found[] = []
  const checked = await check.look(context, place, (kind, where, expected, seen) => {
    found.push({ kind, where, expected, found: seen })
  })
  return { checked, found }
}

const keyOf = ({ kind, where }: Found): string => `${kind} ${where}`
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500)
