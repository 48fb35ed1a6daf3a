/** Coverage as a picture: symbols down, time across, one colour a state; SVG of bounded size however much it shows. */
import { html, raw } from 'hono/html'
import { calendarOf } from '../_calendar/calendar.ts'
import { availableFrom } from '../_catalog/availability.ts'
import { sourcesFor } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import type { Dt } from '../_market/dt.ts'
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
const LEGEND_HEIGHT = 92
const MOST_TIME_LABELS = 12
/** Room for a character of a label. */
const CHARACTER_WIDTH = 5.8
/** CSS pixels below which the text could not be read: a smaller window scrolls. */
const LEAST_WIDTH = 900

interface Row {
  symbols: string[]
  name: string
}

export interface Picture {
  /** An SVG element. Tiles link to the same address with a narrower question, single cells to their story. */
  svg: string
  /** What each row stands for, as a query names it. */
  rows: { name: string; symbols: string }[]
  /** What it shows, in a sentence. */
  summary: string
}

/** A picture by itself is a document with a style of its own; the one of a page has that of the page. */
export type Place = 'document' | 'page'

export async function pictureOf(node: Node, request: CoverageRequest, place: Place): Promise<Picture> {
  const sessions = calendarOf(request.spec.calendar).sessions(request.from, request.to)
  const { unit, columns } = fittingColumns(sessions, MOST_COLUMNS)
  const perRow = Math.max(1, Math.ceil(request.symbols.length / MOST_ROWS))
  const rows = rowsOf(request, perRow)
  const places = new Map(request.symbols.map((symbol, at) => [symbol, Math.floor(at / perRow)]))
  const rowOf = (symbol: string): number => places.get(symbol) ?? 0
  const { cells } = await countGrid(node, request, columns, rows.length, rowOf)
  await countRecent(node, request, columns, cells, rowOf)
  const isQuiet = request.spec.expected_rows === 'events'
  const tiles = cells.flatMap((row, at) => tilesOf(at, row, columns, rows[at]!.symbols.length, isQuiet))
  const height = TOP + rows.length * ROW_HEIGHT + LEGEND_HEIGHT
  const scale = PLOT_WIDTH / Math.max(1, columns.length)
  const title = `${request.dataset}, ${spanOf(request)}`
  const summary = `${request.symbols.length} symbols, a column a ${unit}, as of ${request.asof}`
  // A page has its own title and summary.
  const head = place === 'page' ? TOP - 18 : 0
  const svg = String(
    await html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 ${head} ${WIDTH} ${height - head}" width="100%" preserveAspectRatio="xMinYMin" font-family="system-ui, sans-serif" font-size="10"${place === 'page' ? raw(' aria-hidden="true"') : ''}>
<title>Coverage of ${title}</title>
<desc>${summary}. A tile shows the most serious state of its cells, darker the more of them it concerns; follow it to look closer.</desc>
${place === 'document' ? html`<style>${raw(STYLE)}${raw(leastSize(height))}</style>` : ''}
${place === 'document' ? heading(title, tiles.length === 0 ? 'nothing is expected here' : summary) : ''}
<rect class="plot" x="${LEFT}" y="${TOP}" width="${PLOT_WIDTH}" height="${rows.length * ROW_HEIGHT}" fill="#ffffff" stroke="#7c8794" stroke-width=".5"/>
${timeAxis(columns, scale)}
${rows.map(({ name }, at) => html`<text class="ink" text-anchor="end" x="${LEFT - 6}" y="${TOP + at * ROW_HEIGHT + 11}">${name}</text>\n`)}
${tiles.map((tile) => tileSvg(tile, rows[tile.row]!, request, scale, place))}
${legend(TOP + rows.length * ROW_HEIGHT + 18)}
</svg>
`,
  )
  return {
    svg: place === 'document' ? `<?xml version="1.0" encoding="UTF-8"?>\n${svg}` : svg,
    rows: rows.map(({ name, symbols }) => ({ name, symbols: symbolsText(symbols, request.members) })),
    summary,
  }
}

const heading = (title: string, summary: string) => html`<text class="head" x="10" y="18">${title}</text>
<text class="ink" x="10" y="33">${summary}</text>`

/** Adds what no vendor has yet: open cells of days after the newest one that any of them serves. */
async function countRecent(
  node: Node,
  request: CoverageRequest,
  columns: readonly Column[],
  cells: Counts[][],
  rowOf: (symbol: string) => number,
): Promise<void> {
  const now = node.now()
  const servedFrom = availableFrom(sourcesFor(node, request.dataset), request.spec, now)
  const isRecent = (dt: Dt): boolean => servedFrom(dt) > now && servedFrom(dt) < Number.MAX_SAFE_INTEGER
  const recent = columns.map(({ sessions, ...column }) => ({
    ...column,
    // From the newest one back: the first that is served ends them.
    sessions: sessions.slice(sessions.findLastIndex((dt) => !isRecent(dt)) + 1),
  }))
  const first = recent.flatMap(({ sessions }) => sessions)[0]
  if (first === undefined) return
  const found = await countGrid(node, { ...request, from: first }, recent, cells.length, rowOf)
  found.cells.forEach((row, at) => {
    row.forEach(({ open }, column) => {
      cells[at]![column]!.recent = open
    })
  })
}

/** The ground under the tiles stays light in the dark too: the shades are told apart by their lightness. */
const STYLE = `
.ink, .head { fill: #1b1f24; } .head { font-size: 14px; font-weight: 600; }
@media (prefers-color-scheme: dark) { svg { background: #0f1318; } .ink, .head { fill: #e6edf3; } }
.t { stroke: #ffffff; stroke-width: .4; } a:hover .t, a:focus .t { stroke: #d6006c; stroke-width: 2; }
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

function tileSvg(tile: Tile, row: Row, request: CoverageRequest, scale: number, place: Place) {
  const { column, width, state, counts, from, to } = tile
  const x = short(LEFT + column * scale)
  const y = TOP + tile.row * ROW_HEIGHT
  const told = `${row.name}, ${spanOf(tile)}: ${countsText(counts)}`
  // Relative addresses hold behind whatever this node is served under.
  const href = tile.isCell
    ? `../why/${request.dataset}/${row.symbols[0]}/${from}`
    : `?from=${from}&to=${to}&symbols=${symbolsText(row.symbols, request.members)}`
  // A page has a table for who reads or moves by keyboard: thousands of stops would be in their way.
  return html`<a href="${href}"${place === 'page' ? raw(' tabindex="-1"') : ''}><rect class="t ${state}" fill="${COLOURS[state]}" x="${x}" y="${y}" width="${short(width * scale)}" height="${ROW_HEIGHT}"><title>${told}</title></rect></a>\n`
}

/** What there is none of is left out. */
function countsText({ expected, present, short, held, absent, open, recent }: Counts): string {
  const all = Object.entries({ present, short, held, absent, open: open - recent, 'too recent': recent })
  return [`${expected} expected`, ...all.flatMap(([name, cells]) => (cells > 0 ? [`${cells} ${name}`] : []))].join(', ')
}

function legend(y: number) {
  const perLine = 4
  const keys = [
    ...STATES.map((state) => [COLOURS[state], LEGEND[state]]),
    ['#ffffff', 'blank: nothing expected'],
  ] as const
  return keys.map(([colour, words], at) => {
    const x = LEFT + (at % perLine) * 235
    const line = y + Math.floor(at / perLine) * 20
    return html`<rect fill="${colour}" stroke="#7c8794" stroke-width=".5" x="${x}" y="${line - 10}" width="14" height="12"/><text class="ink" x="${x + 20}" y="${line}">${words}</text>\n`
  })
}

/** Two decimals are finer than any screen. */
const short = (value: number): string => String(Number(value.toFixed(2)))
