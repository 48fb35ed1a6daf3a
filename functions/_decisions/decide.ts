/** What POST /hold and POST /release have in common: which cells a person means, and what becomes of them. */
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import { findFinding } from '../../db/findings/find-finding.ts'
import { touchPartitions } from '../../db/partitions/touch-partitions.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { asofAt, symbolRanges } from '../_expected/expected.ts'
import { AsOfBody, datasetNamed, type FunctionAnswer, RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { cellKey, type DatasetName, SymbolText } from '../_market/cell.ts'
import { type Dt, DtText } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { appendDecisions, type Decision, readDecisions } from './decisions.ts'

const MOST_CELLS = 1_000
const LONGEST_REASON = 500

export const DecisionBody = AsOfBody.extend({
  dataset: z.string(),
  symbol: SymbolText,
  dt: DtText,
  /** The last day, where more than one is meant. */
  to: DtText.optional(),
  reason: z
    .string({ error: 'expected a sentence that says why: /why shows it' })
    .trim()
    .min(1, 'expected a sentence that says why: /why shows it')
    .max(LONGEST_REASON),
  /** Takes back what was decided of these cells: QC alone judges them again. */
  undo: z.boolean().default(false),
})
export type DecisionBody = z.output<typeof DecisionBody>

interface WantedCell {
  dataset: DatasetName
  symbol: string
  dt: Dt
  known: Decision | undefined
  attempts: readonly Attempt[]
}

/** What is decided of a cell, or why nothing is. */
type Ruling = Pick<Decision, 'decision' | 'digest'> | { refused: string }

/**
 * Writes the decision down and has the partitions judged again: the next QC applies it. Safe to repeat: what is decided already is not written twice. Throws
 * RequestError for a dataset, symbol or range that makes no sense; single days that cannot be decided are named in `refused`.
 */
export async function decide(node: Node, body: DecisionBody, decision: 'hold' | 'release'): Promise<FunctionAnswer> {
  const { dataset, spec } = datasetNamed(node, body.dataset)
  const cells = await wantedCells(node, body)
  const rulings = await Promise.all(
    cells.map(async (cell) => ({ cell, ruling: await rulingOf(node, cell, body.undo ? 'none' : decision) })),
  )
  const at = new Date(node.now()).toISOString()
  const decided = rulings.flatMap(({ cell: { symbol, dt }, ruling }) =>
    'refused' in ruling ? [] : [{ dataset, symbol, dt, ...ruling, reason: body.reason, at }],
  )
  const written = await appendDecisions(node.lake, decided)
  // Also those that were written before: the call that wrote them may have been killed here.
  const partitions = [...new Set(decided.map(({ dt }) => partitionOf(spec.partition, dt)))]
  const touched = sql`(SELECT value AS partition FROM json_each(${JSON.stringify(partitions)}))`
  if (partitions.length > 0) await node.db.write([touchPartitions(dataset, touched, node.now())])
  const refused = rulings.flatMap(({ cell: { dt }, ruling }) =>
    'refused' in ruling ? [{ dt, why: ruling.refused }] : [],
  )
  const { symbol, reason, undo } = body
  node.log(`${decision}.decided`, {
    dataset,
    symbol,
    dt: body.dt,
    to: body.to ?? body.dt,
    undo,
    reason,
    cells: written.length,
  })
  return {
    decided: written.length,
    unchanged: decided.length - written.length,
    ...(refused.length > 0 ? { refused } : {}),
    more: false,
    nextAt: null,
  }
}

async function wantedCells(node: Node, body: DecisionBody): Promise<WantedCell[]> {
  const { dataset, spec } = datasetNamed(node, body.dataset)
  const { symbol, dt, to = dt } = body
  if (to < dt) throw new RequestError(400, `to: ${to} lies before dt, ${dt}`)
  const range = symbolRanges(node.config, spec, asofAt(node.now())).find((one) => one.symbol === symbol)
  if (!range) throw new RequestError(404, `no symbol ${symbol} is expected in ${dataset}`)
  const days = calendarOf(spec.calendar)
    .sessions(dt, to)
    .filter((day) => day >= range.fromDt && day <= range.toDt)
  if (days.length === 0)
    throw new RequestError(
      404,
      `${dataset} expects nothing of ${symbol} from ${dt} to ${to}: give a session from ${range.fromDt} to ${range.toDt}`,
    )
  if (days.length > MOST_CELLS)
    throw new RequestError(400, `to: at most ${MOST_CELLS} days in one call, these are ${days.length}`)
  const known = (await readDecisions(node.lake.root)).byDataset.get(dataset)
  const attempts = await listAttempts(
    node.db,
    dataset,
    days.map((day) => ({ symbol, dt: day })),
  )
  return days.map((day) => ({
    ...{ dataset, symbol, dt: day, known: known?.get(cellKey(symbol, day)) },
    attempts: attempts.filter((attempt) => attempt.dt === day && attempt.digest !== null),
  }))
}

async function rulingOf(node: Node, cell: WantedCell, decision: Decision['decision']): Promise<Ruling> {
  const { dataset, symbol, dt, known, attempts } = cell
  if (decision === 'none') return known ? { decision, digest: null } : { refused: 'nobody has decided anything of it' }
  if (decision === 'hold')
    return attempts.length > 0
      ? { decision, digest: null }
      : { refused: 'no vendor has delivered it: there is nothing to hold' }
  const finding = await findFinding(node.db, dataset, symbol, dt)
  const held = attempts.find(({ vendor }) => finding?.status === 'RED' && vendor === finding.vendor)
  if (held) return { decision, digest: held.digest }
  // It was held a moment ago, and QC has not looked since.
  if (known?.decision === 'hold') return { decision: 'none', digest: null }
  // The call before this one may have been killed after it wrote the decision, and QC applied it.
  if (known?.decision === 'release') return { decision, digest: known.digest }
  return { refused: 'QC does not hold it: there is nothing to release' }
}
