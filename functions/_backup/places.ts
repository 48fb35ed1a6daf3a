/** What a backup copies, in places: a month of one vendor's raw files, one vendor's manifests, the ledger, the configuration. */
import { readdir } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { codeOf, namesIn } from '../_lake/disk.ts'
import { manifestRoot, rawRoot } from '../_lake/paths.ts'
import { isTemp } from '../_lake/temp-names.ts'

export interface SourceFile {
  /** In the backup, below the root. */
  path: string
  file: string
}

export interface Place {
  name: string
  files(): Promise<SourceFile[]>
}

/** Files of the configuration that the node reads. A file of secrets is never one of them. */
export function configPlace(files: readonly string[]): Place {
  return {
    name: 'config',
    files: async () =>
      files
        .filter((file) => !basename(file).startsWith('.env'))
        .map((file) => ({ path: `config/${basename(file)}`, file })),
  }
}

/** The identity of the volume, and the ledger. */
export const rootPlace = (root: string): Place => ({
  name: 'root',
  files: async () => [{ path: '.volume-id', file: join(root, '.volume-id') }],
})

export const ledgerPlace = (root: string): Place => ({ name: 'qc', files: () => filesBelow(root, join(root, 'qc')) })

/** One vendor's dataset. */
export interface Feed {
  vendor: string
  dataset: string
}

/** Those that have manifests or raw files. */
export async function feedsOf(root: string): Promise<Feed[]> {
  const feeds = new Map<string, Feed>()
  for (const folder of [rawRoot(root), manifestRoot(root)]) {
    for (const vendor of await namesIn(folder)) {
      for (const dataset of await namesIn(join(folder, vendor))) feeds.set(`${vendor}/${dataset}`, { vendor, dataset })
    }
  }
  return [...feeds.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

const nameOf = ({ vendor, dataset }: Feed): string => `${vendor}/${dataset}`

/** Without what is being compressed: it stands for nothing until it is whole. */
export const manifestPlace = (root: string, feed: Feed): Place => ({
  name: `manifests/${nameOf(feed)}`,
  files: async () => {
    const files = await filesBelow(root, join(manifestRoot(root), feed.vendor, feed.dataset))
    return files.filter(({ file }) => !file.endsWith('.partial'))
  },
})

/** Raw files by month; what carries no month in its name lies in one place of its own. */
export async function rawPlaces(root: string, feed: Feed): Promise<Place[]> {
  const folder = join(rawRoot(root), feed.vendor, feed.dataset)
  const months = new Map<string, string[]>()
  for (const name of (await namesIn(folder)).sort()) {
    const place = rawPlaceName(root, join(folder, name))
    months.set(place, [...(months.get(place) ?? []), join(folder, name)])
  }
  return [...months].map(([name, paths]) => ({
    name,
    files: async () => {
      const found: SourceFile[] = []
      for (const path of paths) found.push(...(await filesBelow(root, path)))
      return found
    },
  }))
}

/** The place of a raw file or folder: `raw/<vendor>/<dataset>/<month>`. */
export function rawPlaceName(root: string, path: string): string {
  const [vendor = '', dataset = '', first = ''] = relative(rawRoot(root), path).split(sep)
  const month = /\d{4}-\d{2}/.exec(first)?.[0] ?? 'others'
  return `raw/${vendor}/${dataset}/${month}`
}

/** All files of a folder, or the file itself, without those in the making. None where there is nothing. */
async function filesBelow(root: string, path: string): Promise<SourceFile[]> {
  const found: SourceFile[] = []
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    if (codeOf(error) === 'ENOTDIR') return null
    throw error
  })
  if (entries === null) return isTemp(basename(path)) ? [] : [{ path: relative(root, path), file: path }]
  for (const entry of entries) {
    if (!entry.isFile() || isTemp(entry.name)) continue
    const file = join(entry.parentPath, entry.name)
    found.push({ path: relative(root, file), file })
  }
  return found
}
