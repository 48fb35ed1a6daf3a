/**
 * One vendor's day: the files of its cells become the one that the symbols of the day share. Killed anywhere, every cell is in a file that counts: its own
 * one, until that is removed, and by then the shared file is there, told of in the manifest and known to the database. The next call ends what was begun.
 */
import { readFile, rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { shareFile } from '../../db/raw-files/share-file.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { adoptTemp } from '../_lake/atomic.ts'
import { sha256 } from '../_lake/digest.ts'
import { codeOf, DiskError, eachBounded, namesIn, realDisk, syncPath } from '../_lake/disk.ts'
import { encodeRows, rawSchema } from '../_lake/encode.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { appendManifest } from '../_lake/manifest.ts'
import { manifestFile, symbolOfFolder } from '../_lake/paths.ts'
import { readOwnParts } from '../_lake/stored-part.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import { areAccepted, type CheckedDay, checkedDay, type LeftAlone, type RawDay } from './day-files.ts'

/** What has been done when `reached` is called: a test stops there. `removing`: once for each file. */
export const STEPS = ['checked', 'written', 'visible', 'told', 'recorded', 'removing', 'removed'] as const
export type Step = (typeof STEPS)[number]

export interface CompactedDay {
  /** Cells of the shared file. */
  cells: number
  /** Files that it replaced. */
  files: number
  bytes: number
}

const AT_ONCE = 8

/** Under the same turn as the answers that are kept: no file of the vendor's dataset changes meanwhile. */
export function compactDay(
  context: NodeContext,
  day: RawDay,
  reached: (step: Step) => void | Promise<void> = () => undefined,
): Promise<CompactedDay | LeftAlone> {
  return withLock(`${context.lake.root} ${day.vendor} ${day.dataset}`, async () => {
    const found = await checkedDay(context, day)
    if ('why' in found) return found
    await reached('checked')
    const cells = found.versions.length
    // A killed process may have left empty folders and nothing else to do.
    if (found.own.length === 0) {
      await removeFiles(dirname(found.shared), [], reached)
      return { cells, files: 0, bytes: 0 }
    }
    const { hash, bytes } = await writeShared(day, found, reached)
    await tell(context, day, found, hash)
    await reached('told')
    const { vendor, dt } = day
    if (!(await shareFile(context.db, day.dataset, { dt, vendor, hashes: found.known }, hash)))
      return { why: 'changed', paths: [found.shared] }
    await reached('recorded')
    await removeFiles(dirname(found.shared), found.own, reached)
    await reached('removed')
    return { cells, files: found.own.length, bytes }
  })
}

/** It is read back before it takes its name: what becomes visible is right. Where it is there already, as a killed process left it, nothing is written. */
async function writeShared(
  { spec, vendor, dt }: RawDay,
  found: CheckedDay,
  reached: (step: Step) => void | Promise<void>,
): Promise<{ hash: string; bytes: number }> {
  const { shared, versions } = found
  const bytes = await encodeRows(spec.columns, found.parts, Number.POSITIVE_INFINITY)
  const rows = found.parts.reduce((sum, { from, to }) => sum + to - from, 0)
  // Columns of a whole day: they need not wait for those that are read back.
  found.parts = []
  const hash = sha256(bytes)
  const written = { hash, bytes: bytes.length }
  if (hash === found.sharedHash) return written
  const temp = tempBeside(shared)
  try {
    await writeDurable(temp, bytes)
    await reached('written')
    const back = readOwnParts(await readFile(temp), rawSchema(spec.columns)) ?? []
    const isWhole = back.reduce((sum, { from, to }) => sum + to - from, 0) === rows
    const there = new Set(back.map(({ symbol }) => symbol))
    const accepted = new Map(versions.map((version) => [version.symbol, version]))
    if (!isWhole || versions.some(({ symbol }) => !there.has(symbol)) || !(await areAccepted(spec, back, accepted))) {
      throw new Error(
        `expected the accepted rows of all ${versions.length} cells of ${vendor} ${dt} in the file that was written for ${shared}, got others: the old files stay`,
      )
    }
    await adoptTemp(temp, shared)
  } finally {
    await rm(temp, { force: true })
  }
  await reached('visible')
  return written
}

async function writeDurable(path: string, bytes: Buffer): Promise<void> {
  try {
    const handle = await realDisk.open(path, 'w')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw new DiskError('write', path, error)
  }
}

async function tell(
  { lake, now }: NodeContext,
  { dataset, vendor, dt }: RawDay,
  { shared, versions }: CheckedDay,
  hash: string,
): Promise<void> {
  const at = new Date(now()).toISOString()
  const path = relative(lake.root, shared)
  await appendManifest(manifestFile(lake.root, vendor, dataset, at.slice(0, 10)), [
    { dataset, dt, vendor, verdict: 'compacted', cells: versions.length, path, sha256: hash, at },
  ])
}

/** With the folders that are empty then. They stay removed: the copy of a cell that came back after a power cut would count before the shared file. */
async function removeFiles(
  folder: string,
  files: readonly string[],
  reached: (step: Step) => void | Promise<void>,
): Promise<void> {
  await eachBounded(files, AT_ONCE, async (path) => {
    await realDisk.unlink(path).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw new DiskError('remove', path, error)
    })
    await reached('removing')
  })
  const cells = (await namesIn(folder)).filter((name) => symbolOfFolder(name) !== null)
  await eachBounded(cells, AT_ONCE, async (name) => {
    // A damaged file that was put aside stays, and so does its folder.
    await rmdir(join(folder, name)).catch(() => syncPath(realDisk, join(folder, name)))
  })
  await syncPath(realDisk, folder)
}
