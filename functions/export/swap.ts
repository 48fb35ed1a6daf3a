/** How a staged bundle takes its place, and how a run that was killed half-way is put right. */
import { lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { makeFolderOf } from '../_lake/atomic.ts'
import { codeOf, eachBounded, realDisk, syncFolders, syncPath } from '../_lake/disk.ts'
import { bundleFolder, latestLink, stagingFolder } from '../_lake/paths.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import { bundleDays } from './manifest.ts'

const ASIDE = '.replaced'
const PARALLEL = 8

/** Where a bundle waits while its successor takes its place. */
const asidePath = (exportRoot: string, asof: Dt): string => `${stagingFolder(exportRoot, asof)}${ASIDE}`

/**
 * Puts right whatever a killed run left: staging folders are removed; a bundle that was set aside comes back when its successor
 * had not arrived, and is removed when it had.
 */
export async function clearLeftovers(exportRoot: string): Promise<void> {
  const folder = dirname(stagingFolder(exportRoot, '2000-01-01'))
  for (const name of await namesIn(folder)) {
    const asof = name.endsWith(ASIDE) ? name.slice(0, -ASIDE.length) : ''
    if (isDt(asof) && !(await exists(bundleFolder(exportRoot, asof)))) {
      await makeFolderOf(bundleFolder(exportRoot, asof))
      await moveFolder(join(folder, name), bundleFolder(exportRoot, asof))
    } else {
      await rm(join(folder, name), { recursive: true, force: true })
    }
  }
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

/** Brings every staged file and folder to the disk. */
export async function syncTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  await eachBounded(files, PARALLEL, (path) => syncPath(realDisk, path))
  await syncFolders(realDisk, [...folders, folder], PARALLEL)
}

/**
 * Moves a complete, synced staging folder to its name. An older bundle of the day is set aside first: a folder cannot be renamed
 * over a full one, so for a moment a reader finds none, and never a mixture. Returns whether there was one.
 */
export async function takePlace(exportRoot: string, asof: Dt): Promise<'written' | 'replaced'> {
  const final = bundleFolder(exportRoot, asof)
  const aside = asidePath(exportRoot, asof)
  const isReplacing = await exists(final)
  if (isReplacing) await moveFolder(final, aside)
  await moveFolder(stagingFolder(exportRoot, asof), final)
  if (isReplacing) {
    // Under its old name a half-removed folder could be taken for a bundle that waits to come back.
    await rename(aside, `${aside}.gone`)
    await rm(`${aside}.gone`, { recursive: true, force: true })
  }
  return isReplacing ? 'replaced' : 'written'
}

/** Points `latest` at the newest finished bundle. A link that is right is not touched; a wrong or dangling one is replaced in one step. */
export async function pointLatest(exportRoot: string): Promise<void> {
  const newest = (await bundleDays(exportRoot)).at(-1)
  if (newest === undefined) return
  const link = latestLink(exportRoot)
  const target = relative(dirname(link), bundleFolder(exportRoot, newest))
  const current = await readlink(link).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    if (codeOf(error) === 'EINVAL')
      throw new Error(`expected a symbolic link or nothing at ${link}, got a file or folder; move it away`)
    throw error
  })
  if (current === target) return
  const temp = join(dirname(link), `.${basename(link)}.tmp`)
  await rm(temp, { force: true })
  await symlink(target, temp)
  await rename(temp, link)
  await syncPath(realDisk, dirname(link))
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

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
}
