/** Pages of Alpaca that lead from one to the next by a token, until there is none. */
import type { AnswerBuilder } from '../answer-builder.ts'
import { reachedPageLimit } from '../page-limit.ts'
import { type Get, type HttpAnswer, VendorError } from '../vendor.ts'
import { VENDOR } from './parse.ts'
import type { Address } from './request.ts'

export interface Paging<Page extends { token: string | null }> {
  gathering: AnswerBuilder
  get: Get
  /** The address of the page behind a token; null: of the first. All parameters go along with every token. */
  addressOf(token: string | null): Address
  read(answer: HttpAnswer): Page | VendorError
  /** Is handed every page in turn; a page that leads back to one that was served is not taken. */
  take(page: Page): void
  /** Beyond it the vendor is not paging but looping. */
  mostPages: number
  /** Pages of a plan that is not asked to its end, and when the rest may be asked for. */
  stops?: { after: number; retryAt: number } | undefined
  /** Whether what was served leaves nothing to ask for, whatever the token says. */
  hasAll?: () => boolean
}

/** The error that stopped paging (`malformed` for pages without an end), or null when the last page was taken. */
export async function followTokens<Page extends { token: string | null }>(
  paging: Paging<Page>,
): Promise<VendorError | null> {
  const { gathering, get, addressOf, mostPages, stops } = paging
  const { path } = addressOf(null)
  const seen = new Set<string>()
  let token: string | null = null
  for (let pages = 1; pages <= mostPages; pages++) {
    const answer = await gathering.send(get, addressOf(token))
    if (answer instanceof VendorError) return answer
    const page = paging.read(answer)
    if (page instanceof VendorError) return page
    if (page.token !== null && seen.has(page.token)) {
      return loop(path, `page ${pages} leads back to a page that was served before`)
    }
    paging.take(page)
    token = page.token
    if (token === null || paging.hasAll?.()) return null
    if (stops !== undefined && pages >= stops.after) return reachedPageLimit(VENDOR, stops)
    seen.add(token)
  }
  return loop(path, `more than ${mostPages} pages`)
}

const loop = (path: string, what: string): VendorError =>
  new VendorError(VENDOR, 'malformed', `GET ${path} at ${VENDOR}: ${what}`, { status: 200 })
