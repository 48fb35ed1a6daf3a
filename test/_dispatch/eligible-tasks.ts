/** Which vendor could be asked for which queued task at an instant: computed task by task from the rows, without the eligibility buckets. */
import { sql } from 'drizzle-orm'
import { COUNTED_MS, slotOf } from '../../db/budgets/take-calls.ts'
import type { Db } from '../../db/client.ts'
import type { openHarness } from './worker-harness.ts'

const DAY = 86_400_000

interface Task {
  dataset: string
  symbol: string
  dt: string
  lane: 'today' | 'backfill'
  vendor: string | null
  nextAt: number
}

interface Refusal {
  vendor: string
  dataset: string
  symbol: string
  fromDt: string
  toDt: string
  until: number
}

type Harness = Pick<ReturnType<typeof openHarness>, 'context' | 'sent' | 'pauses'>

/** As `vendor dataset symbol dt`; what is leased is nobody's. */
export async function freeWork(db: Db, floor: Harness, at: number): Promise<string[]> {
  const tasks = await db.all<Task>(
    sql`SELECT dataset, symbol, dt, lane, vendor, next_at AS nextAt FROM gap_tasks WHERE state = 'queued'`,
  )
  const refusals = await db.all<Refusal>(sql`
    SELECT vendor, dataset, symbol, from_dt AS fromDt, to_dt AS toDt, until FROM demotions`)
  const answers = await db.all<Omit<Refusal, 'fromDt' | 'toDt'> & { dt: string }>(
    sql`SELECT vendor, dataset, symbol, dt, ask_again_at AS until FROM attempts`,
  )
  const blocks = await db.all<{ vendor: string; until: number }>(
    sql`SELECT vendor, blocked_until AS until FROM circuits`,
  )
  const mayAsk = (vendor: string, { dataset, symbol, dt, vendor: only }: Task): boolean => {
    if (only !== null && only !== vendor) return false
    const isOf = (one: { vendor: string; dataset: string; until: number }) =>
      one.vendor === vendor && one.dataset === dataset && one.until > at
    const isDemoted = refusals.some(
      (one) => isOf(one) && ['*', symbol].includes(one.symbol) && dt >= one.fromDt && dt <= one.toDt,
    )
    const hasAnswered = answers.some((one) => isOf(one) && one.symbol === symbol && one.dt === dt)
    return !isDemoted && (only === vendor || !hasAnswered)
  }
  return floor.context.vendors.flatMap(({ name, config }) =>
    tasks
      .filter((task) => {
        const terms = config.datasets[task.dataset as keyof typeof config.datasets]
        if (terms === undefined || !('from' in terms.history) || task.dt < terms.history.from) return false
        if (task.nextAt > at || blocks.some(({ vendor, until }) => vendor === name && until > at)) return false
        return mayAsk(name, task) && hasCall(floor, config.account ?? name, config, task.lane, at)
      })
      .map(({ dataset, symbol, dt }) => `${name} ${dataset} ${symbol} ${dt}`),
  )
}

/** Whether an account's limits leave a lane one more call, by the calls that really left. */
function hasCall(
  { sent, pauses }: Harness,
  account: string,
  limits: { calls_per_minute: number; calls_per_day: number | null; today_share: number },
  lane: Task['lane'],
  at: number,
): boolean {
  const { calls_per_minute: all, calls_per_day: perDay, today_share: share } = limits
  const ofBackfill = Math.max(Math.min(1, all), all - Math.floor(all * share))
  const mine = sent.filter((call) => call.account === account)
  // Calls are counted by slots, so one counts until its whole slot is a minute ago.
  const lately = mine.filter((call) => slotOf(call.at) > at - COUNTED_MS)
  const today = mine.filter((call) => Math.floor(call.at / DAY) === Math.floor(at / DAY))
  if (pauses.some((pause) => pause.account === account && pause.until > at)) return false
  if (lately.length >= all || today.length >= (perDay ?? Number.POSITIVE_INFINITY)) return false
  // What went out for today came out of the share that backfill never has.
  return lane === 'today' || lately.filter((call) => call.lane === 'backfill').length < ofBackfill
}
