/** Bad manifest lines are kept beside the manifest, counted and logged, each once. */
import { join } from 'node:path'
import { noteDamage } from '../../db/lost-files/note-damage.ts'
import { badLinesOf, keepBadLines } from '../_lake/bad-lines.ts'
import type { BadLine } from '../_lake/line-reader.ts'
import { DatasetName } from '../_market/cell.ts'
import type { Keeper } from './keeper.ts'

/** `path` is relative to the root. */
export async function noteBadLines(keeper: Keeper, path: string, bad: readonly BadLine[]): Promise<void> {
  const fresh = await keepBadLines(join(keeper.lake.root, path), bad, keeper.now())
  if (fresh === 0) return
  const [{ byte, why } = { byte: 0, why: '' }] = bad
  keeper.log('manifest.lines_refused', { path, lines: fresh, byte, why })
  await noteManifestDamage(keeper, path, 'damaged')
}

/** Shows a damaged manifest in `/status`, with the number of bad lines known of it. */
export async function noteManifestDamage(keeper: Keeper, path: string, why: 'damaged' | 'gone'): Promise<void> {
  const { vendor, dataset } = placeOfManifest(path)
  const cells = (await badLinesOf(join(keeper.lake.root, path))).lines.length
  await noteDamage(keeper.db, { path, vendor, dataset, why, cells, at: keeper.now() })
}

/** Whose lines a manifest holds, by its path relative to the root. */
export function placeOfManifest(path: string): { vendor: string; dataset: DatasetName } {
  const [, vendor = '', dataset] = path.split('/')
  return { vendor, dataset: DatasetName.parse(dataset) }
}
