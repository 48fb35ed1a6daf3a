/**
 * What is written down about adopted cells that nobody read. Their digest is not known, so they have a file of their own beside the manifests,
 * `adopted-YYYY-MM-DD.jsonl`, that claims no more than was looked at.
 */
import { open, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { ZONES } from '../_calendar/zone.ts'
import { DatasetName, SymbolText } from '../_market/cell.ts'
import { type Dt, DtText } from '../_market/dt.ts'
import { appendDurable } from './atomic.ts'
import { codeOf } from './disk.ts'
import { jsonLine } from './line-checksum.ts'
import { lineFiles, linesOf, openLineFile } from './line-files.ts'
import { type BadLine, NEWLINE, parsedLine } from './line-reader.ts'
import { manifestFile } from './paths.ts'

/** A cell that was taken over unread. `rows` are those the file says it stores, null when only its name was looked at; `path` is relative to the root. */
export const AdoptedLine = z.object({
  dataset: DatasetName,
  symbol: SymbolText,
  dt: DtText,
  vendor: z.string().min(1),
  verified: z.enum(['names', 'footers']),
  rows: z.int().positive().nullable(),
  path: z.string().min(1),
  bytes: z.int().positive(),
  /** In which its stamps that carry none were read; absent where that was not asked. */
  zone: z.enum(ZONES).optional(),
  adopted_at: z.iso.datetime({ precision: 3 }),
})
export type AdoptedLine = z.infer<typeof AdoptedLine>

const LINES_PER_CHUNK = 5_000

/** The file of adopted lines of one vendor, dataset and UTC day. */
export const adoptedFile = (root: string, vendor: string, dataset: DatasetName, day: Dt): string => {
  const manifest = manifestFile(root, vendor, dataset, day)
  return join(dirname(manifest), basename(manifest).replace(/^manifest/, 'adopted'))
}

/** Appends lines in one durable write. Returns the file, which is that of a later day where this one is compressed, and up to which byte it then holds lines. */
export async function appendAdopted(
  path: string,
  lines: readonly AdoptedLine[],
): Promise<{ file: string; bytes: number }> {
  const file = await openLineFile(path)
  const text = lines.map(jsonLine).join('')
  // Half a line of a killed process must not swallow the first one of ours.
  await appendDurable(file, [((await isTorn(file)) ? '\n' : '') + text])
  return { file, bytes: (await stat(file)).size }
}

/**
 * All adopted lines that lie beyond what `after` says is known of a file (its path relative to the root), in chunks; `end` is the byte after the
 * chunk. Half a line of a killed process is among the bad ones: its cells come again with the walk that did not get to record them.
 */
export async function* readAdopted(
  root: string,
  after: (relativePath: string) => number,
): AsyncGenerator<{ path: string; lines: AdoptedLine[]; bad: BadLine[]; end: number }> {
  for (const file of await lineFiles(root, 'adopted')) {
    const path = relative(root, file.path)
    let end = after(path)
    if (end === Number.POSITIVE_INFINITY) continue
    let lines: AdoptedLine[] = []
    let bad: BadLine[] = []
    for await (const line of linesOf(file, end)) {
      end = Math.max(end, line.next)
      const read = parsedLine(AdoptedLine, line)
      if ('value' in read) lines.push(read.value)
      else bad.push(read.bad)
      if (lines.length + bad.length < LINES_PER_CHUNK) continue
      yield { path, lines, bad, end }
      lines = []
      bad = []
    }
    if (lines.length + bad.length > 0) yield { path, lines, bad, end }
  }
}

async function isTorn(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  if (!handle) return false
  try {
    const { size } = await handle.stat()
    if (size === 0) return false
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer[0] !== NEWLINE
  } finally {
    await handle.close()
  }
}
