/**
 * Manifests that lost lines get them back. What the database knows of the cells, and what the raw files hold, is written down again, so that
 * a rebuild from manifests alone gives the same database. Begun anew after a kill it ends the same.
 */
import { dirname, join, relative } from 'node:path'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { vendorVersions } from '../../db/attempts/vendor-versions.ts'
import { deliveredDatasets } from '../../db/bookmarks/delivered-datasets.ts'
import { dropMark, manifestMarks } from '../../db/manifests/manifests.ts'
import { daysOfAttempts } from '../../db/manifests/stored-versions.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { readAdopted } from '../_lake/adopted-manifest.ts'
import { setAside } from '../_lake/atomic.ts'
import {
  badLinesOf,
  type Hint,
  hintsOf,
  keepBadLines,
  manifestsWithBadLines,
  noteRepaired,
} from '../_lake/bad-lines.ts'
import { compressedPath } from '../_lake/compressed-lines.ts'
import { isSameDigest } from '../_lake/digest.ts'
import { namesIn } from '../_lake/disk.ts'
import { stateAt } from '../_lake/line-files.ts'
import { isOfCell, manifestBytes, readManifests } from '../_lake/manifest.ts'
import { manifestFile } from '../_lake/paths.ts'
import { writePlainForm } from '../_lake/plain-form.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'
import { type CellKey, cellKey, DatasetName } from '../_market/cell.ts'
import { type Dt, dayNumber } from '../_market/dt.ts'
import { noteManifestDamage, placeOfManifest } from './record-bad-lines.ts'
import { type DoubtfulCell, type Rewritten, rewriteLines } from './rewrite-lines.ts'
import { setAsideDamaged } from './set-aside.ts'

export interface Repaired extends Rewritten {
  /** Manifests with bad lines, cut off, or gone, that were looked after. */
  manifests: number
}

/** What is told of so many bytes of manifests fits into memory at once: some 400,000 cells. */
const BYTES_AT_ONCE = 128 * 1024 * 1024
/** Cells whose files are read at once. */
const CELLS_AT_ONCE = 500

/**
 * Notes the manifests that are gone or shorter than the database remembers, and forgets how far they were read. To be called at start, before
 * anything is appended: a file that has grown again past its mark looks whole.
 */
export async function noteCutManifests(context: NodeContext): Promise<number> {
  let cut = 0
  for (const [path, bytes] of await manifestMarks(context.db)) {
    const state = await stateAt(join(context.lake.root, path), bytes)
    if (state === 'whole') continue
    cut += 1
    const now = new Date(context.now()).toISOString()
    const why = state === 'gone' ? `it was gone at ${now}` : `it was cut off at ${now}: ${bytes} bytes were known`
    // Kept before the mark goes: it is all that tells of what is missing.
    await keepBadLines(join(context.lake.root, path), [{ byte: bytes, text: '', why }], context.now())
    context.log('manifest.lines_lost', { path, why })
    await noteManifestDamage(context, path, state === 'gone' ? 'gone' : 'damaged')
    await dropMark(context.db, path)
  }
  return cut + (await noteUnreadManifests(context))
}

/** The manifests of a dataset that were removed before any start had read them: the database has deliveries, and no file tells of any. */
async function noteUnreadManifests(context: NodeContext): Promise<number> {
  const { root } = context.lake
  const now = new Date(context.now()).toISOString()
  let gone = 0
  for (const { vendor, dataset } of await deliveredDatasets(context.db)) {
    const path = manifestFile(root, vendor, DatasetName.parse(dataset), now.slice(0, 10))
    if ((await namesIn(dirname(path))).some((name) => /\.jsonl(?:\.bad|\.gz)?$/.test(name))) continue
    gone += 1
    const why = `all manifests of ${vendor}/${dataset} were gone at ${now}`
    await keepBadLines(path, [{ byte: 0, text: '', why }], context.now())
    context.log('manifest.lines_lost', { path: relative(root, path), why })
    await noteManifestDamage(context, relative(root, path), 'gone')
  }
  return gone
}

/** Looks after the cells of all manifests with bad or lost lines. To be called once the others are replayed. */
export async function repairManifests(context: NodeContext): Promise<Repaired> {
  const repaired: Repaired = { manifests: 0, lines: 0, lost: 0 }
  const damaged = await damagedManifests(context)
  for (const { vendor, dataset, paths, hints } of damaged.values()) {
    const spec = context.config.datasets[dataset]
    if (!spec) continue
    for (const path of paths) await decompressDamaged(context, path)
    const { lines, lost } = await agree(context, { vendor, dataset, spec }, hints)
    repaired.lines += lines
    repaired.lost += lost
    for (const path of paths) await noteRepaired(path, context.now())
    repaired.manifests += paths.length
    context.log('manifest.repaired', { vendor, dataset, manifests: paths.length, lines, lost })
  }
  return repaired
}

/** From a compressed manifest what can be read becomes a plain one again, with which all goes on as with any other; the damaged file stays beside it. */
async function decompressDamaged({ db, lake, log }: NodeContext, path: string): Promise<void> {
  if (!(await writePlainForm(path))) return
  // It is shorter than what was known of it: read again from its beginning, it is not taken for one that was cut off.
  await dropMark(db, relative(lake.root, path))
  await setAside(compressedPath(path))
  log('manifest.decompressed', { path: relative(lake.root, path) })
}

interface Damaged {
  vendor: string
  dataset: DatasetName
  paths: string[]
  hints: Hint[]
}

async function damagedManifests({ lake }: NodeContext): Promise<Map<string, Damaged>> {
  const places = new Map<string, Damaged>()
  for (const path of await manifestsWithBadLines(lake.root)) {
    const { lines, isRepaired } = await badLinesOf(path)
    if (isRepaired) continue
    const place = placeOfManifest(relative(lake.root, path))
    const folder = dirname(path)
    const found = places.get(folder) ?? { ...place, paths: [], hints: [] }
    found.paths.push(path)
    found.hints.push(...hintsOf(lines))
    places.set(folder, found)
  }
  return places
}

interface Of {
  vendor: string
  dataset: DatasetName
  spec: DatasetConfig
}

/** Compares every version the database knows of a vendor's dataset with the newest line of its cell, some days at a time. */
async function agree(context: NodeContext, of: Of, hints: readonly Hint[]): Promise<Rewritten> {
  const { vendor, dataset } = of
  const done: Rewritten = { lines: 0, lost: 0 }
  const passes = Math.max(1, Math.ceil((await manifestBytes(context.lake, vendor, dataset)) / BYTES_AT_ONCE))
  const hinted = new Map<CellKey, Hint[]>()
  for (const hint of hints) {
    const key = cellKey(hint.symbol, hint.dt)
    hinted.set(key, [...(hinted.get(key) ?? []), hint])
  }
  const days = await daysOfAttempts(context.db, dataset)
  let doubtful: DoubtfulCell[] = []
  const rewrite = async (): Promise<void> => {
    const { lines, lost } = await rewriteReadable(context, of, doubtful)
    done.lines += lines
    done.lost += lost
    doubtful = []
  }
  for (let pass = 0; pass < passes; pass++) {
    const isOfPass = (dt: Dt): boolean => dayNumber(dt) % passes === pass
    const told = await reportedOf(context, of, isOfPass)
    const known = new Set<CellKey>()
    for (const dt of days.filter(isOfPass)) {
      for (const version of await vendorVersions(context.db, dataset, vendor, dt)) {
        const key = cellKey(version.symbol, version.dt)
        const line = told.get(key)
        const wanted = version.isLost ? LOST : (version.digest ?? UNREAD)
        const isTold =
          (line !== undefined && isSameDigest(line, wanted)) ||
          (wanted === UNREAD && line !== undefined && line !== LOST)
        const shas = hinted.get(key)
        if (shas) known.add(key)
        // That a cell is lost need not be said where nothing says that it is there.
        if (shas === undefined && (isTold || (version.isLost && line === undefined))) continue
        doubtful.push({ ...version, isKnown: true, told: line ?? null, shas: shasOf(shas) })
      }
      if (doubtful.length >= CELLS_AT_ONCE) await rewrite()
      await yieldToEventLoop()
    }
    for (const [key, shas] of hinted) {
      const { symbol, dt } = shas[0]!
      if (known.has(key) || !isOfPass(dt)) continue
      const unknown = { symbol, dt, rows: 0, digest: null, isLost: false, isForgotten: false, at: 0 }
      doubtful.push({ ...unknown, isKnown: false, told: told.get(key) ?? null, shas: shasOf(shas) })
    }
    if (doubtful.length > 0) await rewrite()
  }
  return done
}

const LOST = 'lost'
const UNREAD = 'unread'
const shasOf = (hints: readonly Hint[] = []): string[] => hints.flatMap(({ sha256 }) => sha256 ?? [])

/** What the newest line of each cell says: a digest, `lost`, or `unread` where only adopted lines tell of it. */
async function reportedOf({ lake }: NodeContext, of: Of, isWanted: (dt: Dt) => boolean): Promise<Map<CellKey, string>> {
  const folder = `/${of.vendor}/${of.dataset}/`
  const after = (path: string): number => (path.includes(folder) ? 0 : Number.POSITIVE_INFINITY)
  const told = new Map<CellKey, string>()
  for await (const { lines } of readAdopted(lake.root, after)) {
    for (const { symbol, dt } of lines) if (isWanted(dt)) told.set(cellKey(symbol, dt), UNREAD)
  }
  for await (const { lines } of readManifests(lake, after)) {
    for (const line of lines) {
      if (!isOfCell(line) || !isWanted(line.dt)) continue
      told.set(cellKey(line.symbol, line.dt), line.verdict === 'set_aside' ? LOST : line.digest)
    }
  }
  return told
}

/** A file that cannot be read is set aside first: its cells are lost and need no line. */
async function rewriteReadable(context: NodeContext, of: Of, cells: readonly DoubtfulCell[]): Promise<Rewritten> {
  for (let left = CELLS_AT_ONCE; ; left--) {
    try {
      return await rewriteLines(context, of, cells)
    } catch (error) {
      if (!(error instanceof UnreadableFiles) || left === 0) throw error
      if ((await setAsideDamaged(context, error.paths)).files === 0) throw error
    }
  }
}
