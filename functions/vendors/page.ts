/** The vendors as a page: one article each, one table of datasets, no scripts; every value is escaped by the template. */
import { html } from 'hono/html'
import { segmentText } from '../_dispatch/segment.ts'
import { COUNTING } from '../_page/counting-text.ts'
import type { VendorsView } from './view.ts'

type Html = ReturnType<typeof html>
type Vendor = VendorsView['vendors'][number]
type Dataset = Vendor['datasets'][number]

/** The content; the frame is that of every page. */
export const contentOf = (
  view: VendorsView,
  { isForecastPending }: { isForecastPending: boolean },
): Html => html`<h1>Vendors</h1>
${isForecastPending ? html`<p class="quiet">The forecast: ${COUNTING}</p>` : ''}
${view.vendors.map(vendorArticle)}
${view.datasets
  .filter(({ state }) => state !== 'served')
  .map(({ dataset, state }) => html`<p><strong>${dataset}</strong>: ${state}.</p>`)}
<footer><p>Read at ${time(view.now)}. Rates are of the last 24 hours. The same as JSON, with every input of the scores:
<code>curl</code> this address. What waits: <a href="queue">the queue</a>.</p></footer>
`

function vendorArticle(vendor: Vendor): Html {
  const { because, budgets, circuit, forecast, datasets } = vendor
  return html`<article>
<h2>${vendor.vendor}</h2>
<p>${because.length === 0 ? 'May be asked now.' : `Not asked: ${because.join('; ')}.`}</p>
${budgets.map((budget) => html`<p>${budgetSentence(budget)}</p>`)}
${circuit.isOpen ? html`<p>Left alone until ${time(circuit.until)} after ${circuit.failures} failures in a row: ${circuit.lastError}</p>` : ''}
${forecast === undefined ? '' : html`<p>Of the backlog it will do about ${forecast.cells} cells in ${forecast.calls} calls${forecast.busyUntil === null ? ', without a foreseeable end' : html`, until ${time(forecast.busyUntil)}`}.</p>`}
<section class="scroll" tabindex="0" aria-label="${vendor.vendor}: datasets"><table>
<thead><tr><th scope="col">Dataset</th><th scope="col">Has</th><th scope="col">Score</th><th scope="col">Calls</th><th scope="col">Cells</th>
<th scope="col">Filled</th><th scope="col">Empty</th><th scope="col">Errors</th><th scope="col">Rows a minute</th><th scope="col">Refusals</th></tr></thead>
<tbody>${datasets.map(datasetRow)}</tbody>
</table></section>
${datasets.some(({ score }) => score.segments.length > 0) ? segmentTable(vendor.vendor, datasets) : ''}
</article>
`
}

function budgetSentence({
  host,
  account,
  spentThisMinute,
  spentAhead,
  callsPerMinute,
  spentToday,
  callsPerDay,
  lanes,
}: Vendor['budgets'][number]): Html {
  const day = callsPerDay === null ? `${spentToday} today` : `${spentToday} of ${callsPerDay} today`
  const ahead = spentAhead === 0 ? '' : ` (${spentAhead} of them before the clock was set back)`
  const { leftNow, nextCallAt } = lanes.backfill
  const next =
    leftNow > 0
      ? `${leftNow} more may go at once`
      : nextCallAt === null
        ? 'none may ever go'
        : html`the next may go at ${time(nextCallAt)}`
  return html`${host} host (${account}): ${spentThisMinute} of ${callsPerMinute} calls this minute${ahead}, ${day}; for backfill ${next}.`
}

function datasetRow({ dataset, entitled, history, recency, score, lastDay, refusals }: Dataset): Html {
  const days =
    recency.newestDay === null
      ? `nothing yet (from ${history.firstDay})`
      : `${history.firstDay} to ${recency.newestDay}`
  const numbers = [
    digits(score.score),
    lastDay?.calls ?? 0,
    lastDay?.cells ?? 0,
    percent(lastDay?.successRate),
    percent(lastDay?.emptyRate),
    percent(lastDay?.errorRate),
    digits(lastDay?.perMinute.rows ?? 0),
    refusals.total,
  ]
  return html`<tr><th scope="row">${dataset}</th><td>${entitled ? days : 'not entitled'}</td>
${numbers.map((value) => html`<td class="number">${value}</td>`)}</tr>
`
}

/** What asking taught: cells count half as much each week, so they are fractions. */
const segmentTable = (
  vendor: string,
  datasets: Dataset[],
): Html => html`<section class="scroll" tabindex="0" aria-label="${vendor}: what asking taught"><table>
<thead><tr><th scope="col">Dataset</th><th scope="col">Asked for</th><th scope="col">Cells lately</th><th scope="col">Filled</th>
<th scope="col">Others let expect</th><th scope="col">Expected</th><th scope="col">Score</th></tr></thead>
<tbody>${datasets.flatMap(({ dataset, score }) => score.segments.map((segment) => segmentRow(dataset, segment)))}</tbody>
</table></section>`

function segmentRow(
  dataset: string,
  { asked, filled, prior, fills, score, ...segment }: Dataset['score']['segments'][number],
) {
  const numbers = [digits(asked), percent(filled / asked), percent(prior), percent(fills), digits(score)]
  return html`<tr><th scope="row">${dataset}</th><td>${segmentText(segment)}</td>
${numbers.map((value) => html`<td class="number">${value}</td>`)}</tr>
`
}

const time = (iso: string | null): Html | string =>
  iso === null ? 'never' : html`<time datetime="${iso}">${iso}</time>`
const digits = (value: number): string => String(Number(value.toPrecision(3)))
const percent = (share: number | null | undefined): string => (share == null ? '' : `${digits(share * 100)} %`)
