/** What the doctor says of one thing it looked at. */

/** `info`: nothing is wrong, and something could be better. */
export const LEVELS = ['ok', 'info', 'warning', 'error'] as const

export interface Finding {
  /** What was looked at: `port`, `database`. */
  check: string
  level: (typeof LEVELS)[number]
  /** What was found, as a clause. */
  what: string
  /** What a person can do about it, as a clause; absent where nothing is wrong. */
  todo?: string
}

export const well = (check: string, what: string): Finding => ({ check, level: 'ok', what })
export const note = (check: string, what: string, todo: string): Finding => ({ check, level: 'info', what, todo })
export const warning = (check: string, what: string, todo: string): Finding => ({ check, level: 'warning', what, todo })
export const fault = (check: string, what: string, todo: string): Finding => ({ check, level: 'error', what, todo })

/** A sentence of the start, `what went wrong: what to do`, as a finding of its own. */
export const refusal = (check: string, error: unknown): Finding => {
  const text = (error instanceof Error ? error.message : String(error)).replaceAll(/\n\s*/g, ' ')
  const at = text.lastIndexOf(': ')
  return at < 0 ? fault(check, text, 'correct it, then ask again') : fault(check, text.slice(0, at), text.slice(at + 2))
}
