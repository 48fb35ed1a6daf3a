/** Quarantine: keeps a bounded sample of answers that did not parse, for a person to read. They never become data. */
import { keepSamples, type Sample } from '../../db/quarantine/keep-samples.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { cellKey } from '../_market/cell.ts'
import type { VendorError } from '../_vendors/vendor.ts'
import type { Claim } from './claim.ts'
import type { AnswerSummary } from './outcomes.ts'

/** One broken column makes every row of a page malformed: a few samples show the cause. */
const MOST_SAMPLES = 20
const MESSAGE_LENGTH = 300
const SAMPLE_LENGTH = 500

/**
 * Keeps what was malformed about an answer, each distinct message once. Nothing but messages and samples of VendorErrors is kept:
 * http.ts has taken the secrets out of those, and out of the bodies whose rows the connectors quote.
 */
export async function quarantine(
  context: Pick<DispatchContext, 'db' | 'now'>,
  claim: Claim,
  answer: AnswerSummary,
): Promise<void> {
  await keepSamples(context.db, samplesOf(claim, answer), context.now())
}

function samplesOf(claim: Claim, { interruption, faults }: AnswerSummary): Sample[] {
  const samples = new Map<string, Sample>()
  const add = (error: VendorError | null | undefined, symbol: string | null, dt: string | null): void => {
    if (error?.fault !== 'malformed' || samples.size === MOST_SAMPLES) return
    const message = legible(error.message, MESSAGE_LENGTH)
    if (samples.has(message)) return
    samples.set(message, {
      vendor: claim.source.connection.name,
      dataset: claim.dataset,
      symbol,
      dt,
      outcome: error.fault,
      status: error.status,
      message,
      sample: error.sample === null ? null : legible(error.sample, SAMPLE_LENGTH),
    })
  }
  add(interruption, null, null)
  if (faults.size > 0) for (const { symbol, dt } of claim.plan.wants) add(faults.get(cellKey(symbol, dt)), symbol, dt)
  return [...samples.values()]
}

/** The start of a text as a database and a terminal can show it: no control characters, no half of a character at the cut. */
const legible = (text: string, length: number): string =>
  text.slice(0, length).replace(/[^\P{Cc}\t\n\r]|\p{Cs}/gu, '\uFFFD')
