/** How a cell stands, in a few plain words; one place, so that a page never says two things. Pure. */
import type { Explanation } from './explanation.ts'

export interface Standing {
  level: 'good' | 'warn' | 'bad'
  sentence: string
}

type Known = Pick<Explanation, 'coverage' | 'qc' | 'absence' | 'expected' | 'partition' | 'task'>

export function standingOf({ coverage, qc, absence, expected, partition, task }: Known): Standing {
  if (coverage.held) return { level: 'bad', sentence: 'Held by QC and left out of bundles (RED).' }
  if (coverage.present) {
    // Judged before its newest change is not judged.
    const status = partition.stage === 'judged' ? qc.status : null
    switch (status) {
      case 'GREEN':
        return coverage.short
          ? { level: 'warn', sentence: 'There, with fewer rows than expected (GREEN).' }
          : { level: 'good', sentence: 'Good (GREEN).' }
      case 'AMBER':
        return { level: 'warn', sentence: 'There, with a remark by QC (AMBER).' }
      case 'RED':
        return { level: 'bad', sentence: 'There, and refused by QC (RED).' }
      case null:
        return { level: 'warn', sentence: 'There, and not judged yet.' }
      default:
        return status satisfies never
    }
  }
  if (!expected.isExpected) return { level: 'good', sentence: 'Not expected.' }
  if (coverage.absent || absence?.source === 'rule') return { level: 'good', sentence: 'Absent, and explained.' }
  if (task?.state === 'stalled') return { level: 'bad', sentence: 'Missing, and given up.' }
  return { level: 'warn', sentence: absence === null ? 'Missing.' : 'Missing for now.' }
}
