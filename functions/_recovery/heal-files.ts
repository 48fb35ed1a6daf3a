/** Heals raw files that stood in the way: damaged ones are repaired from what manifests and digests tell, unreadable ones are set aside. */
import type { NodeContext } from '../_catalog/context.ts'
import type { CanBeServed } from '../_catalog/servable.ts'
import { DamagedFiles } from '../_lake/file-hashes.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'
import { repairFiles } from './repair-files.ts'
import { setAsideDamaged } from './set-aside.ts'

/** How many of the files that an error names stand in the way no longer; 0 for any other error. */
export async function healFiles(context: NodeContext, error: unknown, canBeServed: CanBeServed): Promise<number> {
  if (error instanceof UnreadableFiles) return (await setAsideDamaged(context, error.paths)).files
  if (error instanceof DamagedFiles) return (await repairFiles(context, error.paths, canBeServed)).files
  return 0
}
