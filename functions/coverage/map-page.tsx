/** Coverage of a dataset as a page: the picture to see and point at, and the same as a table to read and to walk through by keyboard. */
import type { Context } from 'hono'
import { raw } from 'hono/html'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { COUNTING } from '../_page/counting-text.ts'
import { count, percent } from '../_page/figures.ts'
import { Instant } from '../_page/instant.tsx'
import { showPage } from '../_page/layout.tsx'
import type { CountedMap } from './kept-maps.ts'
import type { PeriodCounts } from './periods.ts'
import type { CoverageRequest } from './request.ts'
import { symbolsText } from './tiles.ts'

type Period = PeriodCounts & { period: string; from: string; to: string }

/** Seconds after which a browser asks again for a map that is being counted. */
const AGAIN_S = 2

/** `counted` is null while the map is counted for the first time: the page then says so, and asks again by itself. */
export async function showMap(
  c: Context,
  node: Node,
  request: CoverageRequest,
  counted: CountedMap | null,
  canLogOut: boolean,
): Promise<Response> {
  const { dataset, symbols } = request
  const only = symbols.length === 1 ? symbols[0] : undefined
  if (counted === null) c.header('Refresh', String(AGAIN_S))
  return await showPage(c, {
    title: `Coverage of ${dataset}`,
    datasets: datasetsOf(node.config).map((one) => one.dataset),
    canLogOut,
    children: (
      <>
        <h1>
          Coverage of {dataset}
          {only === undefined ? '' : `: ${only}`}
        </h1>
        {counted === null ? (
          <p role="status">{COUNTING}</p>
        ) : (
          <CountedCoverage request={request} counted={counted} isPart={isPart(c)} now={node.now()} />
        )}
      </>
    ),
  })
}

const isPart = (c: Context): boolean => ['from', 'to', 'symbols'].some((name) => c.req.query(name) !== undefined)

interface CountedTerms {
  request: CoverageRequest
  counted: CountedMap
  isPart: boolean
  now: number
}

function CountedCoverage({ request, counted, isPart: isZoomed, now }: CountedTerms) {
  const { dataset, symbols, members, from, to } = request
  const { picture, total, periods, by } = counted.summary
  const isAll = symbols.length === members.length
  const query = isAll ? '' : `&symbols=${encodeURIComponent(symbolsText(symbols, members))}`
  const only = symbols.length === 1 ? symbols[0] : undefined
  return (
    <>
      <p>
        {percentText(total)} {`${from} to ${to}, ${picture.summary}.`}
      </p>
      {isZoomed && (
        <p>
          <a href={`./${dataset}`}>The whole dataset</a>
        </p>
      )}
      <figure>
        {/* Scrolls by itself on a narrow screen. */}
        <section class="scroll map" tabindex={0} aria-label="Map of symbols and time; the tables below say the same">
          {raw(picture.svg)}
        </section>
        <figcaption class="quiet small">
          Point at a tile for its counts; follow it to look closer, at last to why one cell is as it is.{' '}
          <a href={`./${dataset}.svg?from=${from}&to=${to}${query}`}>The picture by itself</a>. Counted{' '}
          <Instant at={counted.at} now={now} />.
        </figcaption>
      </figure>
      <h2>By {by}</h2>
      <PeriodTable periods={periods} query={query} only={only} dataset={dataset} />
      <AskForm dataset={dataset} from={from} to={to} symbols={isAll ? 'all' : symbolsText(symbols, members)} />
      {picture.rows.length > 1 && (
        <details>
          <summary>Symbols</summary>
          <ul class="columns">
            {picture.rows.map((row) => (
              <li>
                <a href={`?from=${from}&to=${to}&symbols=${encodeURIComponent(row.symbols)}`}>{row.name}</a>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

/** Leads to the preview of what asking for the range would take; nothing is queued by it. */
function AskForm({ dataset, from, to, symbols }: { dataset: string; from: string; to: string; symbols: string }) {
  return (
    <details>
      <summary>Ask for a range</summary>
      <form class="ask" method="get" action="../enqueue">
        <input type="hidden" name="dataset" value={dataset} />
        <label>
          Symbols
          <input name="symbols" value={symbols} required title="all, or names and ranges such as AAPL,BA..BRK.B" />
        </label>
        <label>
          From
          <input name="from" type="date" value={from} required />
        </label>
        <label>
          To
          <input name="to" type="date" value={to} required />
        </label>
        <label class="check">
          <input name="again" type="checkbox" value="true" /> Again, also what is there or explained
        </label>
        <button type="submit">See what that takes</button>
      </form>
    </details>
  )
}

function percentText({ expected, present, absent }: PeriodCounts): string {
  if (expected === 0) return 'Nothing is expected here.'
  return `${percent((present + absent) / expected)} of ${count(expected)} cells are there or explained.`
}

interface TableTerms {
  periods: Period[]
  query: string
  only: string | undefined
  dataset: string
}

function PeriodTable({ periods, query, only, dataset }: TableTerms) {
  return (
    <section class="scroll" tabindex={0} aria-label="Coverage by period">
      <table>
        <thead>
          <tr>
            <th scope="col">Period</th>
            {['There or explained', 'Expected', 'Present', 'Absent', 'Held', 'Open'].map((head) => (
              <th scope="col" class="number">
                {head}
              </th>
            ))}
            <th scope="col">Because</th>
          </tr>
        </thead>
        <tbody>
          {periods.toReversed().map((period) => (
            <tr>
              <th scope="row" class="day">
                <a
                  href={
                    only !== undefined && period.from === period.to
                      ? `../why/${dataset}/${encodeURIComponent(only)}/${period.from}`
                      : `?from=${period.from}&to=${period.to}${query}`
                  }
                >
                  {period.period}
                </a>
              </th>
              <td class="number">
                {period.expected === 0 ? '–' : percent((period.present + period.absent) / period.expected)}
              </td>
              {[period.expected, period.present, period.absent, period.held, period.open].map((cells) => (
                <td class="number">{count(cells)}</td>
              ))}
              <td class="small">{becauseText(period)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const becauseText = ({ absentBecause, openBecause }: PeriodCounts): string =>
  [...Object.entries(absentBecause), ...Object.entries(openBecause)]
    .map(([reason, cells]) => `${reason.toLowerCase().replaceAll('_', ' ')} ${count(cells)}`)
    .join(', ')
