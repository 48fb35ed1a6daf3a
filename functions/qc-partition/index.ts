/** POST /qc-partition: judges one unchecked partition, writes its part of the ledger, holds RED cells and asks for second opinions. */
import type { DatasetConfig } from '../../config/schema.ts'
import { listAbsences } from '../../db/absences/absences.ts'
import type { Accepted } from '../../db/attempts/list-accepted.ts'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { listMarked } from '../../db/attempts/list-marked.ts'
import { type Finding, recordJudgement } from '../../db/findings/record-judgement.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { DAMAGED } from '../../db/lost-files/record-repaired.ts'
import { storedVersions } from '../../db/manifests/stored-versions.ts'
import { failPartition, returnToCuration } from '../../db/partitions/fail-partition.ts'
import { leaseUnchecked, type PartitionKey, type PartitionWork } from '../../db/partitions/partitions.ts'
import { workLeft } from '../../db/partitions/work-left.ts'
import { pendingReason } from '../_audit/pending-reason.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { absentByRule } from '../_catalog/absent-by-rule.ts'
import { specOf } from '../_catalog/catalog.ts'
import { effectOf, readDecisions } from '../_decisions/decisions.ts'
import { asofAt, expectedRows, symbolRanges } from '../_expected/expected.ts'
import { AsOfBody, type FunctionAnswer, leftOver } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { curatedFile } from '../_lake/paths.ts'
import { daysOfFragment } from '../_ledger/day-verdicts.ts'
import { type CellKey, cellKey, DatasetName } from '../_market/cell.ts'
import { dayBit, maxDt, minDt, monthOf } from '../_market/dt.ts'
import type { AbsenceReason } from '../_market/outcome.ts'
import { partitionDays } from '../_market/partition.ts'
import { checkDay } from '../_recovery/check-day.ts'
import { cellsToCompare } from './cells-to-compare.ts'
import { type DifferingCell, differingCells, isAnyNew } from './damaged-cells.ts'
import { deliveredVersions } from './delivered-versions.ts'
import { doubtfulDates } from './doubtful-dates.ts'
import { CuratedFileDiffers, judgePartition } from './judge.ts'
import type { JudgedCell, JudgeRequest } from './judgement.ts'
import { learnLiquidity } from './liquidity.ts'
import type { ExpectedCell } from './measure-request.ts'
import { NEIGHBOUR_SESSIONS, seenBeside, surroundingsOf } from './neighbours.ts'
import { repairRaw } from './repair-raw.ts'
import { secondOpinions } from './second-opinions.ts'
import { secondViewOf } from './second-view.ts'
import { withWithdrawn } from './withdrawn-cells.ts'

export const QcBody = AsOfBody

const LEASE_MS = 10 * 60_000

export async function qcPartition(
  node: Node,
  { at = node.now() }: { at?: number | undefined },
): Promise<FunctionAnswer> {
  const done = await judgeNext(node, at)
  return { ...done, ...leftOver('judged', await workLeft(node.db, 'unchecked', node.now())) }
}

/**
 * Judges the partition that waits longest, or `only` this one, as of the instant `at` (epoch ms); null when none may be tried now. A failure is
 * recorded, not thrown; a curated file that is not the recorded one is made again.
 */
export async function judgeNext(node: Node, at: number, only?: PartitionKey): Promise<Record<string, unknown> | null> {
  const token = node.token()
  const now = node.now()
  const work = await leaseUnchecked(node.db, token, now, now + LEASE_MS, only)
  if (!work) return null
  const { dataset, partition } = work
  try {
    const judged = await judge(node, work, token, at)
    node.log('qc-partition.judged', { dataset, partition, ...judged })
    return { dataset, partition, ...judged }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    if (error instanceof CuratedFileDiffers) {
      await returnToCuration(node.db, work, token, said, node.now())
      node.log('qc-partition.returned', { dataset, partition, error })
    } else {
      const retryAt = await failPartition(node.db, work, token, said, node.now())
      node.log('qc-partition.failed', { dataset, partition, error, retryAt })
    }
    return { dataset, partition, failed: said }
  }
}

async function judge(node: Node, work: PartitionWork, token: string, at: number) {
  const dataset = DatasetName.parse(work.dataset)
  const spec = specOf(node.config, dataset)
  const { fromDt, toDt } = partitionDays(work.partition)
  const { winners: versions, seconds } = await deliveredVersions(node, dataset, fromDt, toDt)
  const expected = await expectedCells(node, dataset, work.partition, at, versions)
  const cells = spec.expected_rows === 'events' ? await withWithdrawn(node, work, expected) : expected
  const surroundings = await surroundingsOf(node, work, at)
  const near = surroundings.neighbours
  const marked = await listMarked(node.db, dataset, fromDt, toDt, DAMAGED)
  const toCompare = cellsToCompare(work, cells, versions, marked)
  let differing: DifferingCell[] = []
  const request: JudgeRequest = {
    dataset,
    spec,
    partition: work.partition,
    sessions: surroundings.sessions,
    cells,
    qc: node.config.qc,
    checkedAt: at,
    neighbours: near,
    actions: surroundings.actions,
    dailyFile: dailyFileOf(node, spec, work.partition),
    seconds,
    curatedSha256: work.curatedSha256,
    ledgerSha256: work.ledgerSha256,
    damagedIn: async (file) => {
      differing = await differingCells(node, work, file, toCompare)
      return differing
    },
  }
  const judgement = await judgePartition(node.lake, request)
  const beside = await seenBeside(node, request)
  const doubts = await secondOpinions(node, dataset, judgement.flagged)
  const findings = judgement.flagged.map((cell) => findingOf(cell, doubts))
  const secondViews = judgement.seconds.flatMap(secondViewOf)
  const recorded = await recordJudgement(node.db, {
    work,
    token,
    fromDt,
    toDt,
    findings,
    secondViews,
    red: judgement.red,
    ledgerSha256: judgement.fragment.sha256,
    ruleset: node.config.qc.ruleset,
    ...beside,
    days: await daysOfFragment(node.lake, judgement.fragment.path),
    curateAgain: await isAnyNew(node, dataset, differing),
    now: node.now(),
  })
  if (recorded) await enqueueTasks(node.db, dataset, [...doubts.values()], node.now())
  const damaged = differing.filter(({ differs }) => differs === 'raw')
  const askedAgain = recorded ? await repairRaw(node, dataset, damaged) : 0
  // The newest day is judged once a night. Its change of a symbol's baseline applies from the next night on.
  if (spec.expected_rows === 'session_minutes' && near.length > 0 && near.every((day) => day <= work.partition))
    await learnLiquidity(node, dataset, [...near, work.partition].sort().slice(-NEIGHBOUR_SESSIONS))
  const gone = await lookForGone(node, dataset, judgement.flagged)
  return {
    cells: judgement.cells,
    green: judgement.green,
    amber: judgement.amber,
    red: judgement.red,
    secondOpinions: doubts.size,
    secondViews: secondViews.length,
    gone,
    differing: differing.length,
    askedAgain,
    recorded,
  }
}

/** Where the daily bars of a day of minutes are curated; of other datasets nowhere. */
function dailyFileOf({ config, lake }: Node, { expected_rows: kind }: DatasetConfig, partition: string) {
  const daily = config.datasets.equities_bars
  if (kind !== 'session_minutes' || daily === undefined) return undefined
  return curatedFile(
    lake.root,
    'equities_bars',
    daily.partition,
    daily.partition === 'year' ? partition.slice(0, 4) : partition,
  )
}

/** Cells that the database claims and for which curation found no row: when their file is gone, they become gaps. Returns how many. */
async function lookForGone(node: Node, dataset: DatasetName, flagged: readonly JudgedCell[]): Promise<number> {
  const missing = flagged.filter((cell) => cell.status === 'RED' && cell.rows === 0)
  if (missing.length === 0) return 0
  const claimed = (await listAttempts(node.db, dataset, missing)).filter(storedVersions)
  let gone = 0
  for (const dt of new Set(claimed.map((attempt) => attempt.dt))) {
    gone += (await checkDay(node, { dataset, spec: specOf(node.config, dataset) }, dt, [])).lost
  }
  return gone
}

/** One entry per cell the calendar and the universe expect in the partition, with what the database holds of it. */
async function expectedCells(
  node: Node,
  dataset: DatasetName,
  partition: string,
  at: number,
  versions: ReadonlyMap<CellKey, Accepted>,
): Promise<ExpectedCell[]> {
  const spec = specOf(node.config, dataset)
  const { fromDt, toDt } = partitionDays(partition)
  const absences = await listAbsences(node.db, dataset, fromDt, toDt)
  const reasons = new Map(absences.map((row) => [cellKey(row.symbol, row.dt), row.reason as AbsenceReason]))
  const calendar = calendarOf(spec.calendar)
  const byRule = absentByRule(node, dataset)
  const waiting = await pendingReason(node, dataset, spec)
  const decisions = (await readDecisions(node.lake.root)).byDataset.get(dataset)
  const isDoubtful = await doubtfulDates(node, dataset, fromDt, toDt)
  return symbolRanges(node.config, spec, asofAt(at)).flatMap(({ symbol, ...symbolRange }) =>
    calendar.sessions(maxDt(symbolRange.fromDt, fromDt), minDt(symbolRange.toDt, toDt)).map((dt) => {
      const version = versions.get(cellKey(symbol, dt))
      const digest = version?.digest ?? null
      const reason = reasons.get(cellKey(symbol, dt)) ?? byRule(dt) ?? waiting(dt)
      const expected = expectedRows(spec, symbol, dt)
      const decision = effectOf(decisions?.get(cellKey(symbol, dt)), digest)
      const isDateDoubtful = isDoubtful(symbol, dt, version?.vendor)
      return { symbol, dt, expectedRows: expected, present: digest !== null, reason, digest, isDateDoubtful, decision }
    }),
  )
}

function findingOf(cell: JudgedCell, doubts: ReadonlyMap<string, unknown>): Finding {
  const held = cell.status === 'RED' && cell.rows > 0
  const asked = doubts.has(cellKey(cell.symbol, cell.dt))
  return {
    symbol: cell.symbol,
    dt: cell.dt,
    month: monthOf(cell.dt),
    bit: dayBit(cell.dt),
    status: cell.status === 'RED' ? 'RED' : 'AMBER',
    flags: cell.flags.join(','),
    numbers: JSON.stringify(cell.numbers),
    vendor: cell.vendor,
    action: asked ? 'second_opinion' : (cell.second?.action ?? (held ? 'permanent' : 'none')),
    held: held ? 1 : 0,
    refused: held && cell.refuses ? 1 : 0,
  }
}
