/** Asks the vendors' reference lists what is due, within so many calls a night, and never with calls that are reserved for the newest data. */
import { listCircuits } from '../../db/circuits/circuits.ts'
import {
  listReferenceChecks,
  type ReferenceCheck,
  recordReferenceFailure,
} from '../../db/reference-checks/reference-checks.ts'
import { listReferences, type ReferenceRow } from '../../db/symbol-references/list-references.ts'
import { recordAnswer } from '../../db/symbol-references/record-answer.ts'
import { accountOf } from '../_catalog/account-limits.ts'
import type { DispatchContext, VendorConnection } from '../_catalog/context.ts'
import type { Dt } from '../_market/dt.ts'
import { type ReferenceQuestion, type ReferenceSource, type ReferenceWant, VendorError } from '../_vendors/vendor.ts'
import { statedOf } from './apply-references.ts'
import { dueWants, IS_LIST } from './due-symbols.ts'

/** Calls of one function call, so that it ends soon. */
const CALLS_PER_RUN = 5
const LIST_CALLS_PER_NIGHT = 5
const SYMBOL_CALLS_PER_NIGHT = 40
/** After a vendor's own refusal that does not say until when. */
const PAUSE_MS = 60_000
const ERROR_LENGTH = 300

export type AskContext = Pick<DispatchContext, 'config' | 'db' | 'vendors' | 'now' | 'log'>

export interface AskedVendor {
  vendor: string
  /** Calls of this run. */
  calls: number
  /** Symbols that this run's calls answered. */
  answered: number
  /** Symbols still due, over all questions. */
  due: number
  /** Why the vendor was not asked, or not to the end. */
  skipped?: string
}

export interface Asked {
  vendors: AskedVendor[]
  /** Whether asking again at once is worth it, and if not, from when on (epoch ms). */
  more: boolean
  nextAt: number | null
}

/** `asof` names the night whose calls are counted. Throws no VendorError: a failed question is told, and asked again the next night. */
export async function askVendors(context: AskContext, asof: Dt): Promise<Asked> {
  const asked: Asked = { vendors: [], more: false, nextAt: null }
  const blocked = new Map((await listCircuits(context.db)).map((row) => [row.vendor, row.blockedUntil]))
  let callsLeft = CALLS_PER_RUN
  for (const connection of context.vendors.filter(hasLists)) {
    const { name: vendor, missing } = connection
    const one: AskedVendor = { vendor, calls: 0, answered: 0, due: 0 }
    asked.vendors.push(one)
    if (missing.length > 0) one.skipped = `set ${missing.join(', ')} in the environment`
    else if ((blocked.get(vendor) ?? 0) > context.now()) one.skipped = 'the vendor is blocked after failures'
    else {
      const end = await askVendor(context, connection, asof, callsLeft, one)
      callsLeft -= one.calls
      if (end === 'more') asked.more = true
      else if (end !== 'done') asked.nextAt = Math.min(asked.nextAt ?? end.retryAt, end.retryAt)
    }
  }
  return { ...asked, nextAt: asked.more ? null : asked.nextAt }
}

/** A vendor on another vendor's account is left out: it would ask for the same lists with the same keys. */
const hasLists = (connection: VendorConnection): boolean =>
  connection.connector.references !== undefined &&
  connection.config.calls_per_minute > 0 &&
  accountOf(connection) === connection.name

type End = 'done' | 'more' | { retryAt: number }

async function askVendor(
  context: AskContext,
  connection: VendorConnection,
  asof: Dt,
  callsLeft: number,
  one: AskedVendor,
): Promise<End> {
  const source = connection.connector.references
  if (source === undefined) return 'done'
  let end: End = 'done'
  for (;;) {
    const turn = await nextQuestion(context, connection, source, asof)
    one.due = turn.due
    if (turn.next === null) return end
    if (one.calls >= callsLeft) return 'more'
    const result = await askOnce(context, connection, source, asof, turn.next)
    if ('retryAt' in result) {
      one.calls += result.calls
      one.skipped = 'its calls are spent for now'
      end = { retryAt: result.retryAt }
      one.due = turn.due
      return end
    }
    one.calls++
    one.answered += result.answered
    if (result.error !== null) one.skipped = result.error
  }
}

interface Turn {
  next: { question: ReferenceQuestion; wants: ReferenceWant[] } | null
  due: number
}

/** The first question with symbols due that may still be asked this night. */
async function nextQuestion(
  { config, db, now }: AskContext,
  connection: VendorConnection,
  source: ReferenceSource,
  asof: Dt,
): Promise<Turn> {
  const rows = new Map<string, ReferenceRow>()
  for (const row of await listReferences(db)) if (row.vendor === connection.name) rows.set(row.symbol, row)
  const checks = (await listReferenceChecks(db)).filter(({ vendor }) => vendor === connection.name)
  const turn: Turn = { next: null, due: 0 }
  for (const question of source.questions.filter((one) => isEnabled(one, connection))) {
    const wants = dueWants(question, statedOf({ config }), rows, now())
    turn.due += wants.length
    if (turn.next === null && wants.length > 0 && mayAsk(question, checks, connection, asof))
      turn.next = { question, wants }
  }
  return turn
}

function isEnabled(question: ReferenceQuestion, { config: { references } }: VendorConnection): boolean {
  switch (question) {
    case 'details':
      return references?.details ?? true
    case 'names':
      return references?.names ?? false
    default:
      return true
  }
}

/** A later night than `asof` was counted already: that one's calls are this one's. */
function mayAsk(
  question: ReferenceQuestion,
  checks: readonly ReferenceCheck[],
  { config: { references } }: VendorConnection,
  asof: Dt,
): boolean {
  const tonight = checks.filter((check) => check.asof >= asof)
  if (tonight.some((check) => check.question === question && check.error !== null)) return false
  const alike = tonight.filter((check) => IS_LIST[check.question as ReferenceQuestion] === IS_LIST[question])
  const most = IS_LIST[question]
    ? (references?.list_calls_per_night ?? LIST_CALLS_PER_NIGHT)
    : (references?.symbol_calls_per_night ?? SYMBOL_CALLS_PER_NIGHT)
  return alike.reduce((sum, { calls }) => sum + calls, 0) < most
}

type Result = { answered: number; error: string | null } | { retryAt: number; calls: number }

/** One call, and its answer kept. A refusal for the budget's sake is no answer: it is told when to come back. */
async function askOnce(
  { db, now, log }: AskContext,
  connection: VendorConnection,
  source: ReferenceSource,
  asof: Dt,
  { question, wants }: NonNullable<Turn['next']>,
): Promise<Result> {
  const vendor = connection.name
  const statements = await source.ask(question, wants, connection.get('backfill'))
  if (!(statements instanceof VendorError)) {
    if (statements.length === 0) throw new Error(`the connector of ${vendor} answered ${question} about nobody`)
    await recordAnswer(db, { vendor, question, asof, statements }, now())
    return { answered: statements.length, error: null }
  }
  const { fault, status, retryAt, message } = statements
  const isRefused = fault === 'rate_limited'
  const error = isRefused ? null : message.slice(0, ERROR_LENGTH)
  // What the node's own rate limiter refused was never sent.
  const isSent = !isRefused || status !== null
  if (isSent) await recordReferenceFailure(db, { vendor, question, asof, error }, now())
  if (isRefused) return { retryAt: retryAt ?? now() + PAUSE_MS, calls: isSent ? 1 : 0 }
  log('reference.question_failed', { vendor, question, why: error })
  return { answered: 0, error }
}
