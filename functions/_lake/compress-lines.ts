/**
 * Compresses a file of manifest lines to which nothing is appended any more, a stretch at a time. Kill it anywhere: the next call goes on behind the last
 * whole stretch, and until the plain file is gone it is the one that counts.
 */
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { removeDurable } from './atomic.ts'
import { compressedPath, ifThere, linesOfMember, noteLine, noteOf } from './compressed-lines.ts'
import { codeOf, type Disk, DiskError, realDisk, syncPath } from './disk.ts'
import { END_MEMBER, gzipMember, gzipMembers, MEMBER_BYTES } from './gzip-members.ts'
import { lastingLines, type Stretch, surveyed } from './lasting-lines.ts'
import type { LineFileKind } from './line-files.ts'
import { type BadLine, NEWLINE } from './line-reader.ts'

/** Bytes of plain lines that are looked at together: some 80,000 lines, whose paths and cells are in memory. Smaller ones keep more hashes. */
export const STRETCH_BYTES = 32 * 1024 * 1024

export interface CompressTerms {
  path: string
  kind: LineFileKind
  /** Bad lines that may be left out, by the byte where they begin: they are kept elsewhere, and their cells were looked after. */
  known: ReadonlySet<number>
  /** Stretches of at least so many bytes. */
  stretchBytes?: number
  disk?: Disk
}

/** How far it came: `through` a byte of the plain file; `compressed` up to its end; or not at all, because of lines that must stay as they are. */
export type CompressStep =
  | { state: 'through'; bytes: number }
  | { state: 'compressed'; bytes: number }
  | { state: 'refused'; bad: BadLine[]; bytes: 0 }

/** Held by whoever compresses files of lines, and by whoever needs them to keep their names meanwhile. */
export const compressionLock = (root: string): string => `${root} compress manifests`

/** The file in the making, in the folder of the finished one. It outlives a start, which removes other temps. */
export const partialPath = (path: string): string => join(dirname(path), `.${basename(path)}.gz.partial`)

/** Compresses the next stretch. `bytes` are those of the plain file that it took. Throws DiskError. */
export async function compressStretch(terms: CompressTerms): Promise<CompressStep> {
  const { path, kind, known, stretchBytes = STRETCH_BYTES, disk = realDisk } = terms
  const partial = partialPath(path)
  const { size } = await stat(path)
  const begun = await reached(partial, size)
  const stretch = await surveyed(path, kind, begun.through, stretchBytes)
  const bad = stretch.bad.filter(({ byte }) => !known.has(byte))
  if (bad.length > 0 || stretch.isForeign) {
    await removeDurable(partial, disk)
    return { state: 'refused', bad, bytes: 0 }
  }
  if (stretch.to === stretch.from && stretch.to < size)
    throw new Error(`expected whole lines up to byte ${size} of ${path}, got none behind byte ${stretch.to}`)
  try {
    await appendMembers(disk, partial, begun.end, membersOf(stretch, size, begun.end === 0))
    await compareWithPlain(partial, begun.end, stretch)
  } catch (error) {
    if (codeOf(error) === undefined || error instanceof DiskError) throw error
    throw new DiskError('compress', path, error)
  }
  return { state: stretch.to === size ? 'compressed' : 'through', bytes: stretch.to - stretch.from }
}

/**
 * Puts the finished file into the place of the plain one, which goes last. False, and nothing is changed, where the plain file is no longer the one that
 * was compressed. To be called while nobody can append to it.
 */
export async function replaceByCompressed(path: string, disk: Disk = realDisk): Promise<boolean> {
  const partial = partialPath(path)
  const plain = await ifThere(() => stat(path))
  const begun = plain && (await reached(partial, plain.size))
  if (!plain || !begun || begun.end === 0 || begun.through !== plain.size) return false
  await appendMembers(disk, partial, begun.end, [END_MEMBER])
  try {
    await disk.rename(partial, compressedPath(path))
    await syncPath(disk, dirname(path))
  } catch (error) {
    throw new DiskError('compress', path, error)
  }
  await removeDurable(path, disk)
  return true
}

/** How far an earlier call came: `through` of the plain file, `end` of the partial one. What another plain file was compressed to counts for nothing. */
async function reached(partial: string, size: number): Promise<{ through: number; end: number }> {
  const begun = { through: 0, end: 0 }
  try {
    for await (const member of gzipMembers(partial)) {
      if (member.damage !== null) break
      const [first] = linesOfMember(member)
      const note = first ? noteOf(first) : null
      if (note === null) continue
      if (note.bytes !== size) return { through: 0, end: 0 }
      begun.through = note.through
      begun.end = member.next
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  return begun
}

/** The lines in members, and behind them, in one of its own, the note that they are whole. */
async function* membersOf(stretch: Stretch, size: number, isFirst: boolean): AsyncGenerator<Buffer> {
  const note = (through: number) => gzipMember(Buffer.from(noteLine(stretch.path, size, through)))
  if (isFirst) yield await note(0)
  let lines: Buffer[] = []
  let bytes = 0
  for await (const line of lastingLines(stretch)) {
    if (bytes + line.length > MEMBER_BYTES && bytes > 0) {
      yield await gzipMember(Buffer.concat(lines))
      lines = []
      bytes = 0
    }
    lines.push(line)
    bytes += line.length
  }
  if (bytes > 0) yield await gzipMember(Buffer.concat(lines))
  yield await note(stretch.to)
}

async function appendMembers(
  disk: Disk,
  partial: string,
  end: number,
  members: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  const handle = await disk.open(partial, 'a')
  try {
    // Of a stretch that a killed process did not end nothing is used.
    await handle.truncate(end)
    for await (const member of members) await handle.writeFile(member)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Reads both back: the plain file must give, line by line, what the compressed one holds. */
async function compareWithPlain(partial: string, end: number, stretch: Stretch): Promise<void> {
  const written = writtenLines(partial, end)
  const differs = (): Error =>
    new Error(`expected the lines of ${stretch.path} in ${partial}, got others: the plain file stays. Check the disk`)
  for await (const line of lastingLines(stretch)) {
    const { value } = await written.next()
    if (!value || !line.equals(value)) throw differs()
  }
  if (!(await written.next()).done) throw differs()
}

async function* writtenLines(partial: string, end: number): AsyncGenerator<Buffer> {
  for await (const member of gzipMembers(partial, end)) {
    for (const line of linesOfMember(member)) {
      if (noteOf(line)) continue
      if (line.bytes === null || line.damage !== undefined) return yield Buffer.from([NEWLINE])
      yield Buffer.concat([line.bytes, Buffer.from([NEWLINE])])
    }
  }
}
