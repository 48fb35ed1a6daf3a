/** What nobody needs any more, found and removed by the rules under `retention` in datasets.yaml. */
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/client.ts'
import { countOldSamples, dropOldSamples } from '../../db/quarantine/drop-old.ts'
import type { Lake } from '../_lake/lake.ts'
import type { Dt } from '../_market/dt.ts'
import { emptyTrash, oldBundles, removeBundles } from './old-bundles.ts'
import { oldDamagedFiles, removeDamagedFiles } from './old-damaged-files.ts'

export interface RetentionContext {
  config: Pick<Config, 'retention'>
  db: Db
  lake: Pick<Lake, 'root' | 'exportRoot'>
  now(): number
}

export interface Outdated {
  bundles: Dt[]
  heldBack: Dt[]
  /** Relative to the root. */
  damagedFiles: string[]
  quarantine: number
}

const DAY_MS = 86_400_000
/** Of one call: a bundle may hold ten thousand files. */
const MOST_BUNDLES = 5

export async function findOutdated({ config, db, lake, now }: RetentionContext): Promise<Outdated> {
  const { bundles: keep, grace_days, held_back_days, damaged_days, quarantine_days } = config.retention
  const { exportRoot, root } = lake
  const bundles = { db, exportRoot, keep, graceDays: grace_days, heldBackDays: held_back_days, now: now() }
  return {
    ...(await oldBundles(bundles)),
    damagedFiles: await oldDamagedFiles({ db, root, before: now() - damaged_days * DAY_MS }),
    quarantine: await countOldSamples(db, now() - quarantine_days * DAY_MS),
  }
}

/** A few bundles a call. Returns what was removed, and whether there is more. */
export async function removeOutdated(context: RetentionContext): Promise<Outdated & { more: boolean }> {
  const { config, db, lake, now } = context
  await emptyTrash(lake.exportRoot)
  const found = await findOutdated(context)
  const { bundles, heldBack } = await removeBundles(lake.exportRoot, found, MOST_BUNDLES)
  await removeDamagedFiles(lake.root, found.damagedFiles)
  const quarantine = await dropOldSamples(db, now() - config.retention.quarantine_days * DAY_MS)
  const more = bundles.length + heldBack.length < found.bundles.length + found.heldBack.length
  return { bundles, heldBack, damagedFiles: found.damagedFiles, quarantine, more }
}
