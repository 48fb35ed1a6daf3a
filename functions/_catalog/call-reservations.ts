/** Calls that the plans of this process will still send. A new plan must not count on them, or the rate limiter would cut it half-way. */

export interface CallReservations {
  /** A plan of one of the account's vendors was claimed under a token. */
  reserve(account: string, token: string, calls: number): void
  /** One of the plan's calls was sent. */
  consume(token: string): void
  /** The plan has ended: its calls are free again. */
  release(token: string): void
  /** Calls reserved of an account. */
  reserved(account: string): number
}

/** Reservations in this process's memory. Plans of other processes are unknown; the rate limiter cuts the longer plan then. */
export function callReservations(): CallReservations {
  const plans = new Map<string, { account: string; calls: number }>()
  return {
    reserve: (account, token, calls) => void plans.set(token, { account, calls }),
    consume(token) {
      const plan = plans.get(token)
      if (plan) plan.calls = Math.max(0, plan.calls - 1)
    },
    release: (token) => void plans.delete(token),
    reserved: (account) =>
      [...plans.values()].reduce((sum, plan) => (plan.account === account ? sum + plan.calls : sum), 0),
  }
}
