/** I7: every bundle has its proof, and `latest` points at one of them. Names only. */
import { lstat, readlink } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { codeOf, namesIn } from '../../_lake/disk.ts'
import { bundleDays, MANIFEST, SUMS } from '../../_lake/finished-bundles.ts'
import { bundleFolder, latestLink } from '../../_lake/paths.ts'
import type { Check, VerifyContext } from '../check.ts'

type Kind = 'bundle-without-proof' | 'latest-dangling' | 'latest-missing' | 'latest-older'

const EXPORT = 'POST /export makes it anew.'

export const check: Check<Kind, VerifyContext> = {
  id: 'bundles',
  about: 'bundles and the link to the newest of them, by their names',
  mode: 'fast',
  needsDb: false,
  kinds: {
    'bundle-without-proof': {
      invariant: 'I7',
      severity: 'error',
      means: 'a bundle without its manifest or its sums',
      todo: 'POST /export {"asof":"…"} for its day makes it anew.',
    },
    'latest-dangling': {
      invariant: 'I7',
      severity: 'error',
      means: 'the link to the newest bundle points at no bundle',
      todo: EXPORT,
    },
    'latest-missing': { invariant: 'I7', severity: 'warning', means: 'there are bundles and no link', todo: EXPORT },
    'latest-older': {
      invariant: 'I7',
      severity: 'info',
      means: 'a newer bundle stands beside the one that the link points at: the link waits for one that lacks nothing',
      todo: 'Nothing: the manifest of the newer bundle names what it lacks.',
    },
  },
  places: async (context) => ['latest', ...(await bundleDays(context.lake.exportRoot))],
  async look(context, place, report) {
    const { exportRoot } = context.lake
    if (place !== 'latest') {
      const names = await namesIn(bundleFolder(exportRoot, place))
      for (const name of [MANIFEST, SUMS]) {
        if (!names.includes(name)) report('bundle-without-proof', join('nightly', place), name, 'none')
      }
      return 1
    }
    const days = await bundleDays(context.lake.exportRoot)
    const target = await linkTarget(latestLink(exportRoot))
    if (target === null) {
      if (days.length > 0) report('latest-missing', 'latest', 'a link', 'none')
      return 1
    }
    const pointed = days.find((asof) => resolve(exportRoot, target) === resolve(bundleFolder(exportRoot, asof)))
    const newest = days.at(-1)
    if (pointed === undefined) report('latest-dangling', 'latest', 'a bundle', target)
    else if (newest !== undefined && pointed < newest)
      report('latest-older', 'latest', relative(exportRoot, bundleFolder(exportRoot, newest)), target)
    return 1
  },
}

/** What stands in the place of the link is told as it is. */
async function linkTarget(link: string): Promise<string | null> {
  try {
    return (await lstat(link)).isSymbolicLink() ? await readlink(link) : 'a file or folder'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
