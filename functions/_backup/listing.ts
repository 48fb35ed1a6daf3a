/** The files of one place of a backup: a line each, sorted by path, packed. */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { z } from 'zod'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** A path below the data root, or below `config/`; never one that leads out of the folder it is restored to. */
const BackupPath = z
  .string()
  .refine(
    (path) => path !== '' && !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part)),
    {
      error: 'expected a path below the root',
    },
  )

const Entry = z.object({
  path: BackupPath,
  bytes: z.int().min(0),
  /** When the file last changed in any way (ctime), ms: with its size it tells whether it is the same file still. */
  changed: z.number(),
  sha256: Sha256,
})
export type Entry = z.infer<typeof Entry>

/** The same entries give the same bytes. */
export async function packListing(entries: readonly Entry[]): Promise<Buffer> {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const lines = sorted.map(
    ({ path, bytes, changed, sha256 }) => `${JSON.stringify({ path, bytes, changed, sha256 })}\n`,
  )
  return await promisify(gzip)(lines.join(''), { level: 6 })
}

export async function unpackListing(packed: Uint8Array): Promise<Entry[]> {
  const text = (await promisify(gunzip)(packed)).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Entry.parse(JSON.parse(line)))
}
