/** The log: one JSON line per ending, through pino, with every secret scrubbed from the finished line. */
import pino from 'pino'

export type Log = (event: string, fields: Record<string, unknown>) => void

/** Writes lines to stderr, so that stdout stays free for what a command answers. `secrets` never leave this function. */
export function createLog(
  level: string,
  secrets: readonly string[],
  sink: (line: string) => void = (line) => void process.stderr.write(line),
): Log {
  // The last stage, because redaction by path misses what stands inside a message or deeper than expected.
  const hidden = secrets.filter((secret) => secret.length >= 4)
  const scrub = (line: string): string => hidden.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line)
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describe, error: describe } },
    { write: (line: string) => sink(scrub(line)) },
  )
  return (event, fields) => {
    const severity = /(failed|lost|opened|refused)$/.test(event) ? 'warn' : 'info'
    logger[severity](plain(fields), event)
  }
}

/** An error as it may be shown: its kind, its sentence, its code. Never its properties: they may hold headers and URLs. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    type: error.name,
    message: error.message,
    ...(code ? { code } : {}),
    stack: error.stack?.split('\n').slice(1, 6),
  }
}

const plain = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describe(value) : value]),
  )
