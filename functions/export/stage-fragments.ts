/** Finds the ledger fragments that are what the database recorded. One whose rows the ledger has already is not opened, but for the fortieth whose turn it is. */
import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { eachBounded } from '../_lake/disk.ts'
import { hashFile } from '../_lake/file-hashes.ts'
import type { Lake } from '../_lake/lake.ts'
import { ledgerFragment } from '../_lake/paths.ts'
import { type Fragment, fragmentsToRead } from '../_ledger/ledger.ts'
import type { LedgerParts } from '../_ledger/ledger-parts.ts'
import type { Dt } from '../_market/dt.ts'
import { isTurn } from './known-files.ts'
import type { BundledDataset } from './partitions.ts'
import { type Damage, hashOrFault } from './stage-vouched.ts'

const PARALLEL = 8
const PIECE_BYTES = 64 * 1024

/**
 * `ledger` holds the parts of the standing ledger that are intact, or is null. Whatever will be read for the next ledger was hashed here; of the others it is enough that they lie there
 * and were last written before the ledger.
 */
export async function recordedFragments(
  lake: Lake,
  datasets: readonly BundledDataset[],
  ledger: LedgerParts | null,
  asof: Dt,
): Promise<{ fragments: Fragment[]; damaged: Damage[] }> {
  const kept = new Map<string, Fragment>()
  for (const { name: dataset, partitions } of datasets) {
    for (const { partition, ledgerSha256: sha256 } of partitions) {
      if (sha256 === null) continue
      const path = ledgerFragment(lake.root, dataset, partition)
      kept.set(path, { dataset, partition, path, sha256 })
    }
  }
  const damaged: Damage[] = []
  const hashed = new Set<string>()
  const spare: Buffer[] = []
  const hash = async ({ dataset, partition, path, sha256 }: Fragment): Promise<void> => {
    const piece = spare.pop() ?? Buffer.allocUnsafe(PIECE_BYTES)
    const found = await hashOrFault(async () => (await hashFile(path, piece)).hash)
    spare.push(piece)
    hashed.add(path)
    if (found.sha256 === sha256) return
    kept.delete(path)
    damaged.push({ dataset, partition, what: 'ledger', sha256, found: `its verdicts are ${found.fault}` })
  }
  if (ledger !== null) {
    await eachBounded([...kept.values()], PARALLEL, async (fragment) => {
      const { path } = fragment
      const place = relative(lake.root, path).replaceAll('\\', '/')
      if (isTurn(place, asof) || !(await isOlder(path, ledger.writtenAt))) await hash(fragment)
    })
  }
  // A fragment that is dropped changes what the ledger is made of, and so what is read.
  for (;;) {
    const unread = fragmentsToRead([...kept.values()], ledger).filter(({ path }) => !hashed.has(path))
    if (unread.length === 0) break
    await eachBounded(unread, PARALLEL, hash)
  }
  const keyOf = ({ dataset, partition }: Damage): string => `${dataset} ${partition}`
  return { fragments: [...kept.values()], damaged: damaged.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) }
}

const isOlder = (path: string, than: bigint): Promise<boolean> =>
  stat(path, { bigint: true }).then(
    (found) => found.isFile() && found.mtimeNs < than,
    () => false,
  )
