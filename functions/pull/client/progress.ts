/** How far a pull has come: a bar with rate and time left on a terminal, a line now and then elsewhere. */

export interface PullProgress {
  /** So much is to be had, and so much of it was there before this run. */
  begin(bytes: number, there: number): void
  add(bytes: number): void
  /** A line that stays. */
  note(text: string): void
  /** Clears the bar. */
  end(): void
}

export interface ScreenTerms {
  isTerminal: boolean
  isQuiet: boolean
  /** Milliseconds that only grow. */
  elapsed(): number
  write(text: string): void
}

const BAR_WIDTH = 24
const BAR_EVERY_MS = 200
const LINE_EVERY_MS = 10_000

export function showProgress({ isTerminal, isQuiet, elapsed, write }: ScreenTerms): PullProgress {
  let all = 0
  let done = 0
  let before = 0
  let begun = 0
  let shown = 0
  let width = 0
  const clear = (): void => {
    if (width > 0) write(`\r${' '.repeat(width)}\r`)
    width = 0
  }
  const draw = (now: number): void => {
    shown = now
    const text = progressText({ all, done, fresh: done - before, milliseconds: now - begun })
    if (!isTerminal) {
      write(`${text}\n`)
      return
    }
    const filled = all === 0 ? BAR_WIDTH : Math.floor((BAR_WIDTH * done) / all)
    const line = `[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${text}`
    write(`\r${line.padEnd(width)}`)
    width = line.length
  }
  return {
    begin(bytes, there) {
      ;[all, done, before, begun] = [bytes, there, there, elapsed()]
      shown = begun
    },
    add(bytes) {
      done = Math.min(all, done + bytes)
      if (isQuiet) return
      const now = elapsed()
      if (now - shown >= (isTerminal ? BAR_EVERY_MS : LINE_EVERY_MS)) draw(now)
    },
    note(text) {
      if (isQuiet) return
      clear()
      write(`${text}\n`)
    },
    end: clear,
  }
}

interface Pace {
  all: number
  done: number
  /** Of them those of this run. */
  fresh: number
  milliseconds: number
}

export function progressText({ all, done, fresh, milliseconds }: Pace): string {
  const share = all === 0 ? 100 : Math.floor((100 * done) / all)
  const rate = milliseconds > 0 ? (fresh * 1_000) / milliseconds : 0
  const left = rate > 0 ? timeText((all - done) / rate) : 'time left unknown'
  return `${share} %, ${bytesText(done)} of ${bytesText(all)}, ${bytesText(rate)}/s, ${left}`
}

function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s left`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min left` : `${Math.round(seconds / 3_600)} h left`
}

export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const)
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`
  return `${Math.round(bytes)} B`
}
