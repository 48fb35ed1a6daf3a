/** GET /history: bundles by night, quality by trading day and calls by day; a browser gets charts with a table below each. */
import type { Context } from 'hono'
import { z } from 'zod'
import { datasetsOf } from '../_catalog/catalog.ts'
import { readQuery } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { prefersPage } from '../_http/prefers-page.ts'
import { checking } from '../_http/request-schemas.ts'
import { count, size } from '../_page/figures.ts'
import { showPage } from '../_page/layout.tsx'
import { Scroll } from '../_page/scrolling-table.tsx'
import { ColumnChart, type Layer } from './column-chart.tsx'
import { type History, historyOf } from './series.ts'

const NO_QUERY = z.strictObject({})

/** Reads only. Throws RequestError 400 for a query. */
export const history = (node: Node, canLogOut: boolean) =>
  checking({ query: NO_QUERY }, async (c: Context): Promise<Response> => {
    readQuery(c, NO_QUERY)
    const found = await historyOf(node)
    c.header('Vary', 'Accept')
    if (!prefersPage(c)) return c.json({ ok: true, ...found })
    return await showPage(c, {
      title: 'History',
      datasets: datasetsOf(node.config).map(({ dataset }) => dataset),
      canLogOut,
      children: <Charts {...found} />,
    })
  })

function Charts({ bundles, quality, calls }: History) {
  return (
    <>
      <h1>History</h1>
      <h2>Size of the bundles</h2>
      {bundles.length === 0 ? (
        <p>There is no bundle yet.</p>
      ) : (
        <Series
          title="Size of the bundles"
          days={bundles.map(({ asof }) => asof)}
          layers={[{ name: 'bytes', values: bundles.map(({ bytes }) => bytes) }]}
          text={size}
        />
      )}
      <h2>Held and doubted cells</h2>
      <p class="quiet small">
        {quality.length === 0 ? 'No cell was judged yet.' : 'The lower part of a column is held, the upper part AMBER.'}
      </p>
      {quality.map(({ dataset, days }) => (
        <>
          <h3>{dataset}</h3>
          <Series
            title={`Held and doubted cells of ${dataset}`}
            days={days.map(({ dt }) => dt)}
            layers={[
              { name: 'held', values: days.map(({ held }) => held) },
              { name: 'AMBER', values: days.map(({ amber }) => amber) },
            ]}
            text={count}
          />
        </>
      ))}
      <h2>Calls to vendors</h2>
      {calls.length === 0 && <p>No vendor was asked in the last eight days.</p>}
      {calls.map(({ vendor, days }) => (
        <>
          <h3>{vendor}</h3>
          <Series
            title={`Calls to ${vendor}`}
            days={days.map(({ day }) => day)}
            layers={[{ name: 'calls', values: days.map((one) => one.calls) }]}
            text={count}
          />
        </>
      ))}
    </>
  )
}

interface SeriesTerms {
  title: string
  days: string[]
  layers: Layer[]
  text(value: number): string
}

function Series({ title, days, layers, text }: SeriesTerms) {
  const isAllZero = layers.every(({ values }) => values.every((value) => value === 0))
  if (isAllZero) return <p>{`None from ${days[0]} to ${days.at(-1)}.`}</p>
  return (
    <figure>
      <ColumnChart title={title} days={days} layers={layers} text={text} />
      <details>
        <summary>As a table</summary>
        <Scroll label={title}>
          <thead>
            <tr>
              <th scope="col">Day</th>
              {layers.map(({ name }) => (
                <th scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map((day, at) => (
              <tr>
                <th scope="row" class="day">
                  {day}
                </th>
                {layers.map(({ values }) => (
                  <td class="number">{text(values[at] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </Scroll>
      </details>
    </figure>
  )
}
