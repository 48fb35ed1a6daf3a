/** Several injections of one fault as one outcome: what they came to in the worst case. */
import type { Outcome } from './case.ts'

const RANK: Outcome['did'][] = ['healed', 'told', 'refused', 'wrong']

/** Counts are added up; note and verdict are those of the worst, of equal ones the first. */
export function worstOf(outcomes: readonly Outcome[]): Outcome {
  const [first] = outcomes
  if (first === undefined) throw new Error('expected at least one outcome')
  const worst = outcomes.reduce((a, b) => (RANK.indexOf(b.did) > RANK.indexOf(a.did) ? b : a), first)
  const sum = (of: (one: Outcome) => number): number => outcomes.reduce((all, one) => all + of(one), 0)
  return {
    ...worst,
    injections: sum(({ injections }) => injections),
    wrongBundles: sum(({ wrongBundles }) => wrongBundles),
    lostCells: sum(({ lostCells }) => lostCells),
  }
}
