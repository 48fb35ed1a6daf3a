/** The story of a cell as a page: semantic HTML without scripts; every value is escaped by the template. */
import { html } from 'hono/html'
import { segmentText } from '../_dispatch/segment.ts'
import { instantText } from '../_page/instant.tsx'
import type { Explanation, VendorExplanation } from './explanation.ts'
import { newYorkText } from './new-york-text.ts'
import { standingOf } from './standing.ts'

type Html = ReturnType<typeof html>
/** Null and empty values are left out of the list. */
type Fact = [label: string, value: Html | string | number | null | undefined]

/** Title and content; the frame is that of every page. */
export function pageOf(explanation: Explanation): { title: string; content: Html } {
  const { dataset, symbol, dt } = explanation
  const title = `${dataset} ${symbol} ${dt}`
  const content = html`<header>
<h1>${title}</h1>
<div class="verdict ${standingOf(explanation).level}">
<p>${standingOf(explanation).sentence}${nextText(explanation)}</p>
</div>
<p class="next">${explanation.next.sentence}</p>
${insteadOf(explanation)}</header>
${section('Expected', expectedFacts(explanation))}
${section('Known', knownFacts(explanation))}
${section('Judged', judgedFacts(explanation))}
${explanation.secondView === null ? '' : section('Second vendor', secondFacts(explanation.secondView))}
${explanation.decision === null ? '' : section('Decided by a person', decisionFacts(explanation.decision))}
${explanation.task === null ? '' : section('Open task', taskFacts(explanation.task))}
${
  explanation.actions.length === 0
    ? ''
    : html`<section>
<h2>Corporate actions</h2>
${list(explanation.actions)}
</section>`
}
${explanation.corrections.length === 0 ? '' : correctionsSection(explanation.corrections)}
<section>
<h2>Vendors, best score first</h2>
${explanation.vendors.length === 0 ? html`<p>No vendor lists this dataset.</p>` : explanation.vendors.map((vendor) => vendorArticle(vendor, isSettled(explanation)))}
${explanation.formerVendors.map(({ vendor, attempt }) => article(`${vendor}, no longer configured`, attemptFacts(attempt, true)))}
</section>
${explanation.incidents.length === 0 ? '' : incidentsSection(explanation.incidents)}
<footer>
<nav aria-label="Other views">${links(explanation)}</nav>
<p>As of ${explanation.asof}, read at ${time(explanation.now)}. The same as JSON: <code>curl</code> this address.</p>
</footer>
`
  return { title: `Why ${title}`, content }
}

/** When a person may look again; a cell that needs no more has no such time. */
function nextText({ coverage, task, next, now }: Explanation): Html | string {
  if (next.at === null || next.at === now || now === null) return ''
  const at = html`<time datetime="${next.at.replace(/\.\d+Z$/, 'Z')}">${instantText(Date.parse(next.at), Date.parse(now))}</time>`
  return coverage.present && task === null
    ? html` Checked again for corrections after ${at}.`
    : html` Looked at again ${at}.`
}

/** Addresses are relative, so that they hold behind whatever this node is served under. */
function links({ dataset, symbol }: Explanation): Html {
  return html`<a href="../../../coverage/${dataset}?symbols=${symbol}">coverage of ${symbol}</a>
<a href="../../../coverage/${dataset}">coverage of ${dataset}</a>
<a href="../../../changes?dataset=${dataset}&amp;symbol=${symbol}">changes of ${symbol}</a>`
}

function insteadOf({ dt, expected }: Explanation): Html | string {
  const other = expected.symbol.nowNamed
  return other === null ? '' : html`<p><a href="../${other}/${dt}">Why ${other} on this day</a></p>\n`
}

function expectedFacts({ expected, backfill, asof }: Explanation): Fact[] {
  const { calendar, symbol, depth, rows } = expected
  return [
    ['Expected', expected.sentence],
    [
      'Calendar',
      calendar.isSession ? `${calendar.name}: a session` : `${calendar.name}: ${calendar.closedFor ?? 'no session'}`,
    ],
    ['Hours', calendar.opensAt && html`${time(calendar.opensAt)} to ${time(calendar.closesAt)}`],
    ['Special hours', calendar.specialHours],
    [
      'Symbol',
      symbol.isKnown
        ? `from ${symbol.from}${symbol.to === null ? ', alive' : ` to ${symbol.to}`}`
        : 'not in the universe',
    ],
    ['Ticker then', symbol.tickerThen],
    ['Now named', symbol.nowNamed],
    ['Depth', `${depth.from} to ${depth.to} (as of ${asof})`],
    ['Backfill', `${backfill.order}, gaps queued from ${backfill.lookBackFrom} on`],
    ['Rows', `${rows.expected ?? 'unknown'}: ${rows.sentence}`],
    ['Expected from', expected.expectedFrom && time(expected.expectedFrom)],
  ]
}

function knownFacts({ coverage, absence, winner }: Explanation): Fact[] {
  const bits = Object.entries(coverage).flatMap(([name, isSet]) => (isSet ? [name] : []))
  return [
    ['Coverage', bits.length === 0 ? 'nothing is known' : bits.join(', ')],
    ['Reason', absence && `${absence.reason}: ${absence.meaning}`],
    ['Decided', absence?.decidedAt && time(absence.decidedAt)],
    ['Look again', absence && (absence.recheckAt === null ? 'never' : time(absence.recheckAt))],
    ['Winner', winner && `${winner.vendor}${winner.feed === null ? '' : ` (${winner.feed})`}, rows ${winner.rows}`],
    ['Digest', winner && html`<code>${winner.digest}</code>`],
  ]
}

function judgedFacts({ qc, partition }: Explanation): Fact[] {
  const numbers = Object.entries(qc.numbers).map(([name, value]) => `${name} ${value}`)
  return [
    [
      'Status',
      `${qc.status ?? 'not judged'}${qc.isOutdated && qc.status !== null ? ', before the newest change' : ''}`,
    ],
    ['Flags', qc.flags.join(', ')],
    ['Numbers', numbers.join(', ')],
    ['Vendor', qc.vendor],
    ['Action', qc.action],
    ['Checked', qc.checkedAt && time(qc.checkedAt)],
    ['Partition', `${partition.name}: ${partition.stage}`],
  ]
}

const secondFacts = ({ sentence, action, numbers, decidedAt }: NonNullable<Explanation['secondView']>): Fact[] => [
  ['Outcome', `${action}: ${sentence}`],
  [
    'Numbers',
    Object.entries(numbers)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  ],
  ['Decided', time(decidedAt)],
]

const decisionFacts = ({ decision, reason, at }: NonNullable<Explanation['decision']>): Fact[] => [
  ['Decision', decision],
  ['Reason', reason],
  ['At', time(at)],
]

const taskFacts = (task: NonNullable<Explanation['task']>): Fact[] => [
  ['Task', task.id],
  ['State', task.state],
  ['Reason', task.reason],
  ['Queue', `lane ${task.lane}, priority ${task.priority}`],
  ['Only', task.vendor],
  ['Attempts', `${task.attempts} of ${task.maxAttempts}`],
  ['Last outcome', task.lastOutcome],
  ['Next turn', time(task.nextAt)],
  ['Lease', task.lease && html`${task.lease.vendor} until ${time(task.lease.until)}`],
]

/** Nobody is going to be asked because of what was answered so far. */
const isSettled = ({ task, coverage, absence }: Explanation): boolean =>
  task === null && (coverage.present || (absence !== null && absence.recheckAt === null))

function vendorArticle(vendor: VendorExplanation, isOver: boolean): Html {
  const { mayBeAsked, history, recency, budget, circuit, score, learned, attempt } = vendor
  const day = budget.callsPerDay === null ? '' : `, ${budget.callsToday} of ${budget.callsPerDay} today`
  const ahead =
    budget.callsAfterClockReset === 0
      ? ''
      : ` (${budget.callsAfterClockReset} of them before the clock was set back: they count until it is past them)`
  return article(`${vendor.vendor} (${vendor.feed})`, [
    ['May be asked', mayBeAsked.can === 'later' ? html`at ${time(mayBeAsked.at)}` : mayBeAsked.can],
    ['Because', list(mayBeAsked.because)],
    ...(attempt ? attemptFacts(attempt, isOver) : [['Answer', 'never asked'] satisfies Fact]),
    ['Entitled', vendor.entitled ? 'yes' : 'no'],
    ['Keys', vendor.missingKeys.length === 0 ? 'set' : `not set: ${vendor.missingKeys.join(', ')}`],
    ['History', `from ${history.from}${history.ranges ? '' : ', too late for this day'}`],
    ['Has the day', html`${recency.rule}: ${time(recency.availableAt)}`],
    [
      'Refusals',
      list(vendor.demotions.map(({ symbol, outcome, fromDt, toDt }) => `${symbol} ${outcome}, ${fromDt} to ${toDt}`)),
    ],
    [
      'Circuit',
      circuit && `${circuit.isOpen ? 'open' : 'closed'}, ${circuit.failures} failures in a row: ${circuit.why}`,
    ],
    ['Calls', `${budget.callsThisMinute} of ${budget.callsPerMinute} this minute${ahead}${day} (${budget.account})`],
    [
      'Score',
      `${digits(score.score)} = fills ${digits(score.fills)} × preference ${score.preference} ÷ (cost ${digits(score.cost)} × latency ${digits(score.latencyMs)} ms)`,
    ],
    ['Fills', fillsSentence(score)],
    ['Learned', learned && `${learned.filled} of ${learned.asked} cells in ${learned.calls} calls`],
  ])
}

function fillsSentence({ segment, asked, filled, prior }: VendorExplanation['score']): string {
  const seen = `lately ${digits(filled)} of ${digits(asked)} cells`
  return `${segment === null ? '' : `${segmentText(segment)}: `}${seen}; its other answers let expect ${digits(prior)}`
}

const attemptFacts = (attempt: NonNullable<VendorExplanation['attempt']>, isOver: boolean): Fact[] => [
  [
    'Answer',
    html`${attempt.meaning} (${attempt.outcome}), ${attempt.since ? html`between ${time(attempt.since)} and ` : ''}${time(attempt.at)}`,
  ],
  ['Times asked', attempt.count],
  ['HTTP status', attempt.status],
  ['Rows', attempt.rows],
  ['Digest', attempt.digest && html`<code>${attempt.digest}</code>`],
  ['Note', attempt.note],
  ['Refused for', attempt.refusedFor],
  ['Read again', attempt.rereadAt && time(attempt.rereadAt)],
  [
    'Asked again',
    isOver || attempt.askAgainAt === null ? 'not of itself' : html`not before ${time(attempt.askAgainAt)}`,
  ],
]

const incidentsSection = (incidents: Explanation['incidents']): Html => html`<section>
<h2>Incidents of the session</h2>
${incidents.map((row) =>
  article(row.vendor ?? 'all vendors', [
    ['What', row.sentence],
    ['Open since', time(row.openedAt)],
    ['Last seen', time(row.lastSeenAt)],
    ['Looks in vain', row.looks],
    ['Next look', html`${time(row.nextLookAt)}: ${row.probes.join(', ')}`],
  ]),
)}
</section>`

const correctionsSection = (corrections: Explanation['corrections']): Html => html`<section>
<h2>Changes by the vendor</h2>
${corrections.map((row) =>
  article(row.vendor, [
    ['Found', html`${time(row.at)}${row.window === null ? '' : `, asked again ${sessions(row.window)} later`}`],
    ['Difference', row.sentence],
    ['Rows', `${row.rowsBefore} before, ${row.rows} in the new answer`],
    ['Digests', html`<code>${row.previous}</code> before, <code>${row.digest}</code> in the new answer`],
  ]),
)}
</section>`

const section = (title: string, facts: Fact[]): Html => html`<section>
<h2>${title}</h2>
${factList(facts)}
</section>`

const article = (title: string, facts: Fact[]): Html => html`<article>
<h3>${title}</h3>
${factList(facts)}
</article>
`

function factList(facts: Fact[]): Html {
  const told = facts.filter(([, value]) => value !== null && value !== undefined && value !== '')
  return html`<dl>${told.map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>`
}

const list = (items: readonly string[]): Html | null =>
  items.length === 0 ? null : html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`

const time = (iso: string | null): Html | string =>
  iso === null ? 'never' : html`<time datetime="${iso.replace(/\.\d+Z$/, 'Z')}">${newYorkText(Date.parse(iso))}</time>`

const digits = (value: number): string => String(Number(value.toPrecision(3)))
const sessions = (count: number): string => `${count} session${count === 1 ? '' : 's'}`
