/** The file `.env`: variables that the environment does not hold already, and whether anybody but its owner may read them. */
import { readFile, stat } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import type { Reason } from '../_http/health.ts'
import { codeOf } from '../_lake/disk.ts'

type Environment = Record<string, string | undefined>

export interface GivenEnvironment {
  env: Environment
  /** Set where others may read the file. */
  warning: Reason | null
}

/** Read in the folder in which a process is started. */
export const ENV_FILE = '.env'

const READABLE_BY_OTHERS = 0o044

/** `env` and what the file adds to it. A file that is not there adds nothing. Throws an Error that names the line at fault, never its content. */
export async function withEnvFile(
  env: Environment,
  path: string | undefined,
  platform: string = process.platform,
): Promise<GivenEnvironment> {
  const text = path === undefined ? null : await textOf(path)
  if (path === undefined || text === null) return { env, warning: null }
  const line = brokenLine(text)
  if (line !== null) {
    throw new Error(`${path} line ${line} cannot be read: write NAME=value, and end a quoted value with its quote`)
  }
  // An empty variable is one that was not filled in.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  // Windows shows modes that mean nothing.
  const isOpen = platform !== 'win32' && ((await stat(path)).mode & READABLE_BY_OTHERS) !== 0
  return { env: { ...parseEnv(text), ...given }, warning: isOpen ? warningOf(path) : null }
}

async function textOf(path: string): Promise<string | null> {
  try {
    // Some editors of Windows begin a file with a byte order mark.
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new Error(`${path} cannot be read (${codeOf(error)}): let the user of this node read it, or move it away`)
  }
}

const warningOf = (path: string): Reason => ({
  code: 'env_file_readable',
  what: `others on this machine may read the keys in ${path}`,
  todo: `run chmod 600 ${path} and restart the node`,
})

const ASSIGNMENT = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*(.*)$/

/** The first line, counted from 1, that Node.js would pass over in silence or read on past its end; null where there is none. */
function brokenLine(text: string): number | null {
  const lines = text.split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    if (/^\s*(#.*)?$/.test(line)) continue
    const value = ASSIGNMENT.exec(line)?.[1]
    if (value === undefined) return at + 1
    const quote = /^["'`]/.exec(value)?.[0]
    if (quote === undefined || value.indexOf(quote, 1) > 0) continue
    // A quoted value may run over several lines.
    const end = lines.findIndex((later, index) => index > at && later.includes(quote))
    if (end < 0) return at + 1
    at = end
  }
  return null
}
