/** Pages of Massive that lead from one to the next by `next_url`, until none does. */
import type { AnswerBuilder } from '../answer-builder.ts'
import { reachedPageLimit } from '../page-limit.ts'
import { type Get, type HttpAnswer, VendorError } from '../vendor.ts'
import { type PageRows, VENDOR } from './parse.ts'
import { type Address, nextAddress } from './request.ts'

/** Where the pages ended: the error that stopped them, null when all were served, and the page at which it happened, from 1. */
export interface PagesEnd {
  error: VendorError | null
  page: number
}

/**
 * Asks page after page from `address` on, hands the rows of each to `take`. A page that leads back to one that was served is not
 * taken; that, and pages that outnumber by far what was expected, are `malformed`: they would cost the whole budget.
 */
export async function followPages(
  gathering: AnswerBuilder,
  get: Get,
  address: Address,
  expectedCalls: number,
  read: (answer: HttpAnswer) => PageRows | VendorError,
  take: (rows: unknown[], isLast: boolean) => void,
  stops?: { after: number; retryAt: number },
): Promise<PagesEnd> {
  const { path } = address
  const seen = new Set<string>()
  const mostPages = 3 * expectedCalls + 5
  let next = address
  for (let page = 1; page <= mostPages; page++) {
    const answer = await gathering.send(get, next)
    if (answer instanceof VendorError) return { error: answer, page }
    const served = read(answer)
    if (served instanceof VendorError) return { error: served, page }
    const { rows, nextUrl } = served
    if (nextUrl !== null && seen.has(nextUrl)) {
      return { error: loop(path, `page ${page} leads back to a page that was served before`), page }
    }
    take(rows, nextUrl === null)
    if (nextUrl === null) return { error: null, page }
    if (stops !== undefined && page >= stops.after) return { error: reachedPageLimit(VENDOR, stops), page }
    seen.add(nextUrl)
    next = nextAddress(nextUrl)
  }
  const what = `more than ${mostPages} pages where ${expectedCalls} were expected`
  return { error: loop(path, what), page: mostPages }
}

const loop = (path: string, what: string): VendorError =>
  new VendorError(VENDOR, 'malformed', `GET ${path} at ${VENDOR}: ${what}`, { status: 200 })
