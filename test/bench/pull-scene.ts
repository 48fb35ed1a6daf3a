/** The bundles of the pull benchmark: files of random bytes, some large and many small, as a few years of minutes and days have them. */
import { randomFillSync } from 'node:crypto'
import { link, mkdir, readdir, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256 } from '../../functions/_lake/digest.ts'
import { bundleFolder, latestLink } from '../../functions/_lake/paths.ts'
import { type Files, writeBundle } from '../exports/small-bundle.ts'

export const FIRST = '2024-07-02'
export const SECOND = '2024-07-03'

const MEGABYTE = 1_000_000
const LARGE = { files: 30, bytes: 20 * MEGABYTE }
const SMALL = { files: 400, bytes: MEGABYTE }
/** A part a year. */
const LEDGER = { path: 'qc/partition_status.parquet', parts: 20, bytes: 2 * MEGABYTE }

export interface PullScene {
  /** Bytes of all files, and of those that the second bundle has anew. */
  bytes: number
  changed: number
}

const random = (bytes: number): Buffer => randomFillSync(Buffer.allocUnsafeSlow(bytes))

/** Two bundles: in the second one partition, its part of the ledger and the README differ. `scale` 1 is a gigabyte. Latest is the first. */
export async function writeScene(exportRoot: string, scale: number): Promise<PullScene> {
  const files: Files = { 'README.md': 'of the first day' }
  for (let each = 0; each < LARGE.files; each++)
    files[`curated/equities_bars/year=${1990 + each}/data.parquet`] = random(Math.ceil(LARGE.bytes * scale))
  for (let each = 0; each < SMALL.files; each++)
    files[`curated/equities_bars_minute/date=${dayOf(each)}/data.parquet`] = random(Math.ceil(SMALL.bytes * scale))
  const parts = Array.from({ length: LEDGER.parts }, () => random(Math.ceil(LEDGER.bytes * scale)))
  files[LEDGER.path] = Buffer.concat([HEAD, ...parts, HEAD])
  await writeScened(exportRoot, FIRST, files, parts)
  await symlink(`nightly/${FIRST}`, latestLink(exportRoot))
  const bytes = sizeOf(files)
  const fresh: Files = {
    'README.md': 'of the second day',
    [`curated/equities_bars/year=${1990 + LARGE.files - 1}/data.parquet`]: random(Math.ceil(LARGE.bytes * scale)),
  }
  parts[LEDGER.parts - 1] = random(Math.ceil(LEDGER.bytes * scale))
  fresh[LEDGER.path] = Buffer.concat([HEAD, ...parts, HEAD])
  await writeScened(exportRoot, SECOND, { ...files, ...fresh }, parts)
  await linkUnchanged(
    exportRoot,
    Object.keys(files).filter((path) => fresh[path] === undefined),
  )
  const alike = (LEDGER.parts - 1) * Math.ceil(LEDGER.bytes * scale)
  return { bytes, changed: sizeOf(fresh) - alike }
}

const HEAD = Buffer.from('PAR1')

/** The ledger's entry lists its parts, as an export does. */
async function writeScened(exportRoot: string, asof: string, content: Files, parts: readonly Buffer[]): Promise<void> {
  let offset = HEAD.length
  const listed = parts.map((part) => {
    offset += part.length
    return { offset: offset - part.length, bytes: part.length, sha256: sha256(part) }
  })
  const files = Object.entries(content).map(([path, bytes]) => ({
    path,
    bytes: Buffer.byteLength(bytes),
    sha256: sha256(bytes),
    ...(path.startsWith('curated/') ? { rows: 1 } : {}),
    ...(path === LEDGER.path ? { parts: listed } : {}),
  }))
  await writeBundle(bundleFolder(exportRoot, asof), asof, content, { files })
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
