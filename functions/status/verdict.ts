/** How the node is, in one line: the reasons of `/readyz`, and else what it did last and does next. Pure. */
import type { ShownReason } from '../_http/health.ts'
import { nightOf } from '../_http/night-chain.ts'
import type { ChainState } from '../_http/node.ts'

export interface Verdict {
  level: 'good' | 'warn' | 'bad'
  /** Before the instants and the bundle. */
  word: string
  /** What is wrong and what to do, a sentence each. */
  reasons: string[]
  /** Of the chains under way the one with the most steps. */
  running: { chain: string; call: string; step: number; steps: number; since: string | null } | null
  /** When the night fires next. */
  nextAt: string | null
}

export function verdictOf(reasons: readonly ShownReason[], chains: readonly ChainState[]): Verdict {
  const running = chains
    .flatMap(({ id, running: now }) => (now === null ? [] : [{ chain: id, ...now }]))
    .sort((a, b) => b.steps - a.steps)[0]
  const isDown = reasons.some((reason) => reason.isDown)
  return {
    level: isDown ? 'bad' : reasons.length > 0 ? 'warn' : 'good',
    word: isDown ? 'Down: nothing is written.' : reasons.length > 0 ? 'Needs attention.' : 'Well.',
    reasons: [...reasons].sort((a, b) => Number(b.isDown) - Number(a.isDown)).map(({ sentence }) => sentence),
    running: running ?? null,
    nextAt: nightOf(chains)?.nextAt ?? null,
  }
}
