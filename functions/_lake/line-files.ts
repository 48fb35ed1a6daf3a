/** The files of manifest lines, plain and compressed. Where both forms of one lie there, one of them counts, so that no line is read twice. */
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { addDays, type Dt, isDt } from '../_market/dt.ts'
import { compressedLines, compressedPath, endsWhole, ifThere, plainBytesOf } from './compressed-lines.ts'
import { codeOf } from './disk.ts'
import { NEWLINE, type RawLine, wholeLines } from './line-reader.ts'
import { manifestRoot } from './paths.ts'

export type LineFileKind = 'manifest' | 'adopted'

export interface LineFile {
  /** That of its plain form, absolute, which names it whatever its form is. */
  path: string
  form: 'plain' | 'compressed'
}

const NAME = /^(manifest|adopted)-(\d{4}-\d{2}-\d{2})\.jsonl$/

/** What the name of a plain file says; null for any other name. */
export function lineFileName(name: string): { kind: LineFileKind; day: Dt } | null {
  const [, kind, day = ''] = NAME.exec(name) ?? []
  return kind !== undefined && isDt(day) ? { kind: kind as LineFileKind, day } : null
}

/**
 * Which form of a file counts; null where there is none. Lines are only ever added, so of two forms the one that stands for more bytes has the lines of
 * the other: the plain one where a compression was cut off before it removed it, the compressed one where an older copy was laid beside it.
 */
export async function lineFileAt(path: string): Promise<LineFile | null> {
  const packed = compressedPath(path)
  // Plain first: it goes away only once the other is there.
  const plain = await ifThere(() => stat(path))
  if ((await ifThere(() => stat(packed))) === null) return plain && { path, form: 'plain' }
  const bytes = plain && (await ifThere(() => plainBytesOf(packed)))
  return { path, form: plain && plain.size >= (bytes ?? 0) ? 'plain' : 'compressed' }
}

/** Bytes of the plain form, 0 where a damaged file does not say or the file is gone. */
export const plainLength = async ({ path, form }: LineFile): Promise<number> =>
  (await ifThere(async () => (form === 'plain' ? (await stat(path)).size : plainBytesOf(compressedPath(path))))) ?? 0

/** All files of one kind below a root, in path order. */
export async function lineFiles(root: string, kind: LineFileKind): Promise<LineFile[]> {
  const entries = (await ifThere(() => readdir(manifestRoot(root), { recursive: true, withFileTypes: true }))) ?? []
  const forms = new Map<string, LineFile['form'] | 'both'>()
  for (const { name, parentPath } of entries.filter((entry) => entry.isFile())) {
    const plain = name.replace(/\.gz$/, '')
    if (lineFileName(plain)?.kind !== kind) continue
    const path = join(parentPath, plain)
    forms.set(path, forms.has(path) ? 'both' : plain === name ? 'plain' : 'compressed')
  }
  const files: LineFile[] = []
  for (const path of [...forms.keys()].sort()) {
    const form = forms.get(path)!
    const file = form === 'both' ? await lineFileAt(path) : { path, form }
    if (file) files.push(file)
  }
  return files
}

/** The whole lines of a file beyond byte `mark` of its plain form, whichever form it has. A compressed one of which less is known is read from its beginning. */
export async function* linesOf(file: LineFile, mark: number): AsyncGenerator<RawLine> {
  if (file.form === 'plain') {
    try {
      return yield* wholeLines(file.path, mark)
    } catch (error) {
      // It is opened before its first line is handed over: compressed meanwhile, it is read in that form.
      const now = codeOf(error) === 'ENOENT' ? await lineFileAt(file.path) : null
      if (now?.form !== 'compressed') throw error
      return yield* linesOf(now, mark)
    }
  }
  if (mark > 0 && mark >= ((await plainBytesOf(compressedPath(file.path))) ?? Number.POSITIVE_INFINITY)) return
  yield* compressedLines(compressedPath(file.path))
}

/**
 * Whether a file still holds what was read of it up to byte `mark`, as far as its length and its end tell: `gone` when it does not exist, `cut` when it
 * is shorter, does not have the end of a line there, or is compressed and does not end as it was written.
 */
export async function stateAt(path: string, mark: number): Promise<'whole' | 'cut' | 'gone'> {
  const file = await lineFileAt(path)
  if (file === null) return 'gone'
  if (mark === 0) return 'whole'
  if (file.form === 'compressed')
    return (await plainLength(file)) >= mark && (await endsWhole(compressedPath(path))) ? 'whole' : 'cut'
  const end = await ifThere(() => byteAt(path, mark - 1))
  if (end !== null) return end === NEWLINE ? 'whole' : 'cut'
  return stateAt(path, mark)
}

/** -1 beyond the end. */
async function byteAt(path: string, at: number): Promise<number> {
  const handle = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, at)
    return bytesRead === 1 ? buffer[0]! : -1
  } finally {
    await handle.close()
  }
}

/** Where lines meant for a file are appended: to a file that is compressed nothing is, so the next day's takes them, which is read after it. */
export async function openLineFile(path: string): Promise<string> {
  for (let at = path; ; at = nextDay(at)) if ((await ifThere(() => stat(compressedPath(at)))) === null) return at
}

function nextDay(path: string): string {
  const [, start, day = '', end] = /^(.*-)(\d{4}-\d{2}-\d{2})(\.jsonl)$/.exec(path) ?? []
  if (!isDt(day)) throw new Error(`expected a file of lines of a day such as manifest-2025-01-02.jsonl, got ${path}`)
  return `${start}${addDays(day, 1)}${end}`
}
