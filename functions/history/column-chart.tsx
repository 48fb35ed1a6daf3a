/** A small chart of columns: one value a day, in one or more layers that stand on each other. Plain SVG in the colours of the page. */
import { counted } from '../_page/figures.ts'

/** A layer of each column, from the bottom up. */
export interface Layer {
  name: string
  values: readonly number[]
}

const [WIDTH, HEIGHT] = [600, 90]
const WIDEST = 24

interface Terms {
  title: string
  /** Below the columns: the first and the last. */
  days: readonly string[]
  layers: readonly Layer[]
  /** A value as a person reads it. */
  text(value: number): string
}

/** Who cannot see it reads its title and the table that stands below it. */
export function ColumnChart({ title, days, layers, text }: Terms) {
  const sums = days.map((_, at) => layers.reduce((sum, { values }) => sum + (values[at] ?? 0), 0))
  const most = Math.max(...sums, 0)
  const step = Math.min(WIDEST, WIDTH / Math.max(1, days.length))
  const heightOf = (value: number): number => (most === 0 ? 0 : (value / most) * HEIGHT)
  return (
    <svg
      class="chart"
      viewBox={`0 -2 ${WIDTH} ${HEIGHT + 18}`}
      role="img"
      aria-label={`${title}: ${counted(days.length, 'day')}, at most ${text(most)}`}
    >
      {days.map((day, at) => {
        let below = 0
        return layers.map(({ name, values }, layer) => {
          const height = heightOf(values[at] ?? 0)
          below += height
          return (
            <rect
              class={`layer-${layer}`}
              x={short(at * step)}
              y={short(HEIGHT - below)}
              width={short(step * 0.8)}
              height={short(height)}
            >
              <title>{`${day}, ${name}: ${text(values[at] ?? 0)}`}</title>
            </rect>
          )
        })
      })}
      <line x1="0" y1={HEIGHT} x2={WIDTH} y2={HEIGHT} stroke="currentColor" stroke-width=".5" />
      <text x="0" y={HEIGHT + 13} font-size="11">
        {days.length > 1 ? `${days[0]} to ${days.at(-1)}, at most ${text(most)}` : `${days[0] ?? ''}, ${text(most)}`}
      </text>
    </svg>
  )
}

const short = (value: number): string => String(Number(value.toFixed(1)))
