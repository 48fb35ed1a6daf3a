/**
 * Writes down what is adopted before the database knows it: cells whose rows were read as ordinary manifest lines, the others as adopted lines.
 */
import { relative } from 'node:path'
import { type AdoptedLine, adoptedFile, appendAdopted } from '../_lake/adopted-manifest.ts'
import { appendManifest, type NewManifestLine } from '../_lake/manifest.ts'
import { manifestFile } from '../_lake/paths.ts'
import type { Dt } from '../_market/dt.ts'
import type { CellInFile } from './cells.ts'
import type { ReadCell } from './rows.ts'
import type { Tree } from './trees.ts'

/** Ordinary manifest lines of cells that were read, in one durable append. A fetch time that no row tells is the epoch. */
export async function appendRead(tree: Tree, cells: readonly ReadCell[], now: number): Promise<void> {
  const adoptedAt = new Date(now).toISOString()
  const lines = inOrder(cells).map(
    ({ raw, symbol, rows, digest, sha256, origin }): NewManifestLine => ({
      dataset: tree.dataset,
      symbol,
      dt: raw.dt,
      vendor: tree.vendor,
      feed: origin.feed,
      adjustment: origin.adjustment,
      rows,
      digest,
      previous: null,
      verdict: 'new',
      path: raw.path,
      sha256,
      fetched_at: new Date(origin.fetchedAt).toISOString(),
      ...zoneOf(raw),
      adopted_at: adoptedAt,
    }),
  )
  await appendManifest(manifestFile(tree.root, tree.vendor, tree.dataset, dayOf(now)), lines)
}

/** Lines of cells that nobody read, in one durable append. Answers up to which byte the file then holds lines. */
export async function appendUnread(
  tree: Tree,
  cells: readonly CellInFile[],
  verified: AdoptedLine['verified'],
  now: number,
): Promise<{ path: string; bytes: number }> {
  const { dataset, vendor } = tree
  const adoptedAt = new Date(now).toISOString()
  const lines = inOrder(cells).map(({ raw, symbol, rows }): AdoptedLine => {
    const { path, bytes, dt } = raw
    return { dataset, symbol, dt, vendor, verified, rows, path, bytes, ...zoneOf(raw), adopted_at: adoptedAt }
  })
  const { file, bytes: end } = await appendAdopted(adoptedFile(tree.root, vendor, dataset, dayOf(now)), lines)
  return { path: relative(tree.root, file), bytes: end }
}

const zoneOf = ({ zone }: CellInFile['raw']): Pick<AdoptedLine, 'zone'> => (zone === undefined ? {} : { zone })

const dayOf = (instant: number): Dt => new Date(instant).toISOString().slice(0, 10)

/** Files are looked at side by side: the order in which they came is chance. */
const inOrder = <Cell extends CellInFile>(cells: readonly Cell[]): Cell[] =>
  cells.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

const keyOf = ({ raw, symbol }: CellInFile): string => `${raw.path} ${symbol}`
