/** Coverage as a picture: symbols down, time across, one colour a state; SVG of bounded size however much it shows. */
import { html, raw } from 'hono/html'
import { calendarOf } from '../_calendar/calendar.ts'
import type { Node } from '../_http/node.ts'
import { type Column, fittingColumns } from './columns.ts'
import { type Counts, countGrid } from './grid.ts'
import type { CoverageRequest } from './request.ts'
import { COLOURS, LEGEND, STATES } from './states.ts'
import { symbolsText, type Tile, tilesOf } from './tiles.ts'

/** At most 4,800 tiles of some 300 bytes each. */
const MOST_ROWS = 48
const MOST_COLUMNS = 100

/** User units; the picture grows and shrinks with the window. */
const WIDTH = 1100
const LEFT = 150
const TOP = 52
const PLOT_WIDTH = WIDTH - LEFT - 10
const ROW_HEIGHT = 14
const LEGEND_HEIGHT = 64
const MOST_TIME_LABELS = 12
/** Room for a character of a label. */
const CHARACTER_WIDTH = 5.8
/** CSS pixels below which the text could not be read: a smaller window scrolls. */
const LEAST_WIDTH = 900

interface Row {
  symbols: string[]
  name: string
}

/** A whole SVG document. Tiles link to the same address with a narrower question, single cells to their story. */
export async function pictureOf(node: Node, request: CoverageRequest): Promise<string> {
  const sessions = calendarOf(request.spec.calendar).sessions(request.from, request.to)
  const { unit, columns } = fittingColumns(sessions, MOST_COLUMNS)
  const perRow = Math.max(1, Math.ceil(request.symbols.length / MOST_ROWS))
  const rows = rowsOf(request, perRow)
  const places = new Map(request.symbols.map((symbol, at) => [symbol, Math.floor(at / perRow)]))
  const { cells } = await countGrid(node, request, columns, rows.length, (symbol) => places.get(symbol) ?? 0)
  const tiles = cells.flatMap((row, at) => tilesOf(at, row, columns, rows[at]!.symbols.length))
  const height = TOP + rows.length * ROW_HEIGHT + LEGEND_HEIGHT
  const scale = PLOT_WIDTH / Math.max(1, columns.length)
  const title = `${request.dataset}, ${spanOf(request)}`
  const summary = `${request.symbols.length} symbols, a column a ${unit}, as of ${request.asof}`
  return String(
    await html`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="100%" preserveAspectRatio="xMinYMin" font-family="system-ui, sans-serif" font-size="10">
<title>Coverage of ${title}</title>
<desc>${summary}. A tile shows the most serious state of at least one cell in a hundred; follow it to look closer.</desc>
<style>${raw(STYLE)}${raw(leastSize(height))}</style>
<text class="head" x="10" y="18">${title}</text>
<text class="ink" x="10" y="33">${tiles.length === 0 ? 'nothing is expected here' : summary}</text>
<rect class="plot" x="${LEFT}" y="${TOP}" width="${PLOT_WIDTH}" height="${rows.length * ROW_HEIGHT}"/>
${timeAxis(columns, scale)}
${rows.map(({ name }, at) => html`<text class="ink" text-anchor="end" x="${LEFT - 6}" y="${TOP + at * ROW_HEIGHT + 11}">${name}</text>\n`)}
${tiles.map((tile) => tileSvg(tile, rows[tile.row]!, request, scale))}
${legend(TOP + rows.length * ROW_HEIGHT + 18)}
</svg>
`,
  )
}

/** The ground under the tiles stays light in the dark too: the states are told apart by their lightness. */
const STYLE = `
.ink, .head { fill: #1b1f24; } .head { font-size: 14px; font-weight: 600; } .plot { fill: #ffffff; stroke: #7c8794; stroke-width: .5; }
@media (prefers-color-scheme: dark) { svg { background: #0f1318; } .ink, .head { fill: #e6edf3; } }
.t { stroke: #ffffff; stroke-width: .4; } a:hover .t, a:focus .t { stroke: #d6006c; stroke-width: 2; }
${STATES.map((state) => `.${state} { fill: ${COLOURS[state]}; }`).join(' ')}
.key { stroke: #7c8794; stroke-width: .5; }
`

const leastSize = (height: number): string =>
  `svg { min-width: ${LEAST_WIDTH}px; min-height: ${Math.round((LEAST_WIDTH * height) / WIDTH)}px; }`

function rowsOf({ symbols }: CoverageRequest, perRow: number): Row[] {
  const rows: Row[] = []
  for (let at = 0; at < symbols.length; at += perRow) {
    const own = symbols.slice(at, at + perRow)
    rows.push({ symbols: own, name: nameOf(own) })
  }
  return rows
}

const nameOf = (symbols: readonly string[]): string =>
  symbols.length === 1 ? `${symbols[0]}` : `${symbols[0]} to ${symbols.at(-1)}`

const spanOf = ({ from, to }: { from: string; to: string }): string => (from === to ? from : `${from} to ${to}`)

/** A label at every n-th column, so that they run neither into each other nor out of the picture. */
function timeAxis(columns: readonly Column[], scale: number) {
  const every = Math.ceil(columns.length / MOST_TIME_LABELS)
  const fits = (name: string, at: number): boolean => LEFT + at * scale + name.length * CHARACTER_WIDTH <= WIDTH
  return columns.map(({ name }, at) =>
    at % every === 0 && fits(name, at)
      ? html`<text class="ink" x="${short(LEFT + at * scale)}" y="${TOP - 5}">${name}</text>\n`
      : '',
  )
}

function tileSvg(tile: Tile, row: Row, request: CoverageRequest, scale: number) {
  const { column, width, state, counts, from, to } = tile
  const x = short(LEFT + column * scale)
  const y = TOP + tile.row * ROW_HEIGHT
  const told = `${row.name}, ${spanOf(tile)}: ${countsText(counts)}`
  // Relative addresses hold behind whatever this node is served under.
  const href = tile.isCell
    ? `../why/${request.dataset}/${row.symbols[0]}/${from}`
    : `?from=${from}&to=${to}&symbols=${symbolsText(row.symbols, request.members)}`
  return html`<a href="${href}"><rect class="t ${state}" x="${x}" y="${y}" width="${short(width * scale)}" height="${ROW_HEIGHT}"><title>${told}</title></rect></a>\n`
}

/** What there is none of is left out. */
function countsText({ expected, present, short, held, absent, open }: Counts): string {
  const all = Object.entries({ present, short, held, absent, open })
  return [`${expected} expected`, ...all.flatMap(([name, cells]) => (cells > 0 ? [`${cells} ${name}`] : []))].join(', ')
}

function legend(y: number) {
  const perLine = 4
  const keys = [...STATES.map((state) => [state, LEGEND[state]]), ['plot', 'blank: nothing expected']]
  return keys.map(([look, words], at) => {
    const x = LEFT + (at % perLine) * 235
    const line = y + Math.floor(at / perLine) * 20
    return html`<rect class="key ${look}" x="${x}" y="${line - 10}" width="14" height="12"/><text class="ink" x="${x + 20}" y="${line}">${words}</text>\n`
  })
}

/** Two decimals are finer than any screen. */
const short = (value: number): string => String(Number(value.toFixed(2)))
