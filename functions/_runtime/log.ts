/** The log: one JSON line per ending, through pino, with every secret scrubbed from the finished line. */
import pino from 'pino'
import { redactorOf } from '../_vendors/redact.ts'

export type Log = (event: string, fields: Record<string, unknown>) => void

/** Writes lines to stderr, so that stdout stays free for what a command answers. `secrets` never leave this function. */
export function createLog(
  level: string,
  secrets: readonly string[],
  sink: (line: string) => void = (line) => void process.stderr.write(line),
): Log {
  // The last stage, because redaction by path misses what stands inside a message or deeper than expected.
  const redact = redactorOf(secrets.filter((secret) => secret.length >= SHORTEST_SECRET)).text
  const logger = pino(
    // pino has a serializer of its own for `err`, which would describe what is described already.
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: (described) => described } },
    { write: (line: string) => sink(redact(line)) },
  )
  return (event, fields) => {
    logger[severityOf(event)](shown(fields, DEEPEST), event)
  }
}

/** A refused key ends the collection of its vendor until a person corrects it. */
function severityOf(event: string): 'error' | 'warn' | 'info' {
  if (event.endsWith('key_refused')) return 'error'
  return /(failed|lost|opened|refused|degraded)$/.test(event) ? 'warn' : 'info'
}

/** A shorter value is a placeholder; replacing it would blank out the line. */
const SHORTEST_SECRET = 4
const DEEPEST = 6

/** An error as it may be shown: its kind, its sentence, its code. Never its properties: they may hold headers and URLs. */
function describe(error: Error): object {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    type: error.name,
    message: error.message,
    ...(code ? { code } : {}),
    stack: error.stack?.split('\n').slice(1, 6),
  }
}

/** A value with every error in it described, as deep as a line is worth; what lies deeper is left out. */
function shown(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describe(value)
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  if (depth === 0) return '[deeper]'
  if (Array.isArray(value)) return value.map((item) => shown(item, depth - 1))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shown(item, depth - 1)]))
}
