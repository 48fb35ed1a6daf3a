/** The bundles of the pull benchmark: files of random bytes, some large and many small, as a few years of minutes and days have them. */
import { randomFillSync } from 'node:crypto'
import { link, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { bundleFolder, latestLink } from '../../functions/_lake/paths.ts'
import { type Files, writeBundle } from '../exports/small-bundle.ts'

export const FIRST = '2024-07-02'
export const SECOND = '2024-07-03'

const MEGABYTE = 1_000_000
const LARGE = { files: 30, bytes: 20 * MEGABYTE }
const SMALL = { files: 400, bytes: MEGABYTE }

export interface PullScene {
  /** Bytes of all files, and of those that the second bundle has anew. */
  bytes: number
  changed: number
}

const random = (bytes: number): Buffer => randomFillSync(Buffer.allocUnsafeSlow(bytes))

/** Two bundles: in the second one partition and the README differ. `scale` 1 is a gigabyte. Latest is the first. */
export async function writeScene(exportRoot: string, scale: number): Promise<PullScene> {
  const files: Files = { 'README.md': 'of the first day' }
  for (let each = 0; each < LARGE.files; each++)
    files[`curated/equities_bars/year=${1990 + each}/data.parquet`] = random(Math.ceil(LARGE.bytes * scale))
  for (let each = 0; each < SMALL.files; each++)
    files[`curated/equities_bars_minute/date=${dayOf(each)}/data.parquet`] = random(Math.ceil(SMALL.bytes * scale))
  await writeBundle(bundleFolder(exportRoot, FIRST), FIRST, files)
  await symlink(`nightly/${FIRST}`, latestLink(exportRoot))
  const bytes = sizeOf(files)
  const fresh: Files = {
    'README.md': 'of the second day',
    [`curated/equities_bars/year=${1990 + LARGE.files - 1}/data.parquet`]: random(Math.ceil(LARGE.bytes * scale)),
  }
  await writeBundle(bundleFolder(exportRoot, SECOND), SECOND, { ...files, ...fresh })
  await linkUnchanged(
    exportRoot,
    Object.keys(files).filter((path) => fresh[path] === undefined),
  )
  return { bytes, changed: sizeOf(fresh) }
}

const dayOf = (each: number): string => new Date(Date.UTC(2023, 0, 2 + each)).toISOString().slice(0, 10)
const sizeOf = (files: Files): number =>
  Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0)

/** As an export leaves it. */
async function linkUnchanged(exportRoot: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const place = join(bundleFolder(exportRoot, SECOND), path)
    await rm(place)
    await link(join(bundleFolder(exportRoot, FIRST), path), place)
  }
}

export async function moveLatest(exportRoot: string): Promise<void> {
  await rm(latestLink(exportRoot))
  await symlink(`nightly/${SECOND}`, latestLink(exportRoot))
}

/** An empty folder in place of what is there. */
export async function emptied(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(dirname(folder), { recursive: true })
  await mkdir(folder)
  return folder
}

/** Bytes of the two files that prove a bundle. */
export async function proofBytes(exportRoot: string, asof: string): Promise<number> {
  const folder = bundleFolder(exportRoot, asof)
  const names = (await readdir(folder)).filter((name) => name === 'MANIFEST.json' || name === 'SHA256SUMS')
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
