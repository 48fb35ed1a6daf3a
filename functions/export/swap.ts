/** How a staged bundle takes its place, and how a run that was killed half-way is put right. */
import { chmod, lstat, mkdir, readdir, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { makeFolderOf } from '../_lake/atomic.ts'
import { codeOf, eachBounded, namesIn, realDisk, syncFolders, syncPath } from '../_lake/disk.ts'
import { asideFolder, bundleFolder, heldBackFolder, latestLink, stagingFolder } from '../_lake/paths.ts'
import { keepReplaced, sweepReplaced } from '../_lake/replaced-bundles.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import { latestDay, readManifest, rowsIn } from './manifest.ts'

const PARALLEL = 8
const READ_ONLY = 0o444
/** Not ours, or a file system without modes. */
const NO_CHMOD = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Puts right whatever a killed run left: staging folders are removed; a bundle that was set aside comes back when its successor
 * had not arrived, and is a replaced one when it had.
 */
export async function clearLeftovers(exportRoot: string, now: number): Promise<void> {
  const folder = dirname(stagingFolder(exportRoot, '2000-01-01'))
  for (const name of await namesIn(folder)) {
    const [asof = ''] = name.split('.')
    if (!isDt(asof) || join(folder, name) !== asideFolder(exportRoot, asof)) {
      await rm(join(folder, name), { recursive: true, force: true })
    } else if (await exists(bundleFolder(exportRoot, asof))) {
      await keepReplaced(exportRoot, asof, join(folder, name), now)
    } else {
      await makeFolderOf(bundleFolder(exportRoot, asof))
      await moveFolder(join(folder, name), bundleFolder(exportRoot, asof))
    }
  }
  await sweepReplaced(exportRoot, now)
}

/** An empty staging folder of a bundle. */
export async function openStaging(exportRoot: string, asof: Dt): Promise<string> {
  const staging = stagingFolder(exportRoot, asof)
  await rm(staging, { recursive: true, force: true })
  await makeFolderOf(bundleFolder(exportRoot, asof))
  await makeFolderOf(staging)
  await mkdir(staging)
  return staging
}

/**
 * Makes the staged files read-only and brings every one and every folder to the disk. Files of `linked`, by their path in the folder, are both already: an earlier bundle has them.
 * One that is written to would carry the damage into the lake, whose files share their inodes. Folders stay as they are, so that the bundle can be removed. A file of another owner
 * stays as it is, too.
 */
export async function settleTree(folder: string, linked: ReadonlySet<string>): Promise<void> {
  const { files, folders } = await filesBelow(folder)
  const fresh = files.filter((path) => !linked.has(relative(folder, path).replaceAll(sep, '/')))
  await eachBounded(fresh, PARALLEL, async (path) => {
    await chmod(path, READ_ONLY).catch((error: unknown) => {
      if (!NO_CHMOD.has(codeOf(error) ?? '')) throw error
    })
    await syncPath(realDisk, path)
  })
  await syncFolders(realDisk, [...folders, folder], PARALLEL)
}

/**
 * Moves a complete, synced staging folder to its name. An older bundle of the day is set aside first: a folder cannot be renamed
 * over a full one, so for a moment a reader finds none, and never a mixture. It is kept for whoever reads it. Returns whether there was one.
 */
export async function takePlace(exportRoot: string, asof: Dt, now: number): Promise<'written' | 'replaced'> {
  const final = bundleFolder(exportRoot, asof)
  const aside = asideFolder(exportRoot, asof)
  const isReplacing = await exists(final)
  if (isReplacing) await moveFolder(final, aside)
  await moveFolder(stagingFolder(exportRoot, asof), final)
  if (isReplacing) await keepReplaced(exportRoot, asof, aside, now)
  return isReplacing ? 'replaced' : 'written'
}

/** Puts a complete, synced staging folder beside the finished bundles, in place of an earlier one of its day. Returns where. */
export async function holdBack(exportRoot: string, asof: Dt): Promise<string> {
  const folder = heldBackFolder(exportRoot, asof)
  await rm(folder, { recursive: true, force: true })
  await makeFolderOf(folder)
  await moveFolder(stagingFolder(exportRoot, asof), folder)
  return folder
}

/** What was held back of a day whose bundle is finished by now. */
export async function forgetHeldBack(exportRoot: string, asof: Dt): Promise<void> {
  const folder = heldBackFolder(exportRoot, asof)
  await rm(folder, { recursive: true, force: true })
  await rmdir(dirname(folder)).catch(() => undefined)
}

/** Points `latest` at the day it should point at, and returns that; null where there is no such day. A link that is right is not touched; a wrong or dangling one is replaced in one step. */
export async function pointLatest(exportRoot: string): Promise<Dt | null> {
  const newest = await latestDay(exportRoot)
  const link = latestLink(exportRoot)
  const current = await readlink(link).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    if (codeOf(error) === 'EINVAL')
      throw new Error(`expected a symbolic link or nothing at ${link}, got a file or folder; move it away`)
    throw error
  })
  if (newest === null) {
    // A person let all its cells go: what it points at holds no data any more.
    const left = current === null ? null : await readManifest(exportRoot, basename(current))
    if (left !== null && rowsIn(left.files) === 0) await rm(link)
    return null
  }
  const target = relative(dirname(link), bundleFolder(exportRoot, newest))
  if (current === target) return newest
  const temp = join(dirname(link), `.${basename(link)}.tmp`)
  await rm(temp, { force: true })
  await symlink(target, temp)
  await rename(temp, link)
  await syncPath(realDisk, dirname(link))
  return newest
}

async function filesBelow(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  return { files, folders }
}

async function moveFolder(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolders(realDisk, [dirname(to), dirname(from)], 1)
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    },
  )
}
