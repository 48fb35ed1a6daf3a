/** Questions to a scripted Alpaca, and the pages it answers with. */
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { alpaca } from '../../../functions/_vendors/alpaca/index.ts'
import type { Acquire } from '../../../functions/_vendors/http.ts'
import type { Answer, CallPlan, Get, PlanTerms, Want } from '../../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, termsOf, want } from '../contract.ts'
import { allow, NOW, type Reply, type Script, scriptedVendor } from '../scripted-vendor.ts'

export const iso = (instant: number): string => new Date(instant).toISOString().replace('.000Z', 'Z')
export const daily = (dt: string, close = 10): object => ({
  c: close,
  h: 11,
  l: 9,
  n: 120,
  o: 10,
  t: iso(instantOf(dt, '00:00')),
  v: 1000,
  vw: 10.25,
})
export const page = (bars: Record<string, unknown[]>, token: string | null): Reply => ({
  body: { bars, next_page_token: token },
})

export const DAYS = ['2024-06-03', '2024-06-04', '2024-06-05']
export const wantsOf = (...symbols: string[]): Want[] => DAYS.flatMap((dt) => symbols.map((symbol) => want(symbol, dt)))

export interface Asking extends Answer {
  plan: CallPlan
  asked: URL[]
  /** The host each request was meant for. */
  hosts: string[]
}

/** Plans for the first want with all others, asks a vendor that follows the script, and holds the answer to the contract. */
export async function asking(
  wants: Want[],
  script: Script,
  terms: PlanTerms = termsOf('equities_bars', NOW),
  acquire: Acquire = allow,
): Promise<Asking> {
  const vendor = await scriptedVendor(script)
  const hosts: string[] = []
  try {
    const [head, ...others] = wants
    if (head === undefined) throw new Error('a test without wants')
    const plan = alpaca.plan(head, others, terms)
    const send = vendor.get(alpaca, { acquire })
    const get: Get = (request) => {
      hosts.push(request.host ?? 'data')
      return send(request)
    }
    const answer = await alpaca.ask(plan, terms, get)
    expectSoundAnswer(answer, plan)
    return { ...answer, plan, asked: vendor.asked, hosts }
  } finally {
    await vendor.close()
  }
}
