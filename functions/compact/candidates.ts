/** Which days are to be compacted, by what lies in their folders: files of closed months that hold one cell each. */
import { join } from 'node:path'
import { countVersions } from '../../db/attempts/count-versions.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { firstRereadDay } from '../_expected/reread-windows.ts'
import { namesIn } from '../_lake/disk.ts'
import { rawFolder, rawRoot, symbolOfFolder } from '../_lake/paths.ts'
import { isDt, monthOf } from '../_market/dt.ts'
import { knownOfDay, type RawDay } from './day-files.ts'

/** A file of a whole day is written again once so many of its cells, one in 32, have changed or come since: years of a new symbol are years of small files. */
const CELLS_PER_CHANGE = 32

/** Days in a fixed order with their places, those behind `after`. `at` (epoch ms) tells which months are closed: no window of re-reading reaches into them. */
export async function* candidates(
  context: NodeContext,
  at: number,
  after: string,
): AsyncGenerator<{ day: RawDay; place: string }> {
  const { root } = context.lake
  const vendors = (await namesIn(rawRoot(root))).filter((name) => /^[a-z][a-z0-9_]*$/.test(name)).sort()
  for (const { dataset, spec } of datasetsOf(context.config).toSorted((a, b) => (a.dataset < b.dataset ? -1 : 1))) {
    if (!spec.compact_raw) continue
    const open = monthOf(firstRereadDay(spec, at))
    for (const vendor of vendors) {
      const folder = rawFolder(root, vendor, dataset)
      for (const name of (await namesIn(folder)).sort()) {
        const dt = name.slice('date='.length)
        const place = `${dataset} ${vendor} ${dt}`
        if (!name.startsWith('date=') || !isDt(dt) || monthOf(dt) >= open || place <= after) continue
        const day = { dataset, spec, vendor, dt }
        if (await isWorthwhile(context, day, await namesIn(join(folder, name)))) yield { day, place }
      }
    }
  }
}

async function isWorthwhile(context: NodeContext, day: RawDay, names: readonly string[]): Promise<boolean> {
  const own = names.filter((name) => symbolOfFolder(name) !== null)
  if (!names.includes('data.parquet')) return own.length > 1
  if (own.length === 0) return false
  const known = await knownOfDay(context, day)
  // As a killed call leaves them: the shared file is known, and they are not any more.
  const isCopy = (name: string): boolean => {
    const symbol = symbolOfFolder(name)
    return known.has('') && symbol !== null && !known.has(symbol) && !known.has(`=${symbol}`)
  }
  if (own.some(isCopy)) return true
  return own.length * CELLS_PER_CHANGE >= (await countVersions(context.db, day.dataset, day.dt, day.vendor))
}
