/** Calls that the plans of this process still mean to send: another plan that counted on them would be cut, and leave a scatter of cells. */

export interface PromisedCalls {
  /** A plan of an account's vendor was claimed under a token. */
  promise(account: string, token: string, calls: number): void
  /** One of them was sent, or will not be. */
  sent(token: string): void
  end(token: string): void
  of(account: string): number
}

/** In memory alone: plans of other processes are not known, and then the budget cuts the longer one. */
export function promisedCalls(): PromisedCalls {
  const plans = new Map<string, { account: string; calls: number }>()
  return {
    promise: (account, token, calls) => void plans.set(token, { account, calls }),
    sent(token) {
      const plan = plans.get(token)
      if (plan) plan.calls = Math.max(0, plan.calls - 1)
    },
    end: (token) => void plans.delete(token),
    of: (account) => [...plans.values()].reduce((sum, plan) => (plan.account === account ? sum + plan.calls : sum), 0),
  }
}
