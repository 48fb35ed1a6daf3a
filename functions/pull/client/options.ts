/** The command line of the pull client, and its exit codes. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const USAGE = `node pull.mjs --from URL --to DIR [options]: brings DIR the latest bundle of a data node

  --from URL         the node, such as http://pi.local:8080
  --to DIR           the folder of the bundles: DIR/nightly/<asof>, DIR/latest
  --token-file FILE  a file that holds the node's read token; without it DATA_NODE_READ_TOKEN of the environment
  --complete         take a bundle only when it is complete
  --wait             wait, up to 12 hours, for the bundle of the newest session
  --keep N           keep the newest N bundles in DIR, remove older ones; without it all stay
  --parallel N       files fetched at once, 1 to 16, default 4
  --quiet            print errors only
  --json             print one JSON object at the end, and nothing else, on standard output

Exit codes: 0 DIR has the bundle; 1 failed, the same command goes on where it ended; 2 wrong options; 3 what the node sent is not what it
promised; 4 no such bundle yet; 5 another pull works on DIR; 130 or 143 interrupted, the same command goes on where it ended.
`

export const EXIT = { done: 0, failed: 1, usage: 2, mismatch: 3, notYet: 4, locked: 5 } as const

/** A failure with its exit code; the message is one sentence for a person. */
export class PullError extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message: string) {
    super(message)
    this.name = 'PullError'
    this.exitCode = exitCode
  }
}

export interface PullOptions {
  from: URL
  to: string
  token: string | null
  isComplete: boolean
  mayWait: boolean
  /** Bundles that stay; null for all. */
  keep: number | null
  parallel: number
  isQuiet: boolean
  isJson: boolean
}

const FLAGS = {
  from: { type: 'string' },
  to: { type: 'string' },
  'token-file': { type: 'string' },
  complete: { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  keep: { type: 'string' },
  parallel: { type: 'string', default: '4' },
  quiet: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** Null where help is asked for. Throws PullError with code 2 that says what was expected. */
export async function readPullOptions(
  argv: readonly string[],
  env: Record<string, string | undefined>,
): Promise<PullOptions | null> {
  const values = readFlags(argv)
  if (values.help) return null
  if (values.from === undefined || values.to === undefined) throw usageFault('expected --from URL and --to DIR')
  const tokenFile = values['token-file']
  const token =
    tokenFile === undefined ? env.DATA_NODE_READ_TOKEN || env.DATA_NODE_TOKEN || '' : await readTokenFile(tokenFile)
  return {
    from: readAddress(values.from),
    to: resolve(values.to),
    token: token === '' ? null : token,
    isComplete: values.complete,
    mayWait: values.wait,
    keep: values.keep === undefined ? null : readCount('--keep', values.keep, 10_000),
    parallel: readCount('--parallel', values.parallel, 16),
    isQuiet: values.quiet || values.json,
    isJson: values.json,
  }
}

function readFlags(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, allowPositionals: false }).values
  } catch (error) {
    throw usageFault(error instanceof Error ? error.message : String(error))
  }
}

/** A password in the address would be seen by every user of the machine. */
function readAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw usageFault(`--from: expected an address such as http://pi.local:8080, got ${JSON.stringify(text)}`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw usageFault(
      '--from: expected an address without a password, a query or a fragment; give the token by --token-file',
    )
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/`
  return url
}

function readCount(name: string, text: string, most: number): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > most)
    throw usageFault(`${name}: expected a number from 1 to ${most}, got ${JSON.stringify(text)}`)
  return count
}

async function readTokenFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usageFault(`--token-file: ${path} cannot be read (${error.code})`)
  })
  const token = text.trim()
  if (!/^\S+$/.test(token)) throw usageFault(`--token-file: expected one token in ${path}`)
  return token
}

const usageFault = (what: string): PullError =>
  new PullError(EXIT.usage, `${what}; node pull.mjs --help lists the options`)
