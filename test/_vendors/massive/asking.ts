/** Plans and asks Massive for wants against a script, over real HTTP; every answer is checked for soundness. */
import { massive } from '../../../functions/_vendors/massive/index.ts'
import type { Answer, CallPlan, PlanTerms, Want } from '../../../functions/_vendors/vendor.ts'
import { expectSoundAnswer } from '../contract.ts'
import { type GetMore, type Reply, type Script, type ScriptedVendor, scriptedVendor } from '../scripted-vendor.ts'

export interface Asking {
  vendor: ScriptedVendor
  plan: CallPlan
  answer: Answer
  /** Path and decoded query of every request, in order. */
  asked: string[]
}

/** The script is given the vendor's own address, for next_url. The caller closes the vendor. */
export async function ask(
  wants: readonly Want[],
  terms: PlanTerms,
  script: (url: URL, base: string) => Reply,
  more: GetMore = {},
): Promise<Asking> {
  const [head, ...others] = wants
  if (head === undefined) throw new Error('a test without wants')
  let base = ''
  const whole: Script = (url) => script(url, base)
  const vendor = await scriptedVendor(whole)
  base = vendor.url
  const plan = massive.plan(head, others, terms)
  const answer = await massive.ask(plan, terms, vendor.get(massive, more))
  expectSoundAnswer(answer, plan)
  const asked = vendor.asked.map((url) => url.pathname + decodeURIComponent(url.search))
  return { vendor, plan, answer, asked }
}

/** A list of the reference endpoints. */
export const list = (results: unknown[], more: object = {}): Reply => ({
  body: { status: 'OK', request_id: '0f', results, ...more },
})
/** A range of bars; `ticker` is what it says it is about. */
export const aggs = (ticker: string, results: unknown[], more: object = {}): Reply => ({
  body: {
    status: 'OK',
    request_id: '0f',
    ticker,
    adjusted: false,
    queryCount: results.length,
    resultsCount: results.length,
    ...(results.length === 0 ? {} : { results }),
    ...more,
  },
})

export const NOT_FOUND: Reply = { status: 404, body: { status: 'NOT_FOUND', message: 'Ticker not found.' } }
export const NO_PATH: Reply = { status: 404, contentType: 'text/plain', body: '404 page not found' }
export const NOT_ENTITLED: Reply = {
  status: 403,
  body: { status: 'NOT_AUTHORIZED', message: 'You are not entitled to this data.' },
}
export const BEFORE_HISTORY: Reply = {
  status: 403,
  body: { status: 'NOT_AUTHORIZED', message: "Your plan doesn't include this data timeframe." },
}
export const TOO_MANY: Reply = { status: 429, body: { status: 'ERROR', error: "You've exceeded the maximum" } }

/** A budget of so many calls, as the node keeps it. */
export function budgetOf(calls: number): GetMore {
  let left = calls
  return { acquire: async () => (left-- > 0 ? { ok: true } : { ok: false, retryAt: 1 }) }
}
