/**
 * The compressed form of a file of manifest lines, `….jsonl.gz`: the lines as they stand in the plain one, without those that say nothing any more, and
 * between them notes of how many bytes of the plain form they stand for. It is known as a whole or not at all.
 */
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { codeOf } from './disk.ts'
import { END_MEMBER, gzipMembers, type Member } from './gzip-members.ts'
import { jsonLine } from './line-checksum.ts'
import { NEWLINE, parsedLine, type RawLine } from './line-reader.ts'

export const compressedPath = (path: string): string => `${path}.gz`

/** `bytes` is the length of the plain file, `through` how much of it the lines before the note stand for. */
const Note = z.object({ plain: z.string(), bytes: z.int().positive(), through: z.int().nonnegative() })
export type Note = z.infer<typeof Note>

const NOTE_START = Buffer.from('{"plain":')

export const noteLine = (path: string, bytes: number, through: number): string =>
  jsonLine({ plain: basename(path), bytes, through })

/** The note that a line is; null for any other line. */
export function noteOf(line: RawLine): Note | null {
  if (!line.bytes?.subarray(0, NOTE_START.length).equals(NOTE_START)) return null
  const read = parsedLine(Note, line)
  return 'value' in read ? read.value : null
}

/** How long the plain form of a compressed file was; null where the file is so damaged that its beginning does not say. */
export async function plainBytesOf(file: string): Promise<number | null> {
  // The note is a member of its own, and a node has thousands of such files.
  for await (const member of gzipMembers(file, 0, 512)) {
    for (const line of linesOfMember(member)) return noteOf(line)?.bytes ?? null
    return null
  }
  return null
}

/** Does the file end as a whole one does? */
export async function endsWhole(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const end = Buffer.alloc(END_MEMBER.length)
    if (size < end.length) return false
    await handle.read(end, 0, end.length, size - end.length)
    return end.equals(END_MEMBER)
  } finally {
    await handle.close()
  }
}

/**
 * All lines without the notes. What is damaged comes as lines without bytes. `start` is that of the member in the compressed file; `next` is 0 but for the
 * last line, which has the length of the plain form.
 */
export async function* compressedLines(file: string): AsyncGenerator<RawLine> {
  let last: RawLine | null = null
  let note: Note | null = null
  let hasEnd = false
  let end = 0
  for await (const member of gzipMembers(file)) {
    hasEnd = member.damage === null && member.bytes.length === 0
    end = member.next
    for (const line of linesOfMember(member)) {
      const found = noteOf(line)
      if (found) {
        note = found
        continue
      }
      if (last) yield last
      last = line
    }
  }
  if (!hasEnd || note === null || note.through !== note.bytes) {
    if (last) yield last
    last = { bytes: null, start: end, next: 0, damage: `the compressed file ends at byte ${end}, before its end` }
  }
  if (last) yield { ...last, next: note?.bytes ?? 0 }
}

/** The lines of a member. Of a damaged one, a line without bytes stands for what cannot be read. */
export function* linesOfMember({ start, bytes, damage }: Member): Generator<RawLine> {
  const about = damage === null ? {} : { damage: `the compressed member at byte ${start}: ${damage}` }
  let from = 0
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
    yield { bytes: bytes.subarray(from, end), start, next: 0, ...about }
    from = end + 1
  }
  if (damage !== null) yield { bytes: null, start, next: 0, ...about }
}

/** Null where there is no such file. */
export async function ifThere<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}
