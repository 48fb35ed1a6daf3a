/** What a partition is judged beside: the partitions around it, the sessions they have in common, and the actions that are known. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { Outdated, Seen } from '../../db/partitions/judge-again.ts'
import { listPartitions, type PartitionWork } from '../../db/partitions/partitions.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { Session } from '../_calendar/session.ts'
import { specOf } from '../_catalog/catalog.ts'
import { asofAt } from '../_expected/expected.ts'
import type { Node } from '../_http/node.ts'
import { curatedFile } from '../_lake/paths.ts'
import { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionDays } from '../_market/partition.ts'
import { SESSIONS_AFTER, SESSIONS_BEFORE } from './daily-measures.ts'
import type { JudgeRequest } from './judgement.ts'
import { edgesOf, splitsOf } from './surroundings.ts'

/** Sessions around a partition from which a symbol's own liquidity is learned. */
export const NEIGHBOUR_SESSIONS = 20

export interface Surroundings {
  sessions: Session[]
  neighbours: string[]
  actions?: { spec: DatasetConfig; files: string[] }
}

/** Of a partition that has no curated file nothing is compared, so there is nothing beside it. */
export async function surroundingsOf(node: Node, work: PartitionWork, at: number): Promise<Surroundings> {
  const dataset = DatasetName.parse(work.dataset)
  const spec = specOf(node.config, dataset)
  const calendar = calendarOf(spec.calendar)
  const sessionsOf = (days: readonly Dt[]): Session[] => days.flatMap((dt) => calendar.session(dt) ?? [])
  if (spec.partition === 'date') {
    const neighbours = work.curatedSha256 === null ? [] : await nearestOf(node, dataset, work.partition)
    return { sessions: sessionsOf([work.partition, ...neighbours].sort()), neighbours }
  }
  const { fromDt, toDt } = partitionDays(work.partition)
  if (spec.expected_rows !== 'one' || work.curatedSha256 === null)
    return { sessions: sessionsOf(calendar.sessions(fromDt, toDt)), neighbours: [] }
  const from = calendar.away(fromDt, -SESSIONS_BEFORE) ?? fromDt
  const to = calendar.away(toDt, SESSIONS_AFTER) ?? toDt
  const asof = asofAt(at)
  return {
    // Sessions that have not closed yet belong to the partition as well: its cells may not, but nothing is asked of them.
    sessions: sessionsOf(calendar.sessions(from, to > asof && asof > toDt ? asof : to)),
    neighbours: await besideOf(node, dataset, work.partition),
    ...(await actionsOf(node)),
  }
}

/**
 * What the judgement of `request` saw beside its partition, and which other judgements it shows to be out of date: those of the years around it when its
 * first or last bars changed since, and those of all years when the splits did.
 */
export async function seenBeside(node: Node, request: JudgeRequest): Promise<{ seen?: Seen; outdated?: Outdated[] }> {
  const { dataset, partition, actions } = request
  if (dataset === 'corporate_actions') {
    const known = (await actionsOf(node)).actions
    const splits = known === undefined ? null : await splitsOf(node.lake, known)
    return { outdated: [{ dataset: 'equities_bars', saw: 'splits', now: splits }] }
  }
  if (request.spec.expected_rows !== 'one' || request.curatedSha256 === null) return {}
  const edges = await edgesOf(node.lake, request)
  if (edges === null) return {}
  const year = (years: number): string => String(Number(partition) + years)
  return {
    seen: { before: edges.before, after: edges.after, splits: actions === undefined ? null : edges.splits },
    outdated: [
      { dataset, partition: year(-1), saw: 'after', now: edges.head },
      { dataset, partition: year(1), saw: 'before', now: edges.tail },
    ],
  }
}

/** The partitions with rows nearest in time, the judged one left out. */
async function nearestOf(node: Node, dataset: DatasetName, partition: string): Promise<string[]> {
  const curated = await curatedOf(node, dataset)
  const before = curated.filter((key) => key < partition).slice(-NEIGHBOUR_SESSIONS)
  const after = curated.filter((key) => key > partition).slice(0, NEIGHBOUR_SESSIONS)
  return [...before, ...after]
}

async function besideOf(node: Node, dataset: DatasetName, partition: string): Promise<string[]> {
  const beside = [-1, 1].map((years) => String(Number(partition) + years))
  return (await curatedOf(node, dataset)).filter((key) => beside.includes(key))
}

/** All that are known: a split of a later year says by what earlier prices may have been divided. */
async function actionsOf(node: Node): Promise<Pick<Surroundings, 'actions'>> {
  const spec = node.config.datasets.corporate_actions
  if (!spec) return {}
  const files = (await curatedOf(node, 'corporate_actions')).map((key) =>
    curatedFile(node.lake.root, 'corporate_actions', spec.partition, key),
  )
  return { actions: { spec, files } }
}

const curatedOf = async (node: Node, dataset: DatasetName): Promise<string[]> =>
  (await listPartitions(node.db, dataset)).filter((row) => (row.curatedRows ?? 0) > 0).map((row) => row.partition)
