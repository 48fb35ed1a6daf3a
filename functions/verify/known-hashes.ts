/** sha256 of files, each inode once a run: bundles of many nights are links to the same files. */
import { stat } from 'node:fs/promises'
import { sha256OfFile } from '../_lake/digest.ts'
import type { VerifyContext } from './check.ts'

/** Beyond it the oldest are forgotten: two hundred bytes each. */
const MOST_KNOWN = 50_000

/** Lower-case hex. A file that is written to has another time or size, and is read again. */
export async function hashOf({ memo }: VerifyContext, file: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(file)
  const key = [dev, ino, size, mtimeMs, ctimeMs].join(' ')
  const known = (memo.get('hashes') ?? new Map<string, string>()) as Map<string, string>
  memo.set('hashes', known)
  const found = known.get(key)
  if (found !== undefined) return found
  const sha256 = await sha256OfFile(file)
  known.set(key, sha256)
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value as string)
  return sha256
}
