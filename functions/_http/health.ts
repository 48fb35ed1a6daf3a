/** What is wrong with the machine right now, in words: guards and watches add their reasons here, `/readyz` and `/status` show them. */

export interface Reason {
  /** What is wrong, as a sentence. */
  what: string
  /** Epoch ms by this node's clock at which it was noticed. */
  since: number
  /** What a person can do about it, as a sentence. */
  todo: string
  /** True where the node cannot serve until it is over; otherwise it is degraded. */
  isDown?: boolean
}

/** Asked whenever somebody wants to know: cheap, and never throws for what it watches. */
export type HealthProvider = () => Reason[] | Promise<Reason[]>

export interface Health {
  add(provider: HealthProvider): void
  reasons(): Promise<Reason[]>
}

export function createHealth(): Health {
  const providers: HealthProvider[] = []
  return {
    add: (provider) => void providers.push(provider),
    reasons: async () => (await Promise.all(providers.map((provider) => provider()))).flat(),
  }
}
