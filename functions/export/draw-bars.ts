/** Draws bars as a small picture: one is marked, the others stand around it. Plain SVG that needs no style and takes the colour of its page. */

export interface DrawnBar {
  /** A day or a time of day, for the text of the picture. */
  at: string
  open: number
  high: number
  low: number
  close: number
}

const [WIDTH, HEIGHT, MARGIN] = [320, 120, 8]
const MARK = '#d6006c'

/** `marked` is the index of the bar that is meant, -1 for none. Bars with a price that is no number are left out. Same bars, same text. */
export function drawBars(bars: readonly DrawnBar[], marked: number, title: string): string {
  const drawn = bars.flatMap((bar, at) =>
    [bar.open, bar.high, bar.low, bar.close].every(Number.isFinite) ? [{ bar, isMarked: at === marked }] : [],
  )
  const prices = drawn.flatMap(({ bar }) => [bar.open, bar.high, bar.low, bar.close])
  const [least, most] = [Math.min(...prices), Math.max(...prices)]
  const step = (WIDTH - 2 * MARGIN) / Math.max(1, drawn.length)
  const y = (price: number): number =>
    most > least ? HEIGHT - MARGIN - ((price - least) / (most - least)) * (HEIGHT - 2 * MARGIN) : HEIGHT / 2
  const shapes = drawn.map(({ bar, isMarked }, at) => {
    const x = MARGIN + (at + 0.5) * step
    const [top, bottom] = [y(Math.max(bar.open, bar.close)), y(Math.min(bar.open, bar.close))]
    const body = Math.max(1, Math.min(10, step * 0.6))
    const colour = isMarked ? MARK : 'currentColor'
    const wick = `<line x1="${round(x)}" y1="${round(y(bar.high))}" x2="${round(x)}" y2="${round(y(bar.low))}" stroke="${colour}"/>`
    const fill = bar.close >= bar.open ? 'none' : colour
    return `${wick}<rect x="${round(x - body / 2)}" y="${round(top)}" width="${round(body)}" height="${round(Math.max(1, bottom - top))}" fill="${fill}" stroke="${colour}"/>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escaped(title)}</title><desc>${escaped(describe(drawn.map(({ bar }) => bar)))}</desc>`,
    ...shapes,
    '</svg>\n',
  ].join('\n')
}

function describe(bars: readonly DrawnBar[]): string {
  const [first, last] = [bars[0], bars.at(-1)]
  if (first === undefined || last === undefined) return 'There is no bar to show.'
  const lows = bars.map(({ low }) => low)
  const highs = bars.map(({ high }) => high)
  return `${bars.length} bars from ${first.at} to ${last.at}, between ${Math.min(...lows)} and ${Math.max(...highs)}.`
}

const round = (value: number): number => Math.round(value * 10) / 10

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
