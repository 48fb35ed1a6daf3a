/** Opens a file of a bundle, and makes sure that it is the one the bundle lists. */
import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RequestError } from '../_http/handler.ts'
import { codeOf } from '../_lake/disk.ts'
import { identityOf } from './bundle-listing.ts'
import type { FoundFile } from './bundles.ts'

/** How often a file is looked up again when bundles are replaced at that very moment. */
const MOST_LOOKUPS = 4

/** Another bundle took the folder's place since the file was looked up: look again. */
class BundleMoved extends Error {}

/** Runs what looks a file up and opens it, again where another bundle took the folder's place in between. */
export async function lookedUp<T>(work: () => Promise<T>): Promise<T> {
  for (let lookups = 1; ; lookups++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof BundleMoved) || lookups === MOST_LOOKUPS) throw error
    }
  }
}

/**
 * Opens a listed file. Throws BundleMoved; RequestError 404 where it is gone, and Error where it is not what the bundle lists: a link, a folder, another size. The
 * bytes are not hashed: whoever fetches them has the hash.
 */
export async function openListed({ folder, realFolder, identity, file }: FoundFile): Promise<FileHandle> {
  const path = join(folder, file.path)
  let handle: FileHandle | undefined
  try {
    // A pipe must not make us wait.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    // Only now that it is open: what took the folder's place before may have the path and the size, and other bytes.
    const [found, place, now] = await Promise.all([handle.stat(), realpath(dirname(path)), identityOf(folder)])
    if (now !== identity) throw new BundleMoved(file.path)
    // Neither the file nor a folder above it may be a link that leads out of the bundle.
    if (place !== join(realFolder, dirname(file.path))) throw unlisted(file.path, 'a link to another folder')
    if (!found.isFile()) throw unlisted(file.path, 'no file')
    if (found.size !== file.bytes) throw unlisted(file.path, `${found.size} bytes`)
    return handle
  } catch (error) {
    await handle?.close()
    if ((await identityOf(folder)) !== identity) throw new BundleMoved(file.path)
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new RequestError(
        404,
        `${file.path} is gone: the bundle was replaced or removed, or it is damaged; GET /exports lists those there are`,
      )
    if (code === 'ELOOP') throw unlisted(file.path, 'a link')
    throw error
  }
}

const unlisted = (path: string, got: string): Error =>
  new Error(`expected the file that the bundle lists at ${path}, got ${got}: POST /export for its day makes it anew`)
