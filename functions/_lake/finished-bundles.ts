/** The finished bundles of an export root, by their names: which days there are, and which one `latest` points at. */
import { readlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { type Dt, isDt } from '../_market/dt.ts'
import { codeOf, namesIn } from './disk.ts'
import { bundleFolder, latestLink } from './paths.ts'

/** The two files that prove the others. */
export const MANIFEST = 'MANIFEST.json'
export const SUMS = 'SHA256SUMS'

/** As-of days, ascending. */
export const bundleDays = (exportRoot: string): Promise<Dt[]> => daysIn(dirname(bundleFolder(exportRoot, '2000-01-01')))

/** The days that name something in a folder, ascending. */
export const daysIn = async (folder: string): Promise<Dt[]> => (await namesIn(folder)).filter(isDt).sort()

/** The day that `latest` points at, whether there is a bundle or not; null where there is no such link, or it names no day. */
export async function pointedDay(exportRoot: string): Promise<Dt | null> {
  const target = await readlink(latestLink(exportRoot)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL') return ''
    throw error
  })
  const asof = basename(target)
  return isDt(asof) ? asof : null
}
