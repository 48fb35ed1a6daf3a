/** Ctrl-C: the first one asks for an end, a second one ends the process at once. */

export const EXIT_INTERRUPTED = 130

export interface Interrupt {
  isAsked(): boolean
  /** Resolves when an end is asked for. */
  asked: Promise<void>
  /** What to do then; at once where it has been asked already. */
  onAsked(stop: () => Promise<void>): void
}

export function onInterrupt(): Interrupt {
  let isAsked = false
  let stop: (() => Promise<void>) | undefined
  let resolveAsked: () => void
  const asked = new Promise<void>((resolve) => {
    resolveAsked = resolve
  })
  const begin = (): void => {
    stop?.().catch(() => process.exit(EXIT_INTERRUPTED))
  }
  const onSignal = (): void => {
    if (isAsked) process.exit(EXIT_INTERRUPTED)
    isAsked = true
    resolveAsked()
    begin()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // A killed npm takes its demo along: an orphan would hold the database against the next run.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && process.exit(EXIT_INTERRUPTED), 250).unref()
  return {
    isAsked: () => isAsked,
    asked,
    onAsked: (then) => {
      stop = then
      if (isAsked) begin()
    },
  }
}
