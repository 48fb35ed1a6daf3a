/** Raw files that were set aside as damaged long ago, and in whose place a good file stands again. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Db } from '../../db/client.ts'
import { listSetAside } from '../../db/lost-files/list-set-aside.ts'
import { removeDurable } from '../_lake/atomic.ts'
import { asidePath } from '../_lake/paths.ts'

export interface DamagedTerms {
  db: Db
  root: string
  before: number
}

/** Of one call. */
const MOST = 1_000

/**
 * Relative to the root. Where no good file came in its place, the damaged one stays: it may be all there is of its cells.
 */
export async function oldDamagedFiles({ db, root, before }: DamagedTerms): Promise<string[]> {
  const found: string[] = []
  for (const path of await listSetAside(db, before, MOST)) {
    if ((await isThere(asidePath(join(root, path)))) && (await isThere(join(root, path)))) found.push(asidePath(path))
  }
  return found
}

export async function removeDamagedFiles(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) await removeDurable(join(root, path))
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
