/** The manifests: an append-only line for every answer that was accepted for a cell, from which the node's memory can be rebuilt. */
import { createReadStream } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { DatasetName, SymbolText } from '../_market/cell.ts'
import { Difference } from '../_market/difference.ts'
import { DtText } from '../_market/dt.ts'
import { appendDurable } from './atomic.ts'
import { codeOf } from './disk.ts'
import type { Lake } from './lake.ts'
import { manifestRoot } from './paths.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

export const VERDICTS = ['new', 'same', 'replaced', 'kept_more_rows'] as const
export type Verdict = (typeof VERDICTS)[number]

/**
 * One accepted answer for one cell. `rows`, `digest`, `feed` and `adjustment` are those of the rows on disk afterwards; `refused` is
 * the digest of an answer that was not taken because it had fewer rows; `difference` leads from `previous` to the answer. `path` is relative to the root; `sha256` is that of the file when the
 * line was written: where symbols share a file, only the newest line of a path tells its present hash.
 */
export const ManifestLine = z.object({
  dataset: DatasetName,
  symbol: SymbolText,
  dt: DtText,
  vendor: z.string().min(1),
  feed: z.string().min(1),
  adjustment: z.enum(['raw', 'none']),
  rows: z.int().positive(),
  digest: Sha256,
  previous: Sha256.nullable(),
  verdict: z.enum(VERDICTS),
  refused: Sha256.optional(),
  difference: Difference.optional(),
  path: z.string().min(1),
  sha256: Sha256,
  fetched_at: z.iso.datetime({ precision: 3 }),
  /** When the cell was taken over from an older node; absent for an answer of this one. */
  adopted_at: z.iso.datetime({ precision: 3 }).optional(),
})
export type ManifestLine = z.infer<typeof ManifestLine>

/** The file that held a cell cannot be read any more, or is gone: what earlier lines say of the cell does not count any more, later lines do. */
export const SetAsideLine = z.object({
  dataset: DatasetName,
  symbol: SymbolText,
  dt: DtText,
  vendor: z.string().min(1),
  verdict: z.literal('set_aside'),
  why: z.enum(['damaged', 'gone']),
  path: z.string().min(1),
  at: z.iso.datetime({ precision: 3 }),
})
export type SetAsideLine = z.infer<typeof SetAsideLine>

export const ManifestEntry = z.discriminatedUnion('verdict', [ManifestLine, SetAsideLine])
export type ManifestEntry = z.infer<typeof ManifestEntry>

const LINES_PER_CHUNK = 2_000
const NEWLINE = 0x0a

/** Appends lines durably. */
export const appendManifest = (path: string, lines: readonly ManifestEntry[]): Promise<void> =>
  appendLines(path, [lines.map((line) => `${JSON.stringify(line)}\n`).join('')])

/** Appends lines as they stand in a manifest, all of them or none. Cuts a torn tail off first: glued onto it, the first new line would be lost. */
export async function appendLines(path: string, lines: readonly (string | Uint8Array)[]): Promise<void> {
  if (lines.every(({ length }) => length === 0)) return
  await trimTail(path)
  await appendDurable(path, lines)
}

/**
 * The lines of all manifests, file by file in path order, in chunks of at most 2,000. `path` is relative to the root; `after` says for it
 * up to which byte the caller knows it; `end` is the byte after the chunk. A last line without its newline is not there yet.
 * Throws an Error that names file and byte for a complete line that is not one of ours.
 */
export async function* readManifests(
  lake: Lake,
  after: (relativePath: string) => number,
): AsyncIterable<{ path: string; lines: ManifestEntry[]; end: number }> {
  for (const file of await manifestFiles(lake.root)) {
    const path = relative(lake.root, file)
    let end = after(path)
    let lines: ManifestEntry[] = []
    for await (const { text, next } of completeLines(file, end)) {
      lines.push(parsed(text, path, end))
      end = next
      if (lines.length === LINES_PER_CHUNK) {
        yield { path, lines, end }
        lines = []
      }
    }
    if (lines.length > 0) yield { path, lines, end }
  }
}

/** Cuts half-written last lines off, at start, before anything is appended. Returns how many files had one. */
export async function trimTornTail(lake: Lake): Promise<number> {
  let trimmed = 0
  for (const file of await manifestFiles(lake.root)) if (await trimTail(file)) trimmed += 1
  return trimmed
}

function parsed(text: string, path: string, offset: number): ManifestEntry {
  try {
    return ManifestEntry.parse(JSON.parse(text))
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON'
    throw new Error(`expected a manifest line in ${path} at byte ${offset}, got ${text.slice(0, 120)}: ${what}`, {
      cause: error,
    })
  }
}

async function* completeLines(file: string, start: number): AsyncGenerator<{ text: string; next: number }> {
  let rest: Buffer = Buffer.alloc(0)
  let at = start
  for await (const chunk of createReadStream(file, { start })) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
    let from = 0
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE, from)) {
      at += end + 1 - from
      yield { text: rest.toString('utf8', from, end), next: at }
      from = end + 1
    }
    rest = rest.subarray(from)
  }
}

async function trimTail(file: string): Promise<boolean> {
  const handle = await open(file, 'r+').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  if (!handle) return false
  try {
    const { size } = await handle.stat()
    const block = Buffer.alloc(4096)
    let whole = 0
    for (let to = size; to > 0 && whole === 0; to -= block.length) {
      const from = Math.max(0, to - block.length)
      const { bytesRead } = await handle.read(block, 0, to - from, from)
      whole = from + block.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1
      if (whole === from) whole = 0
      if (whole === size) return false
    }
    if (size === 0) return false
    await handle.truncate(whole)
    await handle.sync()
    return true
  } finally {
    await handle.close()
  }
}

async function manifestFiles(root: string): Promise<string[]> {
  const entries = await readdir(manifestRoot(root), { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    },
  )
  return entries
    .filter((entry) => entry.isFile() && /^manifest-\d{4}-\d{2}-\d{2}\.jsonl$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
