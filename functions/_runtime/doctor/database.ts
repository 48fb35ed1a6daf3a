/** The database and the newest bundle of a node that does not run, read without changing a byte. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkPages } from '../../../db/check-pages.ts'
import { isLocked, openUnchanging } from '../../../db/read-only.ts'
import { stateFile } from '../../_lake/paths.ts'
import { type Finding, fault, warning, well } from './finding.ts'

const TODO = 'start the node: it sets the file aside and rebuilds what it knew from the manifests; then check the disk'

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

/** Whether a process holds the root, whoever answers on the port. */
export async function isHeld(root: string): Promise<boolean> {
  const lock = join(root, '.node.lock')
  return (await sizeOf(lock)) > 0 && (await isLocked(pathToFileURL(lock).href).catch(() => false))
}

export async function database(root: string): Promise<Finding> {
  const file = stateFile(root)
  const bytes = await stat(file).then(
    ({ size }) => size,
    () => null,
  )
  if (bytes === null) return well('database', 'none yet: the first start makes it')
  if ((await sizeOf(`${file}-wal`)) > 0)
    return warning(
      'database',
      'the last stop was not clean',
      'start the node: it takes over what is in the log, and checks the file',
    )
  try {
    const db = await openUnchanging(pathToFileURL(file).href)
    try {
      const [wrong] = await checkPages(db, 'quick', 1)
      return wrong === undefined
        ? well('database', `${(bytes / 1e6).toFixed(1)} MB, its pages fit together`)
        : fault('database', `${file} is damaged (${wrong.replaceAll(/\s+/g, ' ')})`, TODO)
    } finally {
      db.close()
    }
  } catch (error) {
    return fault('database', `${file} cannot be read (${error instanceof Error ? error.message : error})`, TODO)
  }
}

export async function newestBundle(exportRoot: string): Promise<Finding> {
  try {
    const { asof } = JSON.parse(await readFile(join(exportRoot, 'latest/MANIFEST.json'), 'utf8')) as { asof?: string }
    return well('newest bundle', String(asof))
  } catch {
    return well('newest bundle', 'none yet')
  }
}
