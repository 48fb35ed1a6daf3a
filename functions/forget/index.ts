/** POST /forget: removes cells that the configuration no longer expects from files, manifests, coverage and evidence. Expected cells are refused in words. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { dropAnswers } from '../../db/attempts/drop-answers.ts'
import { unwantedOfDay } from '../../db/attempts/unwanted-of-day.ts'
import { daysOfNones } from '../../db/empty-months/none-months.ts'
import { dropUnexpected } from '../../db/gap-tasks/drop-unexpected.ts'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import { daysOfAttempts } from '../../db/manifests/stored-versions.ts'
import { dropPartition } from '../../db/partitions/drop-partition.ts'
import { expectedPartitions } from '../_expected/expected.ts'
import type { FunctionAnswer } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { removeDurable } from '../_lake/atomic.ts'
import { curatedFile, ledgerFragment } from '../_lake/paths.ts'
import { addDays, type Dt, dayBit, monthOf } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { replayManifests } from '../_recovery/replay-manifests.ts'
import { countDay, type ForgottenDay, forgetDay } from './forget-day.ts'
import { type ForgetBody, type ForgetScope, refusalsOf, scopesOf } from './request.ts'

/** A call ends with the day on which it has forgotten so many cells, or worked for so long. */
const CELLS_PER_CALL = 20_000
const MS_PER_CALL = 20_000

/** Safe to kill anywhere, to repeat, and to call twice at once: what is left is found again. A dry run looks at everything and changes nothing. */
export async function forget(
  node: Node,
  body: ForgetBody,
  cellsPerCall: number = CELLS_PER_CALL,
): Promise<FunctionAnswer> {
  const scopes = scopesOf(node, body)
  const { dryRun } = body
  const counts = { cells: 0, files: 0, bytes: 0 }
  const started = node.elapsed()
  const isSpent = (): boolean =>
    !dryRun && (counts.cells >= cellsPerCall || (counts.cells > 0 && node.elapsed() - started > MS_PER_CALL))
  let more = false
  if (!dryRun) await prepare(node, scopes)
  for (const scope of scopes) {
    const expected = expectedSymbols(scope)
    const wanted = wantedPartitions(node, scope)
    for (const dt of (await daysAnswered(node.db, scope.dataset)).filter(scope.isInWindow)) {
      more = isSpent()
      if (more) break
      const day = await forgetDayOfAll(node, scope, {
        dt,
        expected: expected(dt),
        isWanted: wanted.has(partitionOf(scope.spec.partition, dt)),
        dryRun,
      })
      counts.cells += day.cells
      counts.files += day.files
      counts.bytes += day.bytes
      await yieldToEventLoop()
    }
    if (more) break
  }
  const refused = refusalsOf(scopes, body)
  node.log('forget.completed', { dryRun, ...counts, more })
  return { dryRun, ...counts, ...(refused.length === 0 ? {} : { refused }), more, nextAt: null }
}

/** The days any vendor has spoken of, ascending. */
async function daysAnswered(db: Node['db'], dataset: string): Promise<Dt[]> {
  const days = new Set([...(await daysOfAttempts(db, dataset)), ...(await daysOfNones(db, dataset))])
  return [...days].sort()
}

/** Whoever came late left lines that the database has not seen; and what is queued would be fetched again. */
async function prepare(node: Node, scopes: readonly ForgetScope[]): Promise<void> {
  const marks = await manifestMarks(node.db)
  await replayManifests(node, (path) => marks.get(path) ?? 0)
  for (const { dataset, ranges, asof } of scopes) await dropUnexpected(node.db, dataset, ranges, asof, node.now())
}

/** Those that hold expected cells; a disabled dataset has none. */
const wantedPartitions = ({ config }: Node, { spec, ranges, asof }: ForgetScope): Set<string> =>
  new Set(ranges.length === 0 ? [] : expectedPartitions(config, spec, asof).map(({ partition }) => partition))

interface Day {
  dt: Dt
  /** The symbols expected on that day, as a JSON list. */
  expected: string
  /** Whether anything of its partition is expected. */
  isWanted: boolean
  dryRun: boolean
}

async function forgetDayOfAll(node: Node, scope: ForgetScope, day: Day): Promise<ForgottenDay> {
  const { dataset, spec, symbol } = scope
  const { dt, expected, dryRun } = day
  const sum: ForgottenDay = { cells: 0, files: 0, bytes: 0 }
  const unwanted = await unwantedOfDay(node.db, { dataset, dt, symbol }, expected)
  if (unwanted.length === 0) return sum
  const isVersion = ({ version }: (typeof unwanted)[number]): boolean => version !== 'none'
  const partition = partitionOf(spec.partition, dt)
  if (!dryRun && !day.isWanted) await dropDerived(node, scope, partition)
  for (const vendor of new Set(unwanted.filter(isVersion).map((one) => one.vendor))) {
    const versions = async () =>
      (await unwantedOfDay(node.db, { dataset, dt, symbol }, expected)).filter(
        (one) => one.vendor === vendor && isVersion(one),
      )
    const done = await (dryRun ? countDay : forgetDay)(node, scope, { vendor, dt, versions })
    sum.cells += done.cells
    sum.files += done.files
    sum.bytes += done.bytes
  }
  const symbols = [...new Set(unwanted.map((one) => one.symbol))]
  if (!dryRun) await dropAnswers(node.db, { dataset, dt, month: monthOf(dt), bit: dayBit(dt), symbols })
  return sum
}

/** Nobody makes the files of a partition again of which nothing is expected. Of any other the cells' partition is touched, and they are. */
async function dropDerived({ lake, db }: Node, { dataset, spec }: ForgetScope, partition: string): Promise<void> {
  await removeDurable(curatedFile(lake.root, dataset, spec.partition, partition))
  await removeDurable(ledgerFragment(lake.root, dataset, partition))
  await dropPartition(db, { dataset, partition })
}

/** The symbols expected on a day, as a JSON list. It changes where a life begins or has ended, and is made once for the days between. */
function expectedSymbols({ ranges }: ForgetScope): (dt: Dt) => string {
  const borders = [...new Set(ranges.flatMap(({ fromDt, toDt }) => [fromDt, addDays(toDt, 1)]))].sort()
  let next = 0
  let text = '[]'
  return (dt) => {
    const before = next
    while (next < borders.length && borders[next]! <= dt) next++
    if (next === before) return text
    const alive = ranges.filter(({ fromDt, toDt }) => fromDt <= dt && dt <= toDt)
    text = JSON.stringify(alive.map(({ symbol }) => symbol))
    return text
  }
}
