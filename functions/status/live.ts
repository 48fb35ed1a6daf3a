/** Open pages that follow the node: one ticker for all of them, which works only while there are any, and sends what has changed. */
import type { Clock } from '../_http/node.ts'

/** HTML by the id of the element that holds it. */
export type Sections = Record<string, string>

export interface Live {
  /** A stream of server-sent events for one page; null where too many are open. */
  join(): ReadableStream<Uint8Array> | null
}

export interface LiveTerms {
  render(): Promise<Sections>
  clock: Pick<Clock, 'sleep'>
  onError(error: unknown): void
  /** Ends the streams when the node stops: an open page must not hold the stop up. */
  stopping?: AbortSignal
}

const EVERY_MS = 5_000
const MOST_PAGES = 32
/** Events that wait for a slow page; after so many more in vain its stream is ended, and the browser begins a new one. */
const WAITING = 4
const MOST_MISSED = 12
/** So many looks without anything new, then a comment, by which a lost connection is noticed. */
const QUIET_LOOKS = 5

interface Page {
  controller: ReadableStreamDefaultController<Uint8Array>
  /** It has not been sent everything, or something was left out because it was slow. */
  isBehind: boolean
  missed: number
}

const encoder = new TextEncoder()
const eventOf = (sections: Sections): Uint8Array => encoder.encode(`data: ${JSON.stringify(sections)}\n\n`)
const COMMENT = encoder.encode(':\n\n')

export function livePages({ render, clock, onError, stopping }: LiveTerms): Live {
  const pages = new Set<Page>()
  let shown: Sections = {}
  let isTicking = false

  async function tick(): Promise<void> {
    let quiet = 0
    while (pages.size > 0 && !stopping?.aborted) {
      try {
        const now = await render()
        const changed = Object.fromEntries(Object.entries(now).filter(([id, text]) => shown[id] !== text))
        shown = now
        const isQuiet = Object.keys(changed).length === 0
        quiet = isQuiet ? quiet + 1 : 0
        const change = isQuiet ? null : eventOf(changed)
        for (const page of pages) send(page, page.isBehind ? eventOf(now) : change, quiet)
      } catch (error) {
        onError(error)
      }
      await clock.sleep(EVERY_MS, stopping)
    }
    isTicking = false
    for (const page of [...pages]) end(page)
  }

  function send(page: Page, event: Uint8Array | null, quiet: number): void {
    if (event === null && quiet % QUIET_LOOKS !== 0) return
    if ((page.controller.desiredSize ?? 0) <= 0) {
      page.isBehind ||= event !== null
      page.missed++
      if (page.missed > MOST_MISSED) end(page)
      return
    }
    page.controller.enqueue(event ?? COMMENT)
    page.missed = 0
    if (event !== null) page.isBehind = false
  }

  function end(page: Page): void {
    pages.delete(page)
    try {
      page.controller.close()
    } catch (error) {
      // The browser has gone meanwhile.
      if (!(error instanceof TypeError)) throw error
    }
  }

  return {
    join() {
      if (pages.size >= MOST_PAGES || stopping?.aborted) return null
      let page: Page | undefined
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            page = { controller, isBehind: true, missed: 0 }
            pages.add(page)
            if (Object.keys(shown).length > 0 && isTicking) send(page, eventOf(shown), 0)
            if (isTicking) return
            isTicking = true
            void tick()
          },
          cancel() {
            if (page !== undefined) pages.delete(page)
          },
        },
        { highWaterMark: WAITING },
      )
    },
  }
}
