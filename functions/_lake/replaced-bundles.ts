/**
 * Bundles that another of their day has replaced. They stay for a day out of sight: a puller takes minutes, and goes on with the version it began with.
 * What they share with their successor are links, so they take little room.
 */
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Dt } from '../_market/dt.ts'
import { isDt } from '../_market/dt.ts'
import { makeFolderOf } from './atomic.ts'
import { namesIn, realDisk, syncFolders } from './disk.ts'
import { replacedFolder } from './paths.ts'

const KEPT_MS = 24 * 3_600_000
/** Of one day: whoever exports every minute must not fill the disk. */
const MOST_OF_A_DAY = 8
/** Half removed: nobody takes it for a bundle. */
const GONE = '.gone'

interface Replaced {
  asof: Dt
  /** Epoch ms. */
  at: number
  path: string
}

const rootOf = (exportRoot: string): string => dirname(replacedFolder(exportRoot, '2000-01-01', 0))

/** All of them, newest first. */
async function replacedIn(exportRoot: string): Promise<Replaced[]> {
  const root = rootOf(exportRoot)
  return (await namesIn(root))
    .flatMap((name): Replaced[] => {
      const [, asof = '', at = ''] = /^(\d{4}-\d{2}-\d{2})-(\d+)$/.exec(name) ?? []
      return isDt(asof) ? [{ asof, at: Number(at), path: join(root, name) }] : []
    })
    .sort((a, b) => b.at - a.at)
}

/** Folders of the replaced bundles of a day, newest first. */
export const replacedFolders = async (exportRoot: string, asof: Dt): Promise<string[]> =>
  (await replacedIn(exportRoot)).filter((one) => one.asof === asof).map(({ path }) => path)

/** Moves a whole bundle there, in one step; the oldest of its day leave. */
export async function keepReplaced(exportRoot: string, asof: Dt, folder: string, now: number): Promise<void> {
  const taken = new Set((await replacedIn(exportRoot)).map(({ path }) => path))
  let at = now
  while (taken.has(replacedFolder(exportRoot, asof, at))) at += 1
  const path = replacedFolder(exportRoot, asof, at)
  await makeFolderOf(path)
  await rename(folder, path)
  await syncFolders(realDisk, [dirname(path), dirname(folder)], 1)
  const ofDay = (await replacedIn(exportRoot)).filter((one) => one.asof === asof)
  for (const one of ofDay.slice(MOST_OF_A_DAY)) await removeFolder(one.path)
}

/** Removes those whose time is over, or lies ahead as that of a clock that was set back. Returns how many. */
export async function sweepReplaced(exportRoot: string, now: number): Promise<number> {
  const root = rootOf(exportRoot)
  for (const name of await namesIn(root))
    if (name.endsWith(GONE)) await rm(join(root, name), { recursive: true, force: true })
  const over = (await replacedIn(exportRoot)).filter(({ at }) => Math.abs(now - at) >= KEPT_MS)
  for (const { path } of over) await removeFolder(path)
  return over.length
}

async function removeFolder(path: string): Promise<void> {
  const gone = join(dirname(path), `${basename(path)}${GONE}`)
  await rm(gone, { recursive: true, force: true })
  await rename(path, gone)
  await rm(gone, { recursive: true, force: true })
}
