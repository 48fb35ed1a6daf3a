/** What a run of `verify` came to: its slices put together, the words for people, and the exit code. */
import { SEVERITIES, type Severity } from './check.ts'
import { CHECKS } from './checks/index.ts'
import type { Finding, Verified } from './verify.ts'

/** 0: nothing is wrong. 1: damage that the node heals by itself at the next night, or has reported. 2: data lost, or a wrong bundle. 3: something could not be looked at. */
export type ExitCode = 0 | 1 | 2 | 3

const MOST_FAILURES = 100

/** Adds a later slice to what earlier ones found, and keeps at most `listed` findings of each kind. */
export function addSlice(sum: Verified, slice: Verified, listed: number): Verified {
  const findings = [...sum.findings]
  for (const finding of slice.findings) {
    if (findings.filter(({ kind }) => kind === finding.kind).length < listed) findings.push(finding)
  }
  const counts = { ...sum.counts }
  for (const [kind, count] of Object.entries(slice.counts)) counts[kind] = (counts[kind] ?? 0) + count
  return {
    findings,
    counts,
    checked: sum.checked + slice.checked,
    failures: [...sum.failures, ...slice.failures].slice(0, MOST_FAILURES),
    skipped: [...new Set([...sum.skipped, ...slice.skipped])],
    cursor: slice.cursor,
    done: slice.done,
    places: slice.places,
  }
}

const KINDS = new Map(CHECKS.flatMap((check) => Object.entries(check.kinds)))

/** How many findings there are of each severity. */
export function countsBySeverity(counts: Verified['counts']): Record<Severity, number> {
  const sums: Record<Severity, number> = { info: 0, warning: 0, error: 0 }
  for (const [kind, count] of Object.entries(counts)) sums[KINDS.get(kind)?.severity ?? 'error'] += count
  return sums
}

export function exitCodeOf(verified: Pick<Verified, 'counts' | 'failures' | 'skipped'>): ExitCode {
  const { warning, error } = countsBySeverity(verified.counts)
  if (error > 0) return 2
  if (verified.failures.length > 0 || verified.skipped.length > 0) return 3
  return warning > 0 ? 1 : 0
}

const VERDICTS: Record<ExitCode, string> = {
  0: 'nothing is wrong',
  1: 'the node heals this by itself at the next night, or has reported it',
  2: 'data is lost, or a bundle is wrong',
  3: 'not everything could be looked at',
}

/** The report for people, the worst first. */
export function reportText(verified: Verified, mode: string): string {
  const lines: string[] = []
  for (const severity of SEVERITIES.toReversed()) {
    for (const kind of Object.keys(verified.counts).sort()) {
      if ((KINDS.get(kind)?.severity ?? 'error') === severity) lines.push(...kindLines(verified, kind))
    }
  }
  for (const { check, place, error } of verified.failures) lines.push(`not looked at: ${check} ${place}: ${error}`)
  if (verified.skipped.length > 0) lines.push(`not run, for want of a database: ${verified.skipped.join(', ')}`)
  const { info, warning, error } = countsBySeverity(verified.counts)
  const counted = `${error} errors, ${warning} warnings, ${info} notes`
  lines.push(`verify ${mode}: ${verified.checked} things checked, ${counted}: ${VERDICTS[exitCodeOf(verified)]}`)
  return lines.join('\n')
}

function kindLines({ findings, counts }: Verified, kind: string): string[] {
  const terms = KINDS.get(kind)
  const own = findings.filter((finding) => finding.kind === kind)
  const more = (counts[kind] ?? 0) - own.length
  return [
    `${terms?.severity ?? 'error'} ${terms?.invariant ?? ''} ${kind} (${counts[kind]}): ${terms?.means ?? ''}`,
    ...own.map(({ where, expected, found }: Finding) => `    ${where}: expected ${expected}, found ${found}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
    `    ${terms?.todo ?? ''}`,
  ]
}
