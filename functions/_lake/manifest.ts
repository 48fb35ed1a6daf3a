/** The manifests: append-only, one line per accepted answer per cell. The database can be rebuilt from them. */
import { open } from 'node:fs/promises'
import { basename, dirname, relative } from 'node:path'
import { z } from 'zod'
import { ZONES } from '../_calendar/zone.ts'
import { DatasetName, SymbolText } from '../_market/cell.ts'
import { Difference } from '../_market/difference.ts'
import { DtText } from '../_market/dt.ts'
import { appendDurable } from './atomic.ts'
import { codeOf } from './disk.ts'
import type { Lake } from './lake.ts'
import { jsonLine } from './line-checksum.ts'
import { lineFiles, linesOf, openLineFile, plainLength } from './line-files.ts'
import { type BadLine, NEWLINE, parsedLine, type RawLine } from './line-reader.ts'
import { manifestFile } from './paths.ts'

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
  /** Absent in a compressed manifest where a later line of it tells the path's hash. */
  sha256: Sha256.optional(),
  fetched_at: z.iso.datetime({ precision: 3 }),
  /** In which its stamps that carry none were read, of a file of an older node; absent where that was not asked. */
  zone: z.enum(ZONES).optional(),
  /** When the cell was taken over from an older node; absent for an answer of this one. */
  adopted_at: z.iso.datetime({ precision: 3 }).optional(),
})
export type ManifestLine = z.infer<typeof ManifestLine>

/** A line as it is appended. */
export type NewManifestLine = ManifestLine & { sha256: string }

/**
 * The file that held a cell cannot be read any more, is gone, or a person had the cell removed from it: what earlier lines say of the cell does not
 * count any more, later lines do. `sha256` is that of the file without the cell, where there still is one.
 */
export const SetAsideLine = z.object({
  dataset: DatasetName,
  symbol: SymbolText,
  dt: DtText,
  vendor: z.string().min(1),
  verdict: z.literal('set_aside'),
  why: z.enum(['damaged', 'gone', 'forgotten']),
  path: z.string().min(1),
  sha256: Sha256.optional(),
  at: z.iso.datetime({ precision: 3 }),
})
export type SetAsideLine = z.infer<typeof SetAsideLine>

/** What one cell's line says of it. */
export type CellEntry = ManifestLine | SetAsideLine

/**
 * All cells of a vendor's day that earlier lines place in files of their own lie in this one from then on: it was compacted. It says nothing new of any
 * cell. `sha256` is that of the file, `cells` how many it holds.
 */
export const CompactedLine = z.object({
  dataset: DatasetName,
  dt: DtText,
  vendor: z.string().min(1),
  verdict: z.literal('compacted'),
  cells: z.int().positive(),
  path: z.string().min(1),
  sha256: Sha256,
  at: z.iso.datetime({ precision: 3 }),
})
export type CompactedLine = z.infer<typeof CompactedLine>

export const ManifestEntry = z.discriminatedUnion('verdict', [ManifestLine, SetAsideLine, CompactedLine])
export type ManifestEntry = z.infer<typeof ManifestEntry>

export const isOfCell = (line: ManifestEntry): line is CellEntry => line.verdict !== 'compacted'

/** Epoch ms at which a line was written: of two lines of a cell the later one counts. */
export const writtenAt = (line: CellEntry): number =>
  line.verdict === 'set_aside'
    ? Date.parse(line.at)
    : Math.max(Date.parse(line.fetched_at), Date.parse(line.adopted_at ?? line.fetched_at))

const LINES_PER_CHUNK = 2_000

/** A line that is written: one of a cell tells the hash of its file. */
export type NewEntry = NewManifestLine | SetAsideLine | CompactedLine

/** Appends lines durably, each with its checksum. */
export const appendManifest = (path: string, lines: readonly NewEntry[]): Promise<void> =>
  appendLines(path, [lines.map(jsonLine).join('')])

/**
 * Appends lines as they stand in a manifest, all of them or none. Cuts a torn tail off first: glued onto it, the first new line would be lost. Where the
 * manifest is compressed already, as after a clock was set back, the lines go to the one of the next day.
 */
export async function appendLines(path: string, lines: readonly (string | Uint8Array)[]): Promise<void> {
  if (lines.every(({ length }) => length === 0)) return
  const file = await openLineFile(path)
  await trimTail(file)
  await appendDurable(file, lines)
}

/** Lines of one manifest up to byte `end`. */
export interface ManifestChunk {
  /** Of the plain form, relative to the root. */
  path: string
  lines: ManifestEntry[]
  /** Lines among them that are not ours, or not as they were written: they say nothing. */
  bad: BadLine[]
  end: number
}

/**
 * The lines of all manifests, plain or compressed, file by file in path order, in chunks of at most 2,000. `path` is relative to the root; `after` says
 * for it up to which byte of its plain form the caller knows it, Infinity for a file that is left out; `end` is the byte after the chunk. A last line
 * without its newline is not there yet. Bad lines are handed over as such: one of them must not hide all others.
 */
export async function* readManifests(
  lake: Lake,
  after: (relativePath: string) => number,
): AsyncIterable<ManifestChunk> {
  for (const file of await lineFiles(lake.root, 'manifest')) {
    const path = relative(lake.root, file.path)
    const start = after(path)
    if (start === Number.POSITIVE_INFINITY) continue
    yield* chunksOf(path, linesOf(file, start), start)
  }
}

async function* chunksOf(path: string, lines: AsyncIterable<RawLine>, start: number): AsyncGenerator<ManifestChunk> {
  const fresh = (end: number): ManifestChunk => ({ path, lines: [], bad: [], end })
  let chunk = fresh(start)
  for await (const line of lines) {
    const read = ofPlace(path, parsedLine(ManifestEntry, line), line.start)
    if ('value' in read) chunk.lines.push(read.value)
    else chunk.bad.push(read.bad)
    chunk.end = Math.max(chunk.end, line.next)
    if (chunk.lines.length + chunk.bad.length < LINES_PER_CHUNK) continue
    yield chunk
    chunk = fresh(chunk.end)
  }
  if (chunk.lines.length + chunk.bad.length > 0) yield chunk
}

/** A line of another vendor or dataset has no business here: a chunk is replayed as what its folder says. */
function ofPlace(
  path: string,
  read: { value: ManifestEntry } | { bad: BadLine },
  byte: number,
): { value: ManifestEntry } | { bad: BadLine } {
  if ('bad' in read) return read
  const { vendor, dataset } = read.value
  if (path.endsWith(`/${vendor}/${dataset}/${basename(path)}`)) return read
  return { bad: { byte, text: JSON.stringify(read.value), why: `it is of ${vendor}/${dataset}` } }
}

/** Cuts half-written last lines off, at start, before anything is appended. Returns how many files had one. */
export async function trimTornTail(lake: Lake): Promise<number> {
  let trimmed = 0
  for (const { path, form } of await lineFiles(lake.root, 'manifest'))
    if (form === 'plain' && (await trimTail(path))) trimmed += 1
  return trimmed
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

/** Bytes of all manifests of one vendor's dataset in their plain form. */
export async function manifestBytes(lake: Lake, vendor: string, dataset: DatasetName): Promise<number> {
  const folder = dirname(manifestFile(lake.root, vendor, dataset, '1970-01-01'))
  let bytes = 0
  for (const file of await lineFiles(lake.root, 'manifest'))
    if (dirname(file.path) === folder) bytes += await plainLength(file)
  return bytes
}
