/** Where a person reads along: how wide a line may be, whether there are colours, and lines that are written over in place. */
import { styleText } from 'node:util'

/** Width of a file or a pipe, which has none of its own. */
const PLAIN_WIDTH = 80
const NARROWEST = 20
/** Longer lines are hard to follow. */
const WIDEST = 120

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'
export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_style, text) => text
const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false })

export interface Screen {
  /** Characters of the longest line. */
  width(): number
  /** Whether lines can be written over: on a terminal with colours, unless NO_COLOR says no. */
  isLive: boolean
  paint: Paint
  /** Writes text that stays. */
  say(text: string): void
  /** Shows lines below everything said, in place of those shown before. Without effect where nothing can be written over. */
  show(lines: readonly string[]): void
  /** Lets the lines shown last stay. */
  keep(): void
}

/** What a screen needs of a stream of Node.js. */
export interface ScreenStream {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
  hasColors?(): boolean
}

export function screenOf(stream: ScreenStream): Screen {
  const isLive = stream.isTTY === true && stream.hasColors?.() === true
  let shown: readonly string[] = []
  const erased = (): string => (shown.length === 0 ? '' : `\x1b[${shown.length}A\x1b[J`)
  return {
    // A terminal may begin a new line as soon as the last column is filled.
    width: () => Math.max(NARROWEST, Math.min(WIDEST, (stream.columns || PLAIN_WIDTH) - 1)),
    isLive,
    paint: isLive ? coloured : plain,
    say(text) {
      stream.write(`${erased()}${text}\n${shown.map((line) => `${line}\n`).join('')}`)
    },
    show(lines) {
      if (!isLive) return
      const before = erased()
      shown = lines
      stream.write(before + lines.map((line) => `${line}\n`).join(''))
    },
    keep() {
      shown = []
    },
  }
}

/** Cut to a width; what is lost shows as `…`. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`

/** Text in lines of a width, broken at spaces; those after the first are indented. Only a word that is longer by itself gets a longer line. */
export function wrap(text: string, width: number, indent = ''): string {
  const [start = '', ...words] = text.split(/(?<=\S) /)
  const lines = [start]
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`
    if (longer.length > width) lines.push(indent + word)
    else lines[lines.length - 1] = longer
  }
  return lines.join('\n')
}

/** 1234567 as `1,234,567`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')
