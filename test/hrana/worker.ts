/** `worker URL NAME LEASE_MS`: claims and settles what is queued at a server until nothing is left. Prints what it settled, and what it was told of failures. */
import { randomUUID } from 'node:crypto'
import { openDb } from '../../db/client.ts'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { findNeighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { nextDue } from '../../db/gap-tasks/next-due.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { settleTasks } from '../../db/gap-tasks/settle-tasks.ts'
import { filledSettlement } from '../db/filled-settlement.ts'

export interface WorkerReport {
  /** Ids in the order they were settled. */
  settled: number[]
  /** Sentences of whatever a verb threw. */
  failures: string[]
}

const DATASET = 'equities_bars'
const CALL = 7
const PAUSE_MS = 100
const MAX_ATTEMPTS = 50

const [url = '', vendor = '', lease = ''] = process.argv.slice(2)
const LEASE_MS = Number(lease)
const db = await openDb(url)
const report: WorkerReport = { settled: [], failures: [] }

/** False when nothing is left. */
async function turn(): Promise<boolean> {
  const now = Date.now()
  await reapLeases(db, MAX_ATTEMPTS, now)
  const reach = { vendor, dataset: DATASET, fromDt: '2000-01-01', toDt: '2030-01-01', lane: null, now }
  const head = await findHead(db, reach)
  if (!head) {
    if ((await nextDue(db, null, now)) === null) return false
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    return true
  }
  const offered = [head, ...(await findNeighbours(db, reach, head, CALL)).tasks].slice(0, CALL)
  const token = randomUUID()
  const ids = offered.map(({ id }) => id)
  const taken = await claimTasks(db, { ids, vendor, token, holder: vendor, now, leaseExpiresAt: now + LEASE_MS })
  const mine = offered.filter(({ id }) => taken.has(id))
  if (mine.length === 0) return true
  const settlements = mine.map((task) => filledSettlement(task, now))
  const settled = await settleTasks(db, {
    token,
    vendor,
    dataset: DATASET,
    settlements,
    asOf: now,
    now,
  })
  if (settled === mine.length) report.settled.push(...mine.map(({ id }) => id))
  return true
}

for (let more = true; more; ) {
  try {
    more = await turn()
  } catch (error) {
    report.failures.push(error instanceof Error ? error.message : String(error))
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
db.close()
process.stdout.write(`${JSON.stringify(report)}\n`)
