/** I13: outside the raw files nothing is left of processes that were killed, and what may grow has not outgrown its bound. */
import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { codeOf, namesIn } from '../../_lake/disk.ts'
import { spillFolder } from '../../_lake/duck.ts'
import {
  curatedFolder,
  ledgerFile,
  manifestRoot,
  pageCacheFolder,
  runningRoot,
  stagingFolder,
  stateFile,
} from '../../_lake/paths.ts'
import { isTemp } from '../../_lake/temp-names.ts'
import type { Check, VerifyContext } from '../check.ts'

type Kind = 'temp-file' | 'bundle-in-the-making' | 'spill-folder' | 'wal-too-large'

/** One in use is younger; a node at work may have any of them. */
const LITTER_AGE_MS = 3_600_000
/** Sixteen times what is copied into the database file at once. */
const MOST_WAL_BYTES = 256 * 1024 * 1024

export const check: Check<Kind, VerifyContext> = {
  id: 'temp-litter',
  about: 'files in the making, staging and spill folders, and the size of the write-ahead log',
  mode: 'fast',
  needsDb: false,
  kinds: {
    'temp-file': {
      invariant: 'I13',
      severity: 'warning',
      means: 'a file in the making that a killed process left',
      todo: 'The next start of the node removes it.',
    },
    'bundle-in-the-making': {
      invariant: 'I13',
      severity: 'warning',
      means: 'what a killed export left in its staging folder',
      todo: 'The next export removes it.',
    },
    'spill-folder': {
      invariant: 'I13',
      severity: 'warning',
      means: 'the folder into which a killed process spilled',
      todo: 'The next start of the node removes it.',
    },
    'wal-too-large': {
      invariant: 'I13',
      severity: 'warning',
      means: 'the write-ahead log of the database is far larger than it should get',
      todo: 'Restart the node: a clean stop folds it into the database.',
    },
  },
  places: async () => ['curated', 'exports', 'manifests', 'qc', 'running', 'state'],
  async look(context, place, report) {
    const { root, exportRoot } = context.lake
    switch (place) {
      case 'state':
        await lookAtState(context, report)
        return 3
      case 'exports': {
        const staging = dirname(stagingFolder(exportRoot, '2000-01-01'))
        for (const name of await namesIn(staging)) {
          if (await isLitter(context, join(staging, name)))
            report('bundle-in-the-making', join('.staging', name), 'nothing', 'a folder')
        }
        return 1
      }
      default: {
        const folder = FOLDERS[place]?.(root)
        return folder === undefined ? 0 : await lookForTemps(context, folder, report)
      }
    }
  },
}

const FOLDERS: Record<string, (root: string) => string> = {
  curated: (root) => dirname(curatedFolder(root, 'equities_bars')),
  manifests: manifestRoot,
  qc: (root) => dirname(ledgerFile(root)),
  running: runningRoot,
}

type ReportKind = (kind: Kind, where: string, expected: string, found: string) => void

async function lookAtState(context: VerifyContext, report: ReportKind): Promise<void> {
  const { root } = context.lake
  await lookForTemps(context, dirname(pageCacheFolder(root)), report)
  const wal = `${stateFile(root)}-wal`
  const bytes = await stat(wal).then(
    ({ size }) => size,
    () => 0,
  )
  if (bytes > MOST_WAL_BYTES)
    report('wal-too-large', relative(root, wal), `at most ${MOST_WAL_BYTES} bytes`, `${bytes}`)
  const spill = spillFolder(root)
  if (!context.isLive && (await namesIn(dirname(spill))).includes(basename(spill)))
    report('spill-folder', relative(root, spill), 'no folder', 'one')
}

async function lookForTemps(context: VerifyContext, folder: string, report: ReportKind): Promise<number> {
  let looked = 0
  const waiting = [folder]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await entriesOf(next)) {
      looked += 1
      const path = join(next, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      else if (isTemp(entry.name) && (await isLitter(context, path)))
        report('temp-file', relative(context.lake.root, path), 'no file in the making', 'one')
    }
  }
  return looked
}

/** By the clock of the file system alone nothing could be said of a node whose clock was set. */
async function isLitter({ isLive, now }: VerifyContext, path: string): Promise<boolean> {
  if (!isLive) return true
  try {
    return now() - (await lstat(path)).mtimeMs > LITTER_AGE_MS
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}
