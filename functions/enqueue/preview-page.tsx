/** The preview of a wish as a page: what would be queued, what it takes at each vendor, and the button that queues it. */
import type { Context } from 'hono'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { count, counted, duration } from '../_page/figures.ts'
import { showPage } from '../_page/layout.tsx'
import type { Preview } from './preview-counts.ts'
import type { PreviewQuery } from './preview-request.ts'

export interface PreviewTerms {
  query: PreviewQuery
  preview: Preview
  canLogOut: boolean
}

export function showPreview(c: Context, node: Node, { query, preview, canLogOut }: PreviewTerms): Promise<Response> {
  const { dataset, from, to, symbols, queues, alreadyOpen } = preview
  const back = `coverage/${dataset}?from=${from}&to=${to}${
    query.symbols === undefined ? '' : `&symbols=${encodeURIComponent(query.symbols)}`
  }`
  return showPage(c, {
    title: `Ask for ${dataset}`,
    datasets: datasetsOf(node.config).map((one) => one.dataset),
    canLogOut,
    children: (
      <>
        <h1>Ask for {dataset}</h1>
        <p>
          {`${counted(symbols, 'symbol')}, ${from === to ? from : `${from} to ${to}`}. `}
          <a href={back}>Coverage of this range</a>
        </p>
        <div class={queues > 0 ? 'verdict warn' : 'verdict good'}>
          <p>{verdictOf(preview)}</p>
        </div>
        {queues > 0 && (
          <>
            <Vendors preview={preview} now={node.now()} />
            <form method="post" action="enqueue/form">
              {Object.entries(query).map(([name, value]) =>
                value === undefined ? null : <input type="hidden" name={name} value={value} />,
              )}
              <button type="submit">Queue {counted(queues, 'cell')}</button>
            </form>
          </>
        )}
        <section>
          <h2>What is known of the range</h2>
          <dl>
            <dt>Queued already</dt>
            <dd>{count(alreadyOpen)}</dd>
            <dt>Present</dt>
            <dd>{count(preview.present)}</dd>
            <dt>Absent, explained</dt>
            <dd>{count(preview.explained)}</dd>
            <dt>Given up</dt>
            <dd>{count(preview.stalled)}</dd>
            {reasonsOf(preview).map(([reason, cells]) => (
              <>
                <dt>{reason}</dt>
                <dd>{count(cells)}</dd>
              </>
            ))}
          </dl>
        </section>
      </>
    ),
  })
}

function verdictOf({ queues, alreadyOpen, present, explained, again }: Preview): string {
  if (queues > 0) return `${counted(queues, 'cell')} would be ${again ? 'asked for again' : 'queued'}.`
  if (alreadyOpen > 0)
    return `Nothing to add: ${counted(alreadyOpen, 'cell')} of it ${alreadyOpen === 1 ? 'is' : 'are'} queued.`
  return present + explained > 0 ? 'Nothing to ask for: all of it is there or explained.' : 'Nothing is expected here.'
}

/** Days that are no cells to ask for, in words. */
const REASONS: Record<string, string> = {
  NO_SESSION: 'Days without a session',
  NOT_LISTED_YET: 'Before the first day of a symbol',
  DELISTED: 'After the last day of a symbol',
  BEYOND_DEPTH: 'Older than this node collects',
  NOT_CLOSED_YET: 'Sessions that are not over',
  NOT_ENTITLED: 'No vendor may be asked',
  BEFORE_VENDOR_HISTORY: "Before every vendor's history",
}

const reasonsOf = ({ notExpected, notServed }: Preview): [string, number][] =>
  Object.entries({ ...notExpected, ...notServed }).map(([reason, cells]) => [REASONS[reason] ?? reason, cells])

function Vendors({ preview: { vendors }, now }: { preview: Preview; now: number }) {
  return (
    <section class="scroll" tabindex={0} aria-label="What each vendor would take">
      <table>
        <thead>
          <tr>
            <th scope="col">Asked alone</th>
            {['Cells', 'Calls', 'Time'].map((head) => (
              <th scope="col" class="number">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {vendors.map(({ vendor, cells, calls, doneAt }) => (
            <tr>
              <th scope="row">{vendor}</th>
              <td class="number">{count(cells)}</td>
              <td class="number">{count(calls)}</td>
              <td class="number">{timeText(cells, doneAt, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet small">
        At the budget of the backlog, when nothing comes before. The dispatcher shares the cells out among the vendors.
      </p>
    </section>
  )
}

function timeText(cells: number, doneAt: number | null, now: number): string {
  if (cells === 0) return '–'
  return doneAt === null ? 'never' : doneAt - now < 60_000 ? 'under a minute' : duration(doneAt - now)
}
