/** The status page: how much of each dataset is there. */

import { COUNTING } from '../_page/counting-text.ts'
import { count, percent } from '../_page/figures.ts'
import { Instant } from '../_page/instant.tsx'
import { Scroll } from '../_page/scrolling-table.tsx'
import type { Overview } from './overview.ts'

export function CoverageSection({ overview: { coverage, now } }: { overview: Overview }) {
  if (coverage === null) {
    return (
      <>
        <h2>Coverage</h2>
        <p>{COUNTING}</p>
      </>
    )
  }
  return (
    <>
      <h2>Coverage</h2>
      <Scroll label="Coverage by dataset">
        <thead>
          <tr>
            <th scope="col">Dataset</th>
            <th scope="col">There</th>
            {['Share', 'Present', 'Explained', 'Held', 'To fetch', 'Not to be had now'].map((head) => (
              <th scope="col" class="number">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {coverage.summary.counts.map(({ dataset, present, absent, held }) => {
            const ahead = coverage.summary.forecast.datasets.find((one) => one.dataset === dataset)
            const open = ahead?.open ?? 0
            const unserved = Object.values(ahead?.nobody ?? {}).reduce((sum, cells) => sum + cells, 0)
            const all = present + absent + open + unserved
            const share = all === 0 ? 0 : (present + absent) / all
            return (
              <tr>
                <th scope="row">
                  <a href={`./coverage/${dataset}`}>{dataset}</a>
                </th>
                <td>
                  <progress
                    value={share}
                    max={1}
                    aria-label={`${dataset}: ${percent(share)} is there or explained`}
                  ></progress>
                </td>
                <td class="number">{all === 0 ? 'nothing yet' : percent(share)}</td>
                {[present, absent, held, open, unserved].map((cells) => (
                  <td class="number">{count(cells)}</td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </Scroll>
      <p class="quiet small">
        The share is of cells that are there or explained. Counted <Instant at={coverage.at} now={now} />.
      </p>
    </>
  )
}
