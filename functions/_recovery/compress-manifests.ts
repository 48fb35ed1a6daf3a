/** Compresses the manifests of days that are over, once the database knows all of their lines. Some of them a call; kill it anywhere and call it again. */
import { basename, relative } from 'node:path'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { badLinesOf } from '../_lake/bad-lines.ts'
import {
  type CompressTerms,
  compressionLock,
  compressStretch,
  replaceByCompressed,
  STRETCH_BYTES,
} from '../_lake/compress-lines.ts'
import { type Disk, realDisk } from '../_lake/disk.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { type LineFile, type LineFileKind, lineFileName, lineFiles, plainLength } from '../_lake/line-files.ts'
import { placeOfManifest, recordBadLines } from './record-bad-lines.ts'
import { replayAdopted } from './replay-adopted.ts'
import { replayManifests } from './replay-manifests.ts'

export interface CompressedManifests {
  /** Files that were compressed to their end. */
  files: number
  more: boolean
}

/** From the beginning of its day on. Lines of a day are appended on that day, or minutes later by an answer that was under way; a whole day is to spare. */
export const CLOSED_AFTER_MS = 2 * 86_400_000
/** Bytes of plain manifests a call takes: seconds on a small machine. */
const BYTES_PER_CALL = 64 * 1024 * 1024
/** Most files of a call: each costs a few syncs. */
const FILES_PER_CALL = 200

/** Is the day of a file of lines over, so that nothing is appended to it? */
export function isClosed(path: string, now: number): boolean {
  const day = lineFileName(basename(path))?.day
  return day !== undefined && now - Date.parse(day) >= CLOSED_AFTER_MS
}

/** `stretchBytes` and `disk` are those of a test. */
export async function compressManifests(
  context: NodeContext,
  { stretchBytes = STRETCH_BYTES, disk = realDisk }: Pick<CompressTerms, 'stretchBytes' | 'disk'> = {},
): Promise<CompressedManifests> {
  return withLock(compressionLock(context.lake.root), async () => {
    const done = { files: 0, bytes: 0 }
    for (const kind of ['manifest', 'adopted'] as const) {
      for (const file of await closedFiles(context, kind)) {
        if (isSpent(done)) return { files: done.files, more: true }
        const terms = await termsOf(context, kind, file)
        if (terms === null) continue
        const isWhole = await compressFile(context, { ...terms, stretchBytes, disk }, done)
        if (!isWhole) return { files: done.files, more: true }
      }
    }
    return { files: done.files, more: false }
  })
}

const isSpent = ({ files, bytes }: { files: number; bytes: number }): boolean =>
  bytes >= BYTES_PER_CALL || files >= FILES_PER_CALL

/** False where the next call goes on with this file. One that cannot be compressed stays plain, and keeps no other from being compressed. */
async function compressFile(
  context: NodeContext,
  terms: CompressTerms & { disk: Disk },
  done: { files: number; bytes: number },
): Promise<boolean> {
  const path = relative(context.lake.root, terms.path)
  try {
    for (;;) {
      const step = await compressStretch(terms)
      done.bytes += step.bytes
      switch (step.state) {
        case 'compressed':
          if (await replaced(context, terms.path, terms.disk)) done.files += 1
          return true
        case 'refused':
          await recordBadLines(context, path, step.bad)
          return true
        case 'through':
          if (isSpent(done)) return false
          break
        default:
          step satisfies never
      }
    }
  } catch (error) {
    context.log('manifest.compression_failed', { path, error })
    return true
  }
}

async function closedFiles({ lake, now }: NodeContext, kind: LineFileKind): Promise<LineFile[]> {
  const files = await lineFiles(lake.root, kind)
  return files.filter(({ path, form }) => form === 'plain' && isClosed(path, now()))
}

/** Null for a file that stays as it is: the database does not know all of it, as of a dataset that is not configured, or bad lines are not looked after yet. */
async function termsOf(context: NodeContext, kind: LineFileKind, file: LineFile): Promise<CompressTerms | null> {
  const path = relative(context.lake.root, file.path)
  const size = await plainLength(file)
  if (size === 0) return null
  // What was settled since the last start is known without a mark.
  const mark = (await manifestMarks(context.db)).get(path) ?? 0
  if (mark < size) {
    const after = (other: string): number => (other === path ? mark : Number.POSITIVE_INFINITY)
    await (kind === 'adopted' ? replayAdopted(context, after) : replayManifests(context, after))
    if ((await manifestMarks(context.db)).get(path) !== size) return null
  }
  const { lines, isRepaired } = await badLinesOf(file.path)
  return isRepaired ? { path: file.path, kind, known: new Set(lines.map(({ byte }) => byte)) } : null
}

/** In the turn of those who append: a late line is either in the file that was compressed, or goes to another one. */
function replaced({ lake }: NodeContext, path: string, disk: Disk): Promise<boolean> {
  const { vendor, dataset } = placeOfManifest(relative(lake.root, path))
  return withLock(`${lake.root} ${vendor} ${dataset}`, () => replaceByCompressed(path, disk))
}
