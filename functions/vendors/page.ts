/** The vendors as a page: one article each, one table of datasets, no scripts; every value is escaped by the template. */
import { html, raw } from 'hono/html'
import { segmentText } from '../_dispatch/segment.ts'
import type { VendorsView } from './view.ts'

type Html = ReturnType<typeof html>
type Vendor = VendorsView['vendors'][number]
type Dataset = Vendor['datasets'][number]

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 25%, transparent); }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 0 0 .25rem; }
article { border: 1px solid var(--line); border-radius: .4rem; padding: .75rem; margin: 0 0 1rem; }
p { margin: 0 0 .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .1rem .75rem .1rem 0; vertical-align: top; }
thead th { border-bottom: 1px solid var(--line); font-weight: 600; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
footer { font-size: .875rem; opacity: .75; }
`

export const pageOf = (view: VendorsView): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vendors</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header><h1>Vendors</h1></header>
<main>
${view.vendors.map(vendorArticle)}
${view.datasets
  .filter(({ state }) => state !== 'served')
  .map(({ dataset, state }) => html`<p><strong>${dataset}</strong>: ${state}.</p>`)}
</main>
<footer><p>Read at ${time(view.now)}. Rates are of the last 24 hours. The same as JSON, with every input of the scores:
<code>curl</code> this address. What waits: <a href="queue">the queue</a>.</p></footer>
</body>
</html>
`

function vendorArticle(vendor: Vendor): Html {
  const { because, budgets, circuit, forecast, datasets } = vendor
  return html`<article>
<h2>${vendor.vendor}</h2>
<p>${because.length === 0 ? 'May be asked now.' : `Not asked: ${because.join('; ')}.`}</p>
${budgets.map((budget) => html`<p>${budgetSentence(budget)}</p>`)}
${circuit.isOpen ? html`<p>Left alone until ${time(circuit.until)} after ${circuit.failures} failures in a row: ${circuit.lastError}</p>` : ''}
${forecast === undefined ? '' : html`<p>Of the backlog it will do about ${forecast.cells} cells in ${forecast.calls} calls${forecast.busyUntil === null ? ', without a foreseeable end' : html`, until ${time(forecast.busyUntil)}`}.</p>`}
<div class="scroll"><table>
<thead><tr><th scope="col">Dataset</th><th scope="col">Has</th><th scope="col">Score</th><th scope="col">Calls</th><th scope="col">Cells</th>
<th scope="col">Filled</th><th scope="col">Empty</th><th scope="col">Errors</th><th scope="col">Rows a minute</th><th scope="col">Refusals</th></tr></thead>
<tbody>${datasets.map(datasetRow)}</tbody>
</table></div>
${datasets.some(({ score }) => score.segments.length > 0) ? segmentTable(datasets) : ''}
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
const segmentTable = (datasets: Dataset[]): Html => html`<div class="scroll"><table>
<thead><tr><th scope="col">Dataset</th><th scope="col">Asked for</th><th scope="col">Cells lately</th><th scope="col">Filled</th>
<th scope="col">Others let expect</th><th scope="col">Expected</th><th scope="col">Score</th></tr></thead>
<tbody>${datasets.flatMap(({ dataset, score }) => score.segments.map((segment) => segmentRow(dataset, segment)))}</tbody>
</table></div>`

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
