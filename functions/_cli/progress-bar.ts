/** How far a run has come: a bar with the time left on a terminal, a plain line now and then elsewhere. */

const WIDTH = 30
/** Of a terminal that does not say how wide it is. */
const COLUMNS = 80
const REDRAW_MS = 200
const LINE_MS = 30_000

export interface ProgressBar {
  /** `label` says what is at work. */
  show(done: number, all: number, label: string): void
  /** Clears the bar. */
  end(): void
}

/** `elapsed` in milliseconds; `write` gets what belongs on the stream. A line is shorter than `columns`, or it would not be written over. */
export function progressBar(
  isTerminal: boolean,
  elapsed: () => number,
  write: (text: string) => void,
  columns = COLUMNS,
): ProgressBar {
  const begun = elapsed()
  let shownAt = begun
  let first: number | null = null
  return {
    show(done, all, label) {
      first ??= done
      const now = elapsed()
      if (now - shownAt < (isTerminal ? REDRAW_MS : LINE_MS) && done < all) return
      shownAt = now
      const share = all === 0 ? 1 : done / all
      const text = `${Math.floor(100 * share)} %, ${timeLeft(now - begun, done - first, all - done)}, ${label}`
      if (!isTerminal) {
        if (done < all) write(`${text}\n`)
        return
      }
      const filled = Math.round(WIDTH * share)
      write(`\r[${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${text}`.padEnd(columns).slice(0, columns))
    },
    end: () => {
      if (isTerminal) write(`\r${' '.repeat(columns - 1)}\r`)
    },
  }
}

/** At the pace so far; a run that went on somewhere counts from there. */
function timeLeft(milliseconds: number, done: number, left: number): string {
  if (done <= 0) return 'time left unknown'
  const seconds = Math.round(((milliseconds / done) * left) / 1000)
  if (seconds < 90) return `${seconds} s left`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min left` : `${Math.round(seconds / 3_600)} h left`
}
