/** I7: every file of a bundle has the hash that its sums say. */
import { join } from 'node:path'
import { bundleDays } from '../../_lake/finished-bundles.ts'
import { bundleFolder } from '../../_lake/paths.ts'
import { bundleSums } from '../bundle-proof.ts'
import type { Check, VerifyContext } from '../check.ts'
import { sizeOf } from '../files-there.ts'
import { hashOf } from '../known-hashes.ts'

type Kind = 'bundle-bytes-differ'

export const check: Check<Kind, VerifyContext> = {
  id: 'bundle-hashes',
  about: 'sha256 of the files of bundles against their sums',
  mode: 'deep',
  needsDb: false,
  kinds: {
    'bundle-bytes-differ': {
      invariant: 'I7',
      severity: 'error',
      means: 'a file of a bundle is not the one that its sums tell of',
      todo: 'POST /export {"asof":"…"} for its day makes it anew; tell whoever pulled it.',
    },
  },
  places: async (context) => {
    const places: string[] = []
    for (const asof of await bundleDays(context.lake.exportRoot)) {
      const paths = [...((await bundleSums(context, asof)) ?? new Map<string, string>()).keys()]
      // A look takes the files of one folder below the bundle's own: those of a dataset.
      for (const group of new Set(paths.map(groupOf))) places.push(`${asof} ${group}`)
    }
    return places
  },
  async look(context, place, report) {
    const [asof = '', group = ''] = place.split(' ')
    const sums = [...((await bundleSums(context, asof)) ?? [])].filter(([path]) => groupOf(path) === group)
    for (const [path, expected] of sums) {
      const file = join(bundleFolder(context.lake.exportRoot, asof), path)
      if ((await sizeOf(file)) === null) continue
      const sha256 = await hashOf(context, file)
      if (sha256 !== expected) report('bundle-bytes-differ', join('nightly', asof, path), expected, sha256)
    }
    return sums.length
  },
}

const groupOf = (path: string): string => path.split('/').slice(0, -1).slice(0, 2).join('/') || '.'
