/** The version of the rules, for the ledger: two judgements of the same bars under one version come out alike. */
import { createHash } from 'node:crypto'
import type { QcConfig } from './schema.ts'

/** Count up with every change of the code that changes a verdict; thresholds count by themselves. */
const RULES = 6
const DIGITS = 8

/** The name in qc.yaml, and a hash of all its thresholds, defaults included, and of the version of the code. How much is asked for judges nothing. */
export function rulesetOf(qc: QcConfig): string {
  const { asking: _, ...judging } = qc
  const rules = JSON.stringify([RULES, sorted(judging)])
  return `${qc.ruleset}-${createHash('sha256').update(rules).digest('hex').slice(0, DIGITS)}`
}

/** The same whatever the order in the file. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => [key, sorted(entry)])
}
