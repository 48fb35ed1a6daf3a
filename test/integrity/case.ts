/** What a case of the integrity suite is: a fault, how it is injected, and what a right node may make of it. */
import type { Workshop } from './workshop.ts'

/** `healed`: everything is as without the fault. `told`: what is missing is named, and nothing better was replaced. `refused`: the node does not touch it, and says why. */
export type Reaction = 'healed' | 'told' | 'refused'

export interface Outcome {
  /** How many times the fault was injected. */
  injections: number
  /** `wrong`: none of what may be. */
  did: Reaction | 'wrong'
  /** What happened, in a few words. */
  note: string
  /** What `verify deep` says of the root afterwards. */
  verdict: string
  wrongBundles: number
  lostCells: number
}

export interface Case {
  /** The fault, in words. */
  fault: string
  /** What a right node may do about it. */
  expected: readonly Reaction[]
  /** Null where this machine cannot inject it; `note` of the case says why. */
  run(workshop: Workshop): Promise<Outcome | { skipped: string }>
}
