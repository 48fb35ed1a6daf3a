/**
 * What of a stretch of manifest lines still says something once its day is over. A replay of it makes the same of any database as one of all its lines
 * does (docs/decisions/0029-manifests-of-closed-days-are-compressed.md).
 */
import type { z } from 'zod'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { AdoptedLine } from './adopted-manifest.ts'
import { checksumOf, sealedLine, unsealed } from './line-checksum.ts'
import type { LineFileKind } from './line-files.ts'
import { type BadLine, parsedLine, type RawLine, wholeLines } from './line-reader.ts'
import { type CellEntry, isOfCell, ManifestEntry, writtenAt } from './manifest.ts'

/** Lines of a plain file from byte `from` to byte `to`. */
export interface Stretch {
  path: string
  kind: LineFileKind
  from: number
  to: number
  /** By path, where its newest hash in the stretch is told. */
  hashes: Map<string, number>
  /** Lines that are not as they were written. */
  bad: BadLine[]
  /** Is there a line that is as it was written, and that this version cannot read? */
  isForeign: boolean
}

/** Looks at lines from byte `from` on, until they have at least `most` bytes or the file ends. */
export async function surveyed(path: string, kind: LineFileKind, from: number, most: number): Promise<Stretch> {
  const stretch: Stretch = { path, kind, from, to: from, hashes: new Map(), bad: [], isForeign: false }
  for await (const line of wholeLines(path, from)) {
    stretch.to = line.next
    const read = parsedLine(schemaOf(kind), line)
    if ('bad' in read) {
      if (line.bytes && checksumOf(line.bytes) === 'right') stretch.isForeign = true
      else stretch.bad.push(read.bad)
    } else if ('verdict' in read.value && read.value.sha256 !== undefined) {
      stretch.hashes.set(read.value.path, line.start)
    }
    if (stretch.to - from >= most) break
  }
  return stretch
}

/** The lines of a stretch that stay, each with its newline, in their order. Bad ones do not: what is kept of them lies in another file. */
export async function* lastingLines(stretch: Stretch): AsyncGenerator<Buffer> {
  const before = new Map<CellKey, Statement>()
  for await (const line of wholeLines(stretch.path, stretch.from)) {
    if (line.next > stretch.to) return
    const read = parsedLine(schemaOf(stretch.kind), line)
    if ('value' in read) {
      const kept = 'verdict' in read.value ? lasting(stretch, line, read.value, before) : line.bytes
      if (kept) yield Buffer.concat([kept, Buffer.from('\n')])
    }
    if (line.next === stretch.to) return
  }
}

const schemaOf = (kind: LineFileKind): z.ZodType<ManifestEntry | AdoptedLine> =>
  kind === 'adopted' ? AdoptedLine : ManifestEntry

/** What a line says of its cell, and when it was written. */
interface Statement {
  says: string
  at: number
}

/** The line without what a later one of the stretch tells anew; null where nothing is left of it. */
function lasting(
  { hashes }: Stretch,
  { bytes, start }: RawLine,
  entry: ManifestEntry,
  before: Map<CellKey, Statement>,
): Buffer | null {
  if (bytes === null) return null
  // A compaction says something of its whole day.
  if (!isOfCell(entry)) return bytes
  const tellsHash = hashes.get(entry.path) === start
  const key = cellKey(entry.symbol, entry.dt)
  const statement = { says: saysOf(entry), at: writtenAt(entry) }
  if (!tellsHash && isRepeated(entry, statement, before.get(key))) return null
  before.set(key, statement)
  return tellsHash || entry.sha256 === undefined ? bytes : withoutHash(bytes, entry.sha256)
}

const saysOf = (entry: CellEntry): string => (entry.verdict === 'set_aside' ? entry.why : entry.digest)

/**
 * Does the line say of its cell what the one before it says, and no later? Then it changes no database: one in which the line before counted holds it
 * already, one in which something later stood against that line has it stand against this one. Corrections always stay.
 */
function isRepeated({ verdict }: CellEntry, { says, at }: Statement, before: Statement | undefined): boolean {
  const isCorrection = verdict === 'replaced' || verdict === 'kept_more_rows'
  return !isCorrection && before?.says === says && at <= before.at
}

/** As text: what a newer version wrote into the line stays. */
function withoutHash(bytes: Buffer, sha256: string): Buffer {
  const [start = '', end, ...more] = unsealed(bytes).split(`,"sha256":"${sha256}"`)
  if (end === undefined || more.length > 0) return bytes
  return Buffer.from(sealedLine(start + end).slice(0, -1))
}
