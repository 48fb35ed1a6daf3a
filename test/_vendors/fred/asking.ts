/** Asks a scripted FRED, and the shapes of its answers. */
import { fred } from '../../../functions/_vendors/fred/index.ts'
import type { Answer, PlanTerms } from '../../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, termsOf, want } from '../contract.ts'
import { NOW, type Reply, type Script, scriptedVendor } from '../scripted-vendor.ts'

/** 2024-05-27 was Memorial Day: FRED lists it with ".". */
export const DAYS = ['2024-05-24', '2024-05-28', '2024-05-29']

export const observation = (date: string, value: unknown, start = '2024-06-14', end = '9999-12-31'): object => ({
  realtime_start: start,
  realtime_end: end,
  date,
  value,
})

export const whole = (observations: unknown[], more: object = {}): Reply => ({
  body: { units: 'lin', output_type: 1, count: observations.length, offset: 0, limit: 100_000, observations, ...more },
})

export const refused = (error_message: string): Reply => ({ status: 400, body: { error_code: 400, error_message } })
export const NO_SERIES = refused('Bad Request.  The series does not exist.')

export const termsOfFred = (more: Partial<PlanTerms> = {}): PlanTerms => ({
  ...termsOf('macro_treasury', NOW, { rowsPerPage: 100_000, pagesPerPlan: 40 }),
  ...more,
})

/** The answer to the cells of `days`, checked for soundness, and what was asked for it. */
export async function askScript(
  script: Script,
  days: readonly string[] = DAYS,
  terms: PlanTerms = termsOfFred(),
): Promise<{ answer: Answer; asked: URL[] }> {
  const vendor = await scriptedVendor(script)
  try {
    const [head, ...others] = days.map((dt) => want('UST', dt))
    if (head === undefined) throw new Error('a test without wants')
    const made = fred.plan(head, others, terms)
    const answer = await fred.ask(made, terms, vendor.get(fred))
    expectSoundAnswer(answer, made)
    return { answer, asked: vendor.asked }
  } finally {
    await vendor.close()
  }
}
