/** GET /quality: the quality report of the latest bundle, in a browser as a page with its pictures, else as the text that the bundle holds. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from 'hono'
import { z } from 'zod'
import { datasetsOf } from '../_catalog/catalog.ts'
import { RequestError, readQuery } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { prefersPage } from '../_http/prefers-page.ts'
import { checking } from '../_http/request-schemas.ts'
import type { Dt } from '../_market/dt.ts'
import { showPage } from '../_page/layout.tsx'
import { Scroll } from '../_page/scrolling-table.tsx'
import type { Bundles } from './bundles.ts'
import { type Block, blocksOf } from './report-blocks.ts'

const REPORT = 'qc/report.md'
const NONE = 'There is no bundle with a quality report yet: POST /export makes one'
const NO_QUERY = z.strictObject({})

/** Throws RequestError 404 where there is no report; a page says so. */
export const quality = (node: Node, bundles: Bundles, canLogOut: boolean) =>
  checking({ query: NO_QUERY }, async (c: Context): Promise<Response> => {
    readQuery(c, NO_QUERY)
    const found = await reportIn(bundles)
    c.header('Vary', 'Accept')
    if (!prefersPage(c)) {
      if (found === null) throw new RequestError(404, NONE)
      return c.text(found.report, 200, { 'Content-Type': 'text/markdown; charset=utf-8' })
    }
    return await showPage(c, {
      title: 'Quality',
      datasets: datasetsOf(node.config).map(({ dataset }) => dataset),
      canLogOut,
      children: found === null ? <NoReport /> : <Report {...found} />,
    })
  })

interface FoundReport {
  asof: Dt
  report: string
}

/** Null where there is no bundle, or one of an older version that has no report. */
async function reportIn(bundles: Bundles): Promise<FoundReport | null> {
  const asof = await bundles.latest()
  if (asof === null || !(await bundles.of(asof)).listed.has(REPORT)) return null
  const { folder, file } = await bundles.file(asof, REPORT)
  return { asof, report: await readFile(join(folder, file.path), 'utf8') }
}

function NoReport() {
  return (
    <>
      <h1>Quality</h1>
      <p>{NONE}.</p>
    </>
  )
}

function Report({ asof, report }: FoundReport) {
  return (
    <>
      {blocksOf(report).map((block) => (
        <ReportBlock block={block} asof={asof} />
      ))}
      <p class="quiet small">
        Of the bundle of <a href={`./exports/nightly/${asof}/`}>{asof}</a>.
      </p>
    </>
  )
}

function ReportBlock({ block, asof }: { block: Block; asof: Dt }) {
  switch (block.kind) {
    case 'title':
      return <h1>{block.text}</h1>
    case 'section':
      return <h2>{block.text}</h2>
    case 'cell':
      return (
        <h3>
          <a href={`./why/${block.dataset}/${encodeURIComponent(block.symbol)}/${block.dt}`}>
            {block.symbol} {block.dt}
          </a>
          {`, ${block.dataset}: ${block.status}`}
        </h3>
      )
    case 'picture':
      return <img class="bars" src={`./exports/nightly/${asof}/qc/${block.path}`} alt={block.text} loading="lazy" />
    case 'table':
      return <ReportTable heads={block.heads} rows={block.rows} />
    default:
      return <p>{block.text}</p>
  }
}

function ReportTable({ heads, rows }: { heads: string[]; rows: string[][] }) {
  const classes = heads.map((_, at) => (rows.every((row) => !Number.isNaN(Number(row[at]))) ? 'number' : 'day'))
  return (
    <Scroll label={heads.join(', ')}>
      <thead>
        <tr>
          {heads.map((head, at) => (
            <th scope="col" class={classes[at]}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {row.map((value, at) => (
              <td class={classes[at]}>{value}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </Scroll>
  )
}
