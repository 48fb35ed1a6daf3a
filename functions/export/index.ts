/** POST /export: materialises the bundle of an as-of day and points `latest` at it. Damaged files are made again first. */
import { z } from 'zod'
import { listCorrections } from '../../db/corrections/list-corrections.ts'
import { recordExport } from '../../db/exports/exports.ts'
import { workLeft } from '../../db/partitions/work-left.ts'
import { listSecondViews } from '../../db/second-views/list-second-views.ts'
import { CALENDARS, calendarOf } from '../_calendar/calendar.ts'
import { conditionsOf, type JudgedDay } from '../_condition/conditions.ts'
import { asofAt, expectedRange } from '../_expected/expected.ts'
import { AsOfBody, type FunctionAnswer, RequestError } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { type Dt, DtText } from '../_market/dt.ts'
import { type Bundle, buildBundle } from './bundle.ts'
import { deliveredCells } from './delivered-cells.ts'
import { explainedCells } from './explained-cells.ts'
import { instrumentsOf } from './instruments-as-of.ts'
import { bundledDatasets } from './known-partitions.ts'
import type { BundledDataset } from './partitions.ts'
import { type PartitionMakers, rebuildDamaged } from './rebuild-damaged.ts'

/** Corrections the manifest names; the rest is counted. */
const MOST_CORRECTIONS_LISTED = 1000
/** Partitions and cells that an answer names; the manifest has more. */
const MOST_NAMED = 5

export const ExportBody = AsOfBody.extend({
  asof: DtText.optional(),
  /** The bundle may lack cells that an earlier one has: `latest` moves all the same. */
  acceptLacking: z.boolean().default(false),
})

/** Binds the export to the functions that make a partition: a function never imports another. */
export const exportWith =
  (makers: PartitionMakers) =>
  async (node: Node, body: z.output<typeof ExportBody>): Promise<FunctionAnswer> => {
    const { at = node.now(), acceptLacking } = body
    const { asof = asofAt(at) } = body
    checkSession(asof)
    if (asof > asofAt(at))
      throw new RequestError(400, `asof ${asof} is not over yet: the newest closed session is ${asofAt(at)}`)
    // What came after the day is no part of its bundle, although the lake has it by now.
    const isOlder = asof < asofAt(node.now())
    let unreached = 0
    let tried = 0
    const bundle = await buildBundle(node.lake, {
      asof,
      generatedAt: at,
      now: node.now(),
      datasets: () => bundledDatasets(node, asof),
      rebuild: async (damaged, failed) => {
        tried = damaged.length + failed.length
        unreached = await rebuildDamaged(node, makers, damaged, failed, at)
      },
      deliveredCells: (partition, limit) => deliveredCells(node.db, partition, asof, limit),
      explainedCells: (dataset, partitions) => explainedCells(node.db, { ...dataset, partitions }, asof),
      vintages: (partition, path) => makers.vintages(node, partition, path, isOlder ? asof : null),
      asItWas: isOlder ? (partition, path) => makers.asOf(node, partition, asof, path) : null,
      conditions: (dataset, judged) => conditionsUpTo(node, dataset, asof, judged),
      instruments: () => instrumentsOf(node, asof, isOlder),
      acceptLacking,
      calendar: Object.fromEntries(Object.values(CALENDARS).map(({ name, last }) => [name, last])),
      ruleset: node.config.qc.ruleset,
      nodeVersion: node.version,
      secondViews: (since) => listSecondViews(node.db, since, asof, MOST_CORRECTIONS_LISTED),
      corrections: (verdict, since) => listCorrections(node.db, verdict, since, asof, MOST_CORRECTIONS_LISTED),
    })
    const { digest, files, bytes, rows, verdict } = bundle
    // What was held back, or holds no data, is not the bundle of its day.
    if (verdict !== 'held_back' && rows > 0)
      await recordExport(node.db, { asof, madeAt: node.now(), digest, files, bytes })
    const made = { asof, ...shortened(bundle), ...leftText(bundle) }
    node.log(rows === 0 ? 'export.made_empty' : bundle.complete ? 'export.made' : 'export.made_incomplete', made)
    const mayHeal = unreached === 0 && tried > 0 && bundle.incomplete.length > 0
    return { ...made, more: unreached > 0, nextAt: mayHeal ? await nextTry(node) : null }
  }

/** As of the close of the day, so that the same data gives the same table whenever it is exported. */
function conditionsUpTo(node: Node, { name, spec }: BundledDataset, asof: Dt, judged: ReadonlyMap<Dt, JudgedDay>) {
  const { fromDt, toDt } = expectedRange(spec, asof)
  const at = calendarOf('xnys').session(asof)?.close ?? 0
  return conditionsOf(node, { dataset: name, spec, asof, from: fromDt, to: toDt, at }, judged)
}

function shortened({ incomplete, lacking, ...bundle }: Bundle) {
  return {
    ...bundle,
    incomplete: incomplete.slice(0, MOST_NAMED).map(({ first: _, ...partition }) => partition),
    incompletePartitions: incomplete.length,
    lacking: lacking && { ...lacking, cells: lacking.cells.slice(0, MOST_NAMED) },
  }
}

/** What keeps the bundle from being whole, in words: a chain takes the step for done only where there is nothing. */
function leftText({ rows, incomplete, lacking, latest, latestDay, verdict }: Bundle): { left?: string } {
  const said: string[] = []
  if (rows === 0) {
    said.push(
      `the bundle holds no row of data, so ${latestDay === null ? 'there is no latest yet' : `latest stays at ${latestDay}`}`,
    )
  }
  const [first] = incomplete
  if (first) {
    const many = incomplete.length === 1 ? '1 partition is' : `${incomplete.length} partitions are`
    said.push(`${many} missing or behind, first ${first.dataset} ${first.partition}: ${first.reason}`)
  }
  const [cell] = lacking?.cells ?? []
  if (lacking && cell) {
    const stays = latest === 'kept' ? `; latest stays at ${latestDay}` : ''
    const held = verdict === 'held_back' ? '; the better bundle of the day stays' : ''
    said.push(
      `${lacking.total} cells of the bundle of ${lacking.than} are lacking, first ${cell.dataset} ${cell.symbol} ${cell.dt} (${cell.now})${stays}${held}`,
    )
  }
  return said.length === 0 ? {} : { left: said.join('; ') }
}

async function nextTry({ db, now }: Node): Promise<number | null> {
  const waiting = [await workLeft(db, 'touched', now()), await workLeft(db, 'unchecked', now())]
  const instants = waiting.flatMap(({ nextAt }) => (nextAt === null ? [] : [nextAt]))
  return instants.length === 0 ? null : Math.min(...instants)
}

/** A bundle carries the name of a session: another day's would hold the same under a second name. */
function checkSession(asof: Dt): void {
  const calendar = calendarOf('xnys')
  if (asof < calendar.first || asof > calendar.last)
    throw new RequestError(400, `asof ${asof} lies outside the calendar (${calendar.first} to ${calendar.last})`)
  if (!calendar.isSession(asof))
    throw new RequestError(400, `asof ${asof} has no session: take ${calendar.away(asof, -1) ?? calendar.next(asof)}`)
}
