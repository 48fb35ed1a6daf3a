/** Classifies absences that vendors agree on: between two delivered days there were no trades; outside them the symbol was not listed. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { findConfirmed, findReclassifiable, type Reclassifiable } from '../../db/absences/find-reclassifiable.ts'
import { reclassifyAbsences } from '../../db/absences/reclassify-absences.ts'
import type { Span } from '../../db/coverage/delivered-spans.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { DatasetName } from '../_market/cell.ts'
import { partitionOf } from '../_market/partition.ts'

/**
 * The dataset whose day says whether a symbol traded at all: what has no daily bar has no minutes and no options of that day either. It
 * is a second witness, never a substitute for asking: a cell is confirmed only after its own vendor has said that it is empty.
 */
const DAILY: DatasetName = 'equities_bars'
/** Agreed days before the first delivered one (after the last) from which on the symbol counts as not listed there: two weeks. */
const LEAST_RUN = 10
/** A night: what one has decided gets its name from the next, when the rest of the universe has been asked about the day as well. */
const SETTLED_MS = 12 * 3_600_000
/** Cells of one write, and symbols of one query: some 30 ms each. */
const CELLS = 4_000
const SYMBOLS = 300

/**
 * One row a cell stays, also for thousands of days before a listing: each was asked about and can be doubted and filled alone, while a
 * range would have to be split by the first day that turns up; the masks make them cost the audit nothing. Two witnesses have spoken for each:
 * what only one vendor could be asked for stays VENDOR_EMPTY_ONCE and is asked again. Returns how many cells got another reason.
 */
export async function classifyAbsences(
  context: Pick<DispatchContext, 'db' | 'now'>,
  dataset: DatasetName,
  spec: DatasetConfig,
  spans: readonly Span[],
): Promise<number> {
  if (spec.timeframe === undefined) return 0
  const decided = { dataset, before: context.now() - SETTLED_MS, limit: CELLS }
  let named = 0
  if (dataset !== DAILY) named += await rename(context, dataset, spec, () => findConfirmed(context.db, decided, DAILY))
  for (let at = 0; at < spans.length; at += SYMBOLS) {
    const some = spans.slice(at, at + SYMBOLS)
    named += await rename(context, dataset, spec, () => findReclassifiable(context.db, decided, some, LEAST_RUN))
  }
  return named
}

/** Until nothing is found any more, or nothing of what is found can be changed. */
async function rename(
  { db, now }: Pick<DispatchContext, 'db' | 'now'>,
  dataset: DatasetName,
  spec: DatasetConfig,
  find: () => Promise<Reclassifiable[]>,
): Promise<number> {
  let named = 0
  for (;;) {
    const cells = await find()
    if (cells.length === 0) return named
    const partitions = [...new Set(cells.map(({ dt }) => partitionOf(spec.partition, dt)))]
    const changed = await reclassifyAbsences(db, { dataset, cells, partitions, now: now() })
    named += changed
    if (changed === 0 || cells.length < CELLS) return named
    await yieldToEventLoop()
  }
}
