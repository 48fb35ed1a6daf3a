/** GET /: the status as a page, or as JSON for a program. GET /events: what of the page has changed, while it is open. */
import type { Context } from 'hono'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { prefersPage } from '../_http/prefers-page.ts'
import { showPage } from '../_page/layout.tsx'
import { livePages, type Sections } from './live.ts'
import type { Overview, OverviewSource } from './overview.ts'
import { SECTIONS, type SectionName, WIDE } from './overview-sections.tsx'
import { status } from './status.ts'

export interface HomeTerms {
  node: Node
  overview: OverviewSource
  /** Whether pages need a login, which then can be ended. */
  canLogOut: boolean
}

const RETRY_SECONDS = 30

/** The HTML of each section. */
function sectionsOf(overview: Overview): Sections {
  return Object.fromEntries(
    Object.entries(SECTIONS).map(([name, Section]) => [name, String(<Section overview={overview} />)]),
  )
}

export function homeOf({ node, overview, canLogOut }: HomeTerms) {
  const asJson = status(node)
  const live = livePages({
    render: async () => sectionsOf(await overview.read()),
    clock: { sleep: (ms, signal) => node.clock.sleep(ms, signal) },
    onError: (error) => node.log('status.page_failed', { error }),
    ...(node.stopping ? { stopping: node.stopping } : {}),
  })

  return {
    async show(c: Context): Promise<Response> {
      c.header('Vary', 'Accept')
      if (!prefersPage(c)) return await asJson(c)
      const view = await overview.read()
      const datasets = datasetsOf(node.config).map(({ dataset }) => dataset)
      return await showPage(c, {
        title: 'Status',
        datasets,
        canLogOut,
        events: 'events',
        children: (
          <>
            <h1>Status</h1>
            <div id="verdict" role="status">
              <SECTIONS.verdict overview={view} />
            </div>
            <div class="grid">{(Object.keys(SECTIONS) as SectionName[]).slice(1).map((name) => boxOf(name, view))}</div>
            <footer>
              <p id="live" role="status">
                As of when it was loaded.
              </p>
              <p>
                Times are of New York. The same as JSON: <a href="./status">status</a>, <a href="./queue">queue</a>,{' '}
                <a href="./symbols?remarks=yes">remarks on symbols</a>, <a href="./quarantine">quarantine</a>.
              </p>
            </footer>
          </>
        ),
      })
    },
    events(c: Context): Response {
      const stream = live.join()
      if (stream === null) {
        c.header('Retry-After', String(RETRY_SECONDS))
        return c.json({ ok: false, error: 'too many pages are open: close some, or load the page by hand' }, 503)
      }
      c.header('Content-Type', 'text/event-stream')
      c.header('Cache-Control', 'no-store')
      // A proxy that buffers would hold every event back.
      c.header('X-Accel-Buffering', 'no')
      return c.body(stream)
    },
  }
}

function boxOf(name: SectionName, overview: Overview) {
  const Section = SECTIONS[name]
  return (
    <div id={name} class={WIDE.has(name) ? 'box wide' : 'box'}>
      <Section overview={overview} />
    </div>
  )
}
