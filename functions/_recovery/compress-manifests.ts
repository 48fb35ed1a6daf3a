/** Compresses the manifests of days that are over, once the database knows all of their lines. Some of them a call; kill it anywhere and call it again. */
import { basename, relative } from 'node:path'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { badLinesOf } from '../_lake/bad-lines.ts'
import { type CompressTerms, compressionLock, compressStretch, replaceByCompressed } from '../_lake/compress-lines.ts'
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
  { stretchBytes, disk = realDisk }: Pick<CompressTerms, 'stretchBytes' | 'disk'> = {},
): Promise<CompressedManifests> {
  const done: CompressedManifests = { files: 0, more: false }
  let bytes = 0
  return withLock(compressionLock(context.lake.root), async () => {
    for (const kind of ['manifest', 'adopted'] as const) {
      for (const file of await closedFiles(context, kind)) {
        if (bytes >= BYTES_PER_CALL || done.files >= FILES_PER_CALL) return { ...done, more: true }
        const terms = await termsOf(context, kind, file)
        if (terms === null) continue
        for (let isDone = false; !isDone; ) {
          const step = await compressStretch({
            ...terms,
            ...(stretchBytes === undefined ? {} : { stretchBytes }),
            disk,
          })
          bytes += step.bytes
          if (step.state === 'compressed' && (await replaced(context, file.path, disk))) done.files += 1
          if (step.state === 'refused') await recordBadLines(context, relative(context.lake.root, file.path), step.bad)
          isDone = step.state !== 'through'
          if (!isDone && bytes >= BYTES_PER_CALL) return { ...done, more: true }
        }
      }
    }
    return done
  })
}

async function closedFiles({ lake, now }: NodeContext, kind: LineFileKind): Promise<LineFile[]> {
  const files = await lineFiles(lake.root, kind)
  return files.filter(({ path, form }) => form === 'plain' && isClosed(path, now()))
}

/** Null for a file that stays as it is: the database does not know all of it, as of a dataset that is not configured, or bad lines are not looked after yet. */
async function termsOf(context: NodeContext, kind: LineFileKind, file: LineFile): Promise<CompressTerms | null> {
  const path = relative(context.lake.root, file.path)
  const size = await plainLength(file)
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
