/** Ctrl-C: the first one asks for an end, a second one ends the process at once. */

export const EXIT_INTERRUPTED = 130

export interface Interrupt {
  isAsked(): boolean
  /** Aborts when an end is asked for. */
  signal: AbortSignal
  /** What to do then; at once where it has been asked already. */
  onAsked(stop: () => Promise<void>): void
}

export function onInterrupt(): Interrupt {
  const asked = new AbortController()
  let stop: (() => Promise<void>) | undefined
  const begin = (): void => {
    stop?.().catch(() => process.exit(EXIT_INTERRUPTED))
  }
  const onSignal = (): void => {
    if (asked.signal.aborted) process.exit(EXIT_INTERRUPTED)
    asked.abort()
    begin()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // A killed npm takes its demo along: an orphan would hold the database against the next run.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && process.exit(EXIT_INTERRUPTED), 250).unref()
  return {
    isAsked: () => asked.signal.aborted,
    signal: asked.signal,
    onAsked: (then) => {
      stop = then
      if (asked.signal.aborted) begin()
    },
  }
}
