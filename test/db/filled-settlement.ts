/** The settlement of a filled cell. Benchmarks and worker processes use it too, so it imports no test runner. */
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import type { Settlement } from '../../db/gap-tasks/settlement.ts'

export const NEVER = Number.MAX_SAFE_INTEGER

/** Settles a task as filled with one row at `now`; `more` replaces fields. */
export const filledSettlement = (
  { id, symbol, dt }: Pick<QueuedTask, 'id' | 'symbol' | 'dt'>,
  now: number,
  more: Partial<Settlement> = {},
): Settlement => ({
  id,
  symbol,
  dt,
  outcome: 'filled',
  status: null,
  rows: 1,
  digest: `digest of ${symbol} ${dt}`,
  note: null,
  askAgainAt: NEVER,
  present: 1,
  short: 0,
  absence: null,
  recheckAt: null,
  state: 'done',
  nextAt: now,
  countsAsAttempt: 1,
  reread: 0,
  difference: null,
  refused: null,
  window: null,
  partition: dt.slice(0, 4),
  ...more,
})
