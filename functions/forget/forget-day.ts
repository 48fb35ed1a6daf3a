/**
 * Forgets the cells of one vendor's day: files without them first, then the manifest lines that say so, then the database. Killed between any two of
 * these, the cells are still known as versions or as lost ones, so the same request finds them again and ends what was begun.
 */
import { rmdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { UnwantedVersion } from '../../db/attempts/unwanted-of-day.ts'
import { invalidateCells } from '../../db/manifests/invalidate-cells.ts'
import { servableBy } from '../_catalog/servable.ts'
import type { Node } from '../_http/node.ts'
import { removeDurable, writeFilesAtomic } from '../_lake/atomic.ts'
import { sha256 } from '../_lake/digest.ts'
import { encodeRows } from '../_lake/encode.ts'
import { DamagedFiles, isExpected } from '../_lake/file-hashes.ts'
import { fileParts } from '../_lake/file-parts.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { fileSizes, listRawFiles, placesOn } from '../_lake/list-raw-files.ts'
import type { SetAsideLine } from '../_lake/manifest.ts'
import { rawFile, rawFileParts } from '../_lake/paths.ts'
import type { Dt } from '../_market/dt.ts'
import { healFiles } from '../_recovery/heal-files.ts'
import { recordedHashes } from '../_recovery/recorded-hashes.ts'
import { invalidatedCell } from '../_recovery/replay-manifests.ts'
import { asideLine, writeAside } from '../_recovery/set-aside.ts'
import type { ForgetScope } from './request.ts'

/** A vendor's versions of one day that nobody wants. */
export interface VendorDay {
  vendor: string
  dt: Dt
  versions(): Promise<UnwantedVersion[]>
}

export interface ForgottenDay {
  cells: number
  files: number
  bytes: number
}

/** A file in which unwanted cells may lie. */
interface Held {
  path: string
  bytes: number
  symbols: Set<string>
  isShared: boolean
}

/** What would be forgotten; of a file that stays, its share of bytes is a guess by cells. */
export async function countDay(node: Node, scope: ForgetScope, day: VendorDay): Promise<ForgottenDay> {
  const versions = await day.versions()
  const held = await filesOf(node, scope, day, versions)
  return { cells: versions.length, files: held.length, bytes: held.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** Safe to repeat. A damaged file is repaired or set aside first, as whoever reads it does. */
export async function forgetDay(node: Node, scope: ForgetScope, day: VendorDay): Promise<ForgottenDay> {
  for (let tries = 0; ; tries++) {
    try {
      return await withLock(`${node.lake.root} ${day.vendor} ${scope.dataset}`, () => forgetLocked(node, scope, day))
    } catch (error) {
      // Of a dataset that is not collected nobody knows what it may be repaired with.
      const mayHeal = tries === 0 && scope.dataset in node.config.datasets
      if (!mayHeal || (await healFiles(node, error, servableBy(node))) === 0) throw error
    }
  }
}

async function forgetLocked(node: Node, scope: ForgetScope, day: VendorDay): Promise<ForgottenDay> {
  const { dataset, spec } = scope
  const { vendor, dt } = day
  // Under the lock: what was written since is forgotten as well, and nothing is written meanwhile.
  const versions = await day.versions()
  const held = await filesOf(node, scope, day, versions)
  const left = new Map<string, string>()
  let [files, freed] = [0, 0]
  for (const file of held) {
    const rest = await withoutCells(node, scope, file)
    if (rest !== null) left.set(file.path, rest.hash)
    if (rest?.bytes === null) continue
    files += 1
    freed += file.bytes - (rest?.bytes.length ?? 0)
    if (rest === null) await removeFile(file.path)
    else await replaceFile(node, scope, file.path, rest.bytes, rest.hash)
  }
  const pathOf = new Map(held.flatMap(({ path, symbols }) => [...symbols].map((symbol) => [symbol, path] as const)))
  const lines = versions.map((version): SetAsideLine => {
    const path =
      pathOf.get(version.symbol) ?? rawFile(node.lake.root, vendor, dataset, spec.raw_layout, dt, version.symbol)
    const line = asideLine(node, dataset, dt, version, 'forgotten', path)
    const hash = left.get(path)
    return hash === undefined ? line : { ...line, sha256: hash }
  })
  await writeAside(node, vendor, dataset, lines)
  const cells = lines.map((line) => invalidatedCell(spec, line))
  await invalidateCells(node.db, vendor, dataset, cells, node.now())
  node.log('forget.forgotten', { vendor, dataset, dt, cells: cells.length, files })
  return { cells: cells.length, files, bytes: freed }
}

/** The files that hold any of the cells, by path. */
async function filesOf(
  { lake }: Node,
  { dataset, spec }: ForgetScope,
  { vendor, dt }: VendorDay,
  versions: readonly UnwantedVersion[],
): Promise<Held[]> {
  const listed = await listRawFiles(lake.root, vendor, dataset, [dt])
  const placeOf = placesOn(lake.root, vendor, dataset, spec.raw_layout, dt, listed)
  const files = new Map<string, Set<string>>()
  for (const { symbol } of versions) {
    for (const path of placeOf(symbol).files) files.set(path, (files.get(path) ?? new Set()).add(symbol))
  }
  const held: Held[] = []
  for (const [path, bytes] of await fileSizes([...files.keys()])) {
    const isShared = rawFileParts(lake.root, path)?.symbol === null
    held.push({ path, bytes, symbols: files.get(path)!, isShared })
  }
  // The shared one last: of a cell that lies in two, the line then tells what that file hashes to.
  return held.sort((a, b) => Number(a.isShared) - Number(b.isShared))
}

/** A file without the cells. `bytes` is null where it does not hold them, as a killed process left it. */
interface Rest {
  bytes: Buffer | null
  hash: string
}

/** Null where nothing is left. Rows of a damaged file must not travel into one whose hash would vouch for them: throws DamagedFiles. */
async function withoutCells(
  node: Node,
  { dataset, spec }: ForgetScope,
  { path, symbols, isShared }: Held,
): Promise<Rest | null> {
  if (!isShared) return null
  const expected = (await recordedHashes(node, dataset).expected([path])).get(path)
  let found = ''
  const parts = (
    await fileParts(node.lake, spec, [path], (_path, bytes) => {
      found = sha256(bytes)
    })
  ).get(path)!
  if (!isExpected(found, expected)) throw new DamagedFiles([path])
  const stay = parts.filter(({ symbol }) => !symbols.has(symbol))
  if (stay.length === 0) return null
  if (stay.length === parts.length) return { bytes: null, hash: found }
  const bytes = await encodeRows(spec.columns, stay)
  return { bytes, hash: sha256(bytes) }
}

/** The hash first: killed before the file, the next reader finds the old one as its manifest lines tell; killed behind it, nothing is in doubt. */
async function replaceFile(
  node: Node,
  { dataset }: ForgetScope,
  path: string,
  bytes: Buffer,
  hash: string,
): Promise<void> {
  await recordedHashes(node, dataset).wrote(new Map([[path, hash]]))
  await writeFilesAtomic([{ path, bytes, isThere: true }])
}

/** With the folders that are empty then. */
async function removeFile(path: string): Promise<void> {
  await removeDurable(path)
  for (let folder = dirname(path); /^(?:symbol|underlier|date)=/.test(basename(folder)); ) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    )
    if (!isGone) return
    folder = dirname(folder)
  }
}
