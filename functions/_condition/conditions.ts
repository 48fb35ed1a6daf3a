/** The condition of every day of a dataset: from the masks and the newest verdicts, or from those of a bundle. */
import { listDays } from '../../db/day-verdicts/day-verdicts.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { lookBackFrom } from '../_expected/expected.ts'
import { lastWindow } from '../_expected/reread-windows.ts'
import type { Dt } from '../_market/dt.ts'
import { conditionOf, type DayCondition, type DayCounts } from './day-condition.ts'
import type { DaysAsked } from './days-asked.ts'
import { type MaskDay, maskDays } from './expected-days.ts'
import { type ConditionContext, type OpenWork, openWork } from './open-work.ts'

/** What a ledger says of a day: cells with rows, those of them that are held or AMBER, and cells without rows. */
export interface JudgedDay {
  present: number
  held: number
  amber: number
  provisional: number
  empty: number
}

/**
 * Ascending; days on which nothing is expected have none. With `judged`, the days as a bundle has them: a day without an entry there is
 * not in it. Costs the masks and the queue, and no file is read.
 */
export async function conditionsOf(
  context: ConditionContext,
  asked: DaysAsked,
  judged?: ReadonlyMap<Dt, JudgedDay>,
): Promise<DayCondition[]> {
  const { dataset, spec, asof, from, to } = asked
  const masks = await maskDays(context, asked)
  const verdicts = new Map((await listDays(context.db, dataset, from, to)).map((day) => [day.dt, day]))
  const openOn = await openWork(context, asked)
  const lookBack = lookBackFrom(spec, asof)
  return [...masks].map(([dt, mask]) => {
    const open = openOn(dt)
    const verdict = verdicts.get(dt)
    const counts = judged
      ? countsOf(mask, inBundle(mask, judged.get(dt)), open)
      : countsOf(mask, onTheNode(mask, verdict, open), open)
    const isOpen =
      open.queued + open.stalled > 0 ||
      open.waits ||
      open.isPlanned ||
      counts.provisional > 0 ||
      (counts.pending + counts.missing > 0 && dt >= lookBack)
    const lastChanged = verdict?.changedAt ?? null
    const close = calendarOf(spec.calendar).session(dt)?.close ?? 0
    return {
      dt,
      ...counts,
      condition: conditionOf(counts),
      finalAt: isOpen ? null : Math.max(close, lastWindow(spec, dt) ?? 0, lastChanged ?? 0),
      lastChanged,
    }
  })
}

/** `unjudged`: delivered, and not judged as it is now. */
interface There extends Omit<JudgedDay, 'empty'> {
  absent: number
  unjudged: number
}

/** Of a settled day, what was delivered and has no row in the curated file counts as held: no bundle has it. */
function onTheNode(mask: MaskDay, verdict: Omit<JudgedDay, 'empty'> | undefined, { waits }: OpenWork): There {
  const { present, held, absent } = mask
  const isJudged = verdict !== undefined && !(waits && verdict.present !== present)
  if (!isJudged) return { present: 0, held: 0, amber: 0, provisional: 0, absent, unjudged: present }
  const lost = Math.max(0, present - verdict.present)
  const { amber, provisional } = verdict
  return { present, held: held + lost, amber, provisional, absent, unjudged: 0 }
}

function inBundle({ absent }: MaskDay, judged: JudgedDay | undefined): There {
  if (!judged) return { present: 0, held: 0, amber: 0, provisional: 0, absent, unjudged: 0 }
  const { empty, ...there } = judged
  return { ...there, absent: Math.min(absent, empty), unjudged: 0 }
}

function countsOf(mask: MaskDay, there: There, { gaps, overflows, waits }: OpenWork): DayCounts {
  const { present, amber, held, absent, provisional, unjudged } = there
  // A ledger may know cells of symbols that are not expected any more.
  const expected = Math.max(mask.expected, present + absent + unjudged)
  const left = expected - present - absent - unjudged
  const isComing = overflows || (waits && present === 0)
  const queued = isComing ? left : Math.min(left, gaps)
  const short = Math.min(mask.short, present)
  return {
    expected,
    present,
    short,
    amber,
    held,
    absent,
    pending: unjudged + queued,
    missing: left - queued,
    provisional,
  }
}
