/** The status page: the newest bundles, and who has pulled them. */
import { count, counted, size } from '../_page/figures.ts'
import { Instant } from '../_page/instant.tsx'
import { Scroll } from '../_page/scrolling-table.tsx'
import type { BundleLine, Overview } from './overview.ts'

export function BundlesSection({ overview: { bundles, acks, now } }: { overview: Overview }) {
  return (
    <>
      <h2>Bundles</h2>
      {bundles.length === 0 && <p>None yet: the night chain makes the first.</p>}
      {bundles.length > 0 && (
        <Scroll label="Newest bundles">
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Made</th>
              <th scope="col" class="number">
                Size
              </th>
              <th scope="col" class="number">
                Rows
              </th>
              <th scope="col">Pulled by</th>
            </tr>
          </thead>
          <tbody>
            {bundles.map((bundle, at) => {
              const pullers = acks.filter(({ asof }) => asof === bundle.asof)
              return (
                <tr>
                  <th scope="row" class="day">
                    <a href={`./exports/nightly/${bundle.asof}/`}>{bundle.asof}</a>
                    {bundle.complete ? '' : <b class="warn"> incomplete</b>}
                  </th>
                  <td>
                    <Instant at={bundle.generatedAt} now={now} />
                  </td>
                  <td class="number">{size(bundle.bytes)}</td>
                  <td class="number">
                    {count(bundle.rows)}
                    <RowsMore bundle={bundle} before={bundles[at + 1]} />
                  </td>
                  <td>{pullers.length === 0 ? 'nobody yet' : pullers.map(pullerText).join(', ')}</td>
                </tr>
              )
            })}
          </tbody>
        </Scroll>
      )}
      <p class="small">
        <a href="./exports">All bundles</a>, <a href="./changes">what vendors changed</a>
      </p>
    </>
  )
}

function RowsMore({ bundle, before }: { bundle: BundleLine; before: BundleLine | undefined }) {
  if (before === undefined || bundle.rows === before.rows) return null
  const more = bundle.rows - before.rows
  return <span class="quiet small">{` ${more > 0 ? '+' : '−'}${count(Math.abs(more))}`}</span>
}

const pullerText = ({ puller, missed }: Overview['acks'][number]): string =>
  missed === 0 ? puller : `${puller} (missed ${counted(missed, 'cell')})`
