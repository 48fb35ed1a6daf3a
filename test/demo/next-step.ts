/** What to type and where to look after a night. */
import { relative } from 'node:path'
import type { Options } from './options.ts'

/** The port of the command that is proposed: the one every example of the documents has. */
const PORT = 8080
const DEFAULTS: Partial<Options> = { root: './demo-root', seed: 1, port: 0 }

/** A path as it is shortest from here. */
export function pathText(path: string, from: string): string {
  const short = relative(from, path)
  return short !== '' && !short.startsWith('..') ? short : path
}

/** For a POSIX shell. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** The command that keeps the node of this night running, in lines that fit where the words allow it. */
export function serveCommand(options: Options, width: number): string[] {
  const given = { ...options, port: options.port || PORT, serve: true, json: false }
  const words = Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || value === false || value === DEFAULTS[name as keyof Options]) return []
    if (value === true) return [`--${name}`]
    return [`--${name} ${quoted(Array.isArray(value) ? value.join(',') : String(value))}`]
  })
  const lines = ['  npm run demo --']
  for (const word of words) {
    // Room for the backslash that joins the next line.
    if (`${lines.at(-1)} ${word}`.length > width - 2) lines.push(`    ${word}`)
    else lines[lines.length - 1] += ` ${word}`
  }
  return lines.map((line, at) => (at < lines.length - 1 ? `${line} \\` : line))
}

export interface ShownCell {
  dataset: string
  symbol: string
  dt: string
}

/** Pages of the node that are worth a look. */
export const pagesOf = (address: string, cells: readonly ShownCell[]): string[] => [
  `  ${address}/status`,
  `  ${address}/coverage/${cells[0]?.dataset ?? 'equities_bars'}.svg`,
  ...cells.map(({ dataset, symbol, dt }) => `  ${address}/why/${dataset}/${symbol}/${dt}`),
]

/** The address that the proposed command will serve at. */
export const servedAddress = (options: Options): string => `http://localhost:${options.port || PORT}`

/** The node speaks of its environment; whoever runs the demo has options. */
export function inDemoWords(message: string): string {
  return message
    .replace(/\bset PORT\b/g, 'set --port')
    .replace(/\bset HOST and PORT\b/g, 'set --port')
    .replace(/give this one a DATA_ROOT and an EXPORT_ROOT of its own/g, 'give this one another --root')
    .replace(/give DATA_ROOT and EXPORT_ROOT folders/g, 'give a --root')
    .replace(/\b(?:DATA_ROOT|EXPORT_ROOT)\b/g, '--root')
}
