/**
 * Bad lines of manifests, kept beside them in `manifest-….jsonl.bad`: where each begins, what is wrong with it, and how far its cells have
 * been looked after. The manifest itself is left as it is, because others may append to it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SymbolText } from '../_market/cell.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import { appendDurable } from './atomic.ts'
import { codeOf, namesIn } from './disk.ts'
import type { BadLine } from './line-reader.ts'
import { manifestRoot } from './paths.ts'

const SUFFIX = '.bad'

const Kept = z.object({ byte: z.int().nonnegative(), why: z.string(), text: z.string(), at: z.string() })
const Repaired = z.object({ repaired_at: z.string() })

/** Appends to `bad` lines that are not there yet. `path` is that of the manifest. Returns how many were new. */
export async function keepBadLines(path: string, lines: readonly BadLine[], now: number): Promise<number> {
  const known = new Set((await badLinesOf(path)).lines.map(keyOf))
  const fresh = lines.filter((line) => !known.has(keyOf(line)))
  if (fresh.length === 0) return 0
  const at = new Date(now).toISOString()
  // A newline first: a line that a killed process left half-written must not swallow the first of ours.
  await appendDurable(path + SUFFIX, [`\n${fresh.map((line) => `${JSON.stringify({ ...line, at })}\n`).join('')}`])
  return fresh.length
}

const keyOf = ({ byte, why, text }: BadLine): string => `${byte} ${why} ${text}`

/** The bad lines known of a manifest, and whether the cells of all of them were looked after. */
export async function badLinesOf(path: string): Promise<{ lines: BadLine[]; isRepaired: boolean }> {
  const text = await readFile(path + SUFFIX, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  })
  const found = text.split('\n').flatMap((line) => parsed(line) ?? [])
  const last = found.at(-1)
  return { lines: found.filter((one) => 'byte' in one), isRepaired: last === undefined || 'repaired_at' in last }
}

/** Notes that the cells of all bad lines known of a manifest were looked after. */
export const noteRepaired = (path: string, now: number): Promise<void> =>
  appendDurable(path + SUFFIX, [`\n${JSON.stringify({ repaired_at: new Date(now).toISOString() })}\n`])

/** The manifests with bad lines, absolute, in path order. */
export async function manifestsWithBadLines(root: string): Promise<string[]> {
  const names = await namesIn(manifestRoot(root), { recursive: true })
  return names
    .filter((name) => name.endsWith(`.jsonl${SUFFIX}`))
    .map((name) => join(manifestRoot(root), name.slice(0, -SUFFIX.length)))
    .sort()
}

/** What a bad line still says of a cell: nothing of it is certain. `sha256` is that of the file when the line was written. */
export interface Hint {
  symbol: string
  dt: Dt
  sha256: string | null
}

/** The cells that bad lines name, as far as they can be read; several in one where lines were glued together. */
export function hintsOf(lines: readonly BadLine[]): Hint[] {
  return lines.flatMap(({ text }) =>
    text.split('{"dataset":').flatMap((piece) => {
      const symbol = SymbolText.safeParse(/"symbol":"([^"]*)"/.exec(piece)?.[1]).data
      const dt = /"dt":"([^"]*)"/.exec(piece)?.[1] ?? ''
      const sha256 = /"sha256":"([0-9a-f]{64})"/.exec(piece)?.[1] ?? null
      return symbol !== undefined && isDt(dt) ? [{ symbol, dt, sha256 }] : []
    }),
  )
}

function parsed(line: string): BadLine | z.infer<typeof Repaired> | null {
  try {
    const json: unknown = JSON.parse(line)
    return Kept.safeParse(json).data ?? Repaired.safeParse(json).data ?? null
  } catch {
    return null
  }
}
