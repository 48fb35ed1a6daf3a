/** Bad manifest lines are kept beside the manifest, counted and logged, each once. */
import { join } from 'node:path'
import { noteDamage } from '../../db/lost-files/note-damage.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { badLinesOf, keepBadLines } from '../_lake/bad-lines.ts'
import type { BadLine } from '../_lake/line-reader.ts'
import { DatasetName } from '../_market/cell.ts'

/** `path` is relative to the root. */
export async function recordBadLines(context: NodeContext, path: string, bad: readonly BadLine[]): Promise<void> {
  const fresh = await keepBadLines(join(context.lake.root, path), bad, context.now())
  if (fresh === 0) return
  const [{ byte, why } = { byte: 0, why: '' }] = bad
  context.log('manifest.lines_refused', { path, lines: fresh, byte, why })
  await noteManifestDamage(context, path, 'damaged')
}

/** Shows a damaged manifest in `/status`, with the number of bad lines known of it. */
export async function noteManifestDamage(context: NodeContext, path: string, why: 'damaged' | 'gone'): Promise<void> {
  const { vendor, dataset } = placeOfManifest(path)
  const cells = (await badLinesOf(join(context.lake.root, path))).lines.length
  await noteDamage(context.db, { path, vendor, dataset, why, cells, at: context.now() })
}

/** Whose lines a manifest holds, by its path relative to the root. */
export function placeOfManifest(path: string): { vendor: string; dataset: DatasetName } {
  const [, vendor = '', dataset] = path.split('/')
  return { vendor, dataset: DatasetName.parse(dataset) }
}
