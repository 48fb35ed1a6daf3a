/** The bundles that nobody needs any more, and how one is removed: out of sight first, so that no reader sees half of it. */
import { lstat, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Db } from '../../db/client.ts'
import { makeFolderOf } from '../_lake/atomic.ts'
import { codeOf, namesIn, realDisk, syncFolders } from '../_lake/disk.ts'
import { bundleDays, daysIn, MANIFEST, pointedDay } from '../_lake/finished-bundles.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { bundleFolder, heldBackFolder, trashFolder } from '../_lake/paths.ts'
import { addDays, type Dt, dtOfDay } from '../_market/dt.ts'
import { type KeepRule, keptDays } from './kept-days.ts'
import { protectedBundles } from './protected-bundles.ts'

export interface BundleTerms {
  db: Db
  exportRoot: string
  keep: KeepRule
  graceDays: number
  heldBackDays: number
  now: number
}

export interface OldBundles {
  bundles: Dt[]
  heldBack: Dt[]
}

const DAY_MS = 86_400_000

/** Oldest first. The one that `latest` points at is never among them. */
export async function oldBundles(terms: BundleTerms): Promise<OldBundles> {
  const { db, exportRoot, keep, graceDays, heldBackDays, now } = terms
  const days = await bundleDays(exportRoot)
  const stay = keptDays(days, keep)
  for (const asof of await protectedBundles(db, now, graceDays)) stay.add(asof)
  const latest = await pointedDay(exportRoot)
  if (latest !== null) stay.add(latest)
  const heldBack: Dt[] = []
  for (const asof of await daysIn(dirname(heldBackFolder(exportRoot, '2000-01-01')))) {
    if (
      (await madeDay(heldBackFolder(exportRoot, asof), asof)) <
      addDays(dtOfDay(Math.floor(now / DAY_MS)), -heldBackDays)
    )
      heldBack.push(asof)
  }
  return { bundles: days.filter((asof) => !stay.has(asof)), heldBack }
}

/** Removes the first `most` of them; none of them is in sight before its files go. Killed half-way, `emptyTrash` does the rest. */
export async function removeBundles(exportRoot: string, old: OldBundles, most: number): Promise<OldBundles> {
  const bundles = old.bundles.slice(0, most)
  const heldBack = old.heldBack.slice(0, most - bundles.length)
  const folders = [
    ...bundles.map((asof) => bundleFolder(exportRoot, asof)),
    ...heldBack.map((asof) => heldBackFolder(exportRoot, asof)),
  ]
  // An export of that day must not find its bundle half gone.
  await withLock(`bundle ${exportRoot}`, async () => {
    const latest = await pointedDay(exportRoot)
    for (const folder of folders)
      if (latest === null || folder !== bundleFolder(exportRoot, latest)) await moveToTrash(exportRoot, folder)
  })
  await emptyTrash(exportRoot)
  return { bundles, heldBack }
}

/** What an earlier removal did not come to. Returns how many folders. */
export async function emptyTrash(exportRoot: string): Promise<number> {
  const names = await namesIn(trashFolder(exportRoot))
  for (const name of names) await rm(join(trashFolder(exportRoot), name), { recursive: true, force: true })
  return names.length
}

/** Unlinking a file of a bundle leaves the lake's file, which shares its content. */
async function moveToTrash(exportRoot: string, folder: string): Promise<void> {
  const to = join(trashFolder(exportRoot), `${basename(dirname(folder))}-${basename(folder)}`)
  await makeFolderOf(to)
  await rm(to, { recursive: true, force: true })
  try {
    await rename(folder, to)
  } catch (error) {
    // Another sweep was first.
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  await syncFolders(realDisk, [dirname(folder), dirname(to)], 1)
}

/** The day on which it was made; by its files where its manifest does not tell. */
async function madeDay(folder: string, asof: Dt): Promise<Dt> {
  try {
    const { generated_at } = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as {
      generated_at: string
    }
    return new Date(generated_at).toISOString().slice(0, 10)
  } catch {
    const changed = await lstat(folder).then(
      ({ mtimeMs }) => new Date(mtimeMs).toISOString().slice(0, 10),
      () => asof,
    )
    return changed > asof ? changed : asof
  }
}
