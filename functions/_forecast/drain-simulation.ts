/** Drain simulation (a fluid model): how long a backlog takes over accounts with rates. Pure arithmetic. */

/** Cells that the same vendors can do. */
export interface WorkClass {
  cells: number
  /** By vendor: cells one call is reckoned to settle, and from when it may be asked, epoch ms. */
  sources: { vendor: string; account: string; cellsPerCall: number; from: number }[]
}

export interface AccountRate {
  /** Calls per minute that are to be had in the long run. */
  perMinute: number
  /** Calls left today, and calls of each later UTC day; null where there is no cap. */
  leftToday: number | null
  perDay: number | null
  /** When the first call may be sent, epoch ms. */
  from: number
  /** When the calls that were sent lately stop counting, epoch ms, the soonest first. */
  releases: readonly { at: number; calls: number }[]
}

export interface DrainForecast {
  /** By pool: when it is empty, epoch ms; null when that takes longer than is looked ahead. */
  emptyAt: (number | null)[]
  /** By pool and vendor: cells it will have done, and calls for them. */
  shares: Map<string, { cells: number; calls: number }>[]
  /** By vendor: when it has nothing more to do, epoch ms; null like `emptyAt`. */
  idleAt: Map<string, number | null>
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const LONGEST_MS = 50 * 365 * DAY_MS
/** Less than this of a cell or a call is a rounding error. */
const NOTHING = 1e-6

/**
 * Every account spends its whole rate all the time on one pool: first on what fewest accounts can do, then on what it does best compared
 * with the others. Between two instants at which something changes (a pool runs dry, a day begins or its cap is used up, a vendor may be
 * asked again) all flows are constant, so the time is exact for this policy. It is close to the optimum of the assignment problem, and
 * like it knows nothing of cells that must be asked for twice.
 */
export function simulateDrain(
  pools: readonly WorkClass[],
  accounts: ReadonlyMap<string, AccountRate>,
  now: number,
): DrainForecast {
  const left = pools.map(({ cells }) => cells)
  const flow: DrainForecast = {
    emptyAt: left.map((cells) => (cells > NOTHING ? null : now)),
    shares: pools.map(() => new Map()),
    idleAt: new Map(pools.flatMap(({ sources }) => sources.map(({ vendor }) => [vendor, now]))),
  }
  const callsLeft = new Map([...accounts].map(([name, { leftToday }]) => [name, leftToday]))
  for (let at = now; at < now + LONGEST_MS; ) {
    const open = left.flatMap((cells, pool) => (cells > NOTHING ? [pool] : []))
    if (open.length === 0) return flow
    const flows = [...accounts].flatMap(([name, rate]) => {
      const isFree = rate.from <= at && rate.perMinute > 0 && (callsLeft.get(name) ?? 1) > NOTHING
      const best = isFree ? bestOf(pools, open, name, accounts, at) : null
      return best === null ? [] : [{ ...best, name, perMs: rate.perMinute / MINUTE_MS }]
    })
    const until = nextChange(pools, left, flows, accounts, callsLeft, at)
    if (until === null || until > now + LONGEST_MS) break
    for (const { pool, source, name, perMs } of flows) {
      const calls = (until - at) * perMs
      const cells = Math.min(left[pool]!, calls * source.cellsPerCall)
      left[pool]! -= cells
      const share = flow.shares[pool]!.get(source.vendor) ?? { cells: 0, calls: 0 }
      flow.shares[pool]!.set(source.vendor, { cells: share.cells + cells, calls: share.calls + calls })
      flow.idleAt.set(source.vendor, until)
      const cap = callsLeft.get(name)
      if (cap != null) callsLeft.set(name, cap - calls)
    }
    for (const pool of open) if (left[pool]! <= NOTHING) flow.emptyAt[pool] = until
    if (Math.floor(until / DAY_MS) > Math.floor(at / DAY_MS)) {
      for (const [name, { perDay }] of accounts) callsLeft.set(name, perDay)
    }
    at = until
  }
  // What is left will not be done: whoever could do some of it is never through.
  for (const [pool, { sources }] of pools.entries()) {
    if (left[pool]! > NOTHING) for (const { vendor } of sources) flow.idleAt.set(vendor, null)
  }
  return flow
}

type DatasetSource = WorkClass['sources'][number]

/** What an account does at an instant. */
function bestOf(
  pools: readonly WorkClass[],
  open: readonly number[],
  name: string,
  accounts: ReadonlyMap<string, AccountRate>,
  at: number,
): { pool: number; source: DatasetSource } | null {
  let best: { pool: number; source: DatasetSource; rivals: number; lead: number } | null = null
  for (const pool of open) {
    const { sources } = pools[pool]!
    const mine = sources.filter((one) => one.account === name && one.from <= at && one.cellsPerCall > 0)
    const source = mine.reduce<DatasetSource | null>((a, b) => (a && a.cellsPerCall >= b.cellsPerCall ? a : b), null)
    if (source === null) continue
    const perMinute = (one: DatasetSource): number => one.cellsPerCall * (accounts.get(one.account)?.perMinute ?? 0)
    const others = sources.filter((one) => one.account !== name)
    const rivals = new Set(others.map(({ account }) => account)).size
    const lead = perMinute(source) / Math.max(NOTHING, ...others.map(perMinute))
    if (best === null || rivals < best.rivals || (rivals === best.rivals && lead > best.lead)) {
      best = { pool, source, rivals, lead }
    }
  }
  return best
}

interface Rate {
  pool: number
  source: DatasetSource
  name: string
  perMs: number
}

/** The next instant at which somebody does something else; null when nobody ever does anything again. */
function nextChange(
  pools: readonly WorkClass[],
  left: readonly number[],
  flows: readonly Rate[],
  accounts: ReadonlyMap<string, AccountRate>,
  callsLeft: ReadonlyMap<string, number | null>,
  at: number,
): number | null {
  const speeds = new Map<number, number>()
  for (const { pool, source, perMs } of flows) {
    speeds.set(pool, (speeds.get(pool) ?? 0) + perMs * source.cellsPerCall)
  }
  const starts = [
    ...[...accounts.values()].map(({ from }) => from),
    ...pools.flatMap(({ sources }, pool) => (left[pool]! > NOTHING ? sources.map(({ from }) => from) : [])),
  ].filter((from) => from > at && from < at + LONGEST_MS)
  const isCapped = [...accounts.values()].some(({ perDay }) => perDay !== null && perDay > 0)
  const changes = [
    ...[...speeds].map(([pool, speed]) => at + left[pool]! / speed),
    ...flows.flatMap(({ name, perMs }) => {
      const cap = callsLeft.get(name)
      return cap == null ? [] : [at + cap / perMs]
    }),
    ...starts,
    ...(isCapped ? [(Math.floor(at / DAY_MS) + 1) * DAY_MS] : []),
  ]
  return changes.length === 0 ? null : Math.max(at + 1, Math.min(...changes))
}
