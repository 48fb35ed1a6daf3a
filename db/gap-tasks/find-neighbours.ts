/** The tasks that a vendor's next call could also answer: those of the head's symbol, and those from the head's sort key on. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { claimableBy, isFree, type QueuedTask, taskColumns, type VendorReach } from './claimable.ts'
import { countDays } from './day-mask.ts'
import { openBuckets } from './eligibility.ts'

/** Tasks looked at for each that is wanted: however many are not free, a claim stays short. */
const LOOKS = 4
/** Tasks of the first statement, and of any. */
const FIRST = { least: 250, most: 2_000 }
const MOST = 8_000
/** Cells looked for first, against what is wanted: the last day that is read is as a rule not complete. */
const MORE = 1.25

interface Bucket {
  blockedFor: string
  lane: string
  priority: number
  headsKey: number
}

/** Tasks that the call could also answer, by day, then symbol. Between the two days, both inclusive, none is missing. */
export interface Neighbours {
  tasks: QueuedTask[]
  fromDt: string
  toDt: string
}

/**
 * Reads in the order of the queue until the complete days have `limit` cells, and then as many of the head's symbol, whatever their day.
 * Reads every bucket in the order of its index: sorting a whole queue would cost more than the call that is planned.
 */
export async function findNeighbours(db: Db, reach: VendorReach, head: QueuedTask, limit: number): Promise<Neighbours> {
  const buckets = await db.all<Bucket>(sql`WITH RECURSIVE ${openBuckets(reach)}
    SELECT blocked_for AS blockedFor, lane, priority, (SELECT h.sort_key FROM gap_tasks h WHERE h.id = ${head.id}) AS headsKey FROM buckets`)
  const found = new Map<number, QueuedTask>()
  let [fromDt, toDt] = ['0000-01-01', '9999-12-31']
  for (const bucket of buckets) {
    const { tasks, endsAt } = await inBucket(db, reach, bucket, limit, firstPage(head, limit))
    for (const task of tasks) found.set(task.id, task)
    if (endsAt === null) continue
    const { from, to } = knownBefore(endsAt)
    if (from > fromDt) fromDt = from
    if (to < toDt) toDt = to
  }
  for (const task of await ofSymbol(db, reach, head, limit)) found.set(task.id, task)
  // The head is among them.
  found.delete(head.id)
  return { tasks: [...found.values()].sort(byDayAndSymbol), fromDt, toDt }
}

/** As many tasks as would do if all were like the head, which stands for a day or for many of a month; what remains of a month says little. */
function firstPage({ days }: QueuedTask, limit: number): number {
  const cells = days === null ? 1 : countDays(days)
  return Math.min(FIRST.most, Math.max(FIRST.least, Math.ceil((MORE * limit) / cells)))
}

/** Days that no unread task can have when `sortKey` comes next: it begins on that day or later or, where the newest come first, on no later one. */
function knownBefore(sortKey: number): { from: string; to: string } {
  const text = String(Math.abs(sortKey))
  const month = `${text.slice(0, 4)}-${text.slice(4, 6)}`
  if (sortKey < 0) return { from: `${month}-32`, to: '9999-12-31' }
  return { from: '0000-01-01', to: `${month}-${String(Number(text.slice(6)) - 1).padStart(2, '0')}` }
}

/** How many days of a task lie between two. */
function cellsWithin({ dt, days }: QueuedTask, { from, to }: { from: string; to: string }): number {
  if (days === null) return dt >= from && dt <= to ? 1 : 0
  const month = dt.slice(0, 7)
  if (month < from.slice(0, 7) || month > to.slice(0, 7)) return 0
  const first = month === from.slice(0, 7) ? Number(from.slice(8)) : 1
  const last = month === to.slice(0, 7) ? Number(to.slice(8)) : 31
  return countDays(first > 31 ? 0 : days & (-1 << (first - 1)) & (2 ** last - 1))
}

// That an open task is not done is said in the words of the index, or it would not be used.
async function ofSymbol(db: Db, reach: VendorReach, head: QueuedTask, limit: number): Promise<QueuedTask[]> {
  const [found] = await db.all<InColumns>(sql`SELECT ${inColumns} FROM (SELECT ${taskColumns} ${claimableBy(reach)}
    AND t.symbol = ${head.symbol} AND t.done_at IS NULL ORDER BY t.dt LIMIT ${limit + 1})`)
  return inRows(found!)
}

/** Page by page until there are enough cells: how many tasks that takes is not known before. `endsAt`: the sort key before which every task is read, null when all are. */
async function inBucket(
  db: Db,
  reach: VendorReach,
  bucket: Bucket,
  limit: number,
  first: number,
): Promise<{ tasks: QueuedTask[]; endsAt: number | null }> {
  const tasks: QueuedTask[] = []
  let after = sql`(${bucket.headsKey}, 0)`
  let [looked, most] = [0, first]
  for (;;) {
    const page = await pageOf(db, reach, bucket, after, most)
    for (const task of inRows(page)) tasks.push(task)
    if (page.sortKey === null) return { tasks, endsAt: null }
    looked += most
    const known = knownBefore(page.sortKey)
    const complete = tasks.reduce((sum, task) => sum + cellsWithin(task, known), 0)
    if (complete >= limit) return { tasks, endsAt: page.sortKey }
    // Where nothing is complete, what was found has to do.
    if (looked >= LOOKS * limit) return { tasks, endsAt: complete === 0 ? null : page.sortKey }
    after = sql`(${page.sortKey}, ${page.last})`
    most = Math.min(MOST, 2 * most)
  }
}

/** Tasks of a bucket after a sort key and an id, and where the next page begins; nulls when this is the last. */
type Page = InColumns & ({ sortKey: number; last: number } | { sortKey: null; last: null })

async function pageOf(
  db: Db,
  reach: VendorReach,
  { blockedFor, lane, priority }: Bucket,
  after: SQL,
  most: number,
): Promise<Page> {
  const { dataset, fromDt, toDt } = reach
  const [page] = await db.all<Page>(sql`
    WITH looked AS MATERIALIZED (SELECT * FROM gap_tasks t INDEXED BY gap_tasks_queue
      WHERE t.state = 'queued' AND t.dataset = ${dataset} AND t.blocked_for = ${blockedFor} AND t.lane = ${lane}
        AND t.priority = ${priority} AND (t.sort_key, t.id) > ${after} ORDER BY t.sort_key, t.id LIMIT ${most})
    SELECT ${inColumns}, (SELECT sort_key FROM looked LIMIT 1 OFFSET ${most - 1}) AS sortKey, (SELECT id FROM looked LIMIT 1 OFFSET ${most - 1}) AS last
    FROM (SELECT ${taskColumns} FROM looked t WHERE t.dt BETWEEN ${fromDt} AND ${toDt} AND ${isFree(reach)})`)
  return page!
}

/** Thousands of rows cost more to hand over than to find: each column comes as one text. */
type InColumns = Record<keyof QueuedTask, string>

const COLUMNS = ['id', 'symbol', 'dt', 'days', 'lane', 'priority', 'expectedRows', 'reason', 'attempts'] as const
const inColumns = sql.raw(COLUMNS.map((name) => `json_group_array(${name}) AS ${name}`).join(', '))

function inRows(columns: InColumns): QueuedTask[] {
  const [
    id = [],
    symbol = [],
    dt = [],
    days = [],
    lane = [],
    priority = [],
    expectedRows = [],
    reason = [],
    attempts = [],
  ] = COLUMNS.map((name) => JSON.parse(columns[name]) as never[])
  return id.map((one, at) => ({
    id: one,
    symbol: symbol[at]!,
    dt: dt[at]!,
    days: days[at]!,
    lane: lane[at]!,
    priority: priority[at]!,
    expectedRows: expectedRows[at]!,
    reason: reason[at]!,
    attempts: attempts[at]!,
  }))
}

const byDayAndSymbol = (a: QueuedTask, b: QueuedTask): number => {
  if (a.dt !== b.dt) return a.dt < b.dt ? -1 : 1
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1
  return 0
}
