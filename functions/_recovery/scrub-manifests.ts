/** Reads some manifests of days that are over to their end each night, so that damage in what the database has read long ago is found while it can be repaired. */
import { basename, relative } from 'node:path'
import type { NodeContext } from '../_catalog/context.ts'
import { readAdopted } from '../_lake/adopted-manifest.ts'
import { lineFileName, lineFiles } from '../_lake/line-files.ts'
import { readManifests } from '../_lake/manifest.ts'
import { dayNumber } from '../_market/dt.ts'
import { isClosed } from './compress-manifests.ts'
import { recordBadLines } from './record-bad-lines.ts'
import { NIGHTS } from './scrub.ts'

/** Each file has its turn once in forty nights, by its day and the night (a count of days) alone. Bad lines are kept for the repair. Returns how many files were read. */
export async function scrubManifests(context: NodeContext, night: number): Promise<number> {
  const { root } = context.lake
  let files = 0
  for (const kind of ['manifest', 'adopted'] as const) {
    const due = new Set<string>()
    for (const { path } of await lineFiles(root, kind)) {
      const day = lineFileName(basename(path))!.day
      if (isClosed(path, context.now()) && (night - dayNumber(day)) % NIGHTS === 0) due.add(relative(root, path))
    }
    if (due.size === 0) continue
    files += due.size
    const after = (path: string): number => (due.has(path) ? 0 : Number.POSITIVE_INFINITY)
    for await (const { path, bad } of kind === 'adopted'
      ? readAdopted(root, after)
      : readManifests(context.lake, after))
      if (bad.length > 0) await recordBadLines(context, path, bad)
  }
  return files
}
