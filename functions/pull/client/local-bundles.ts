/** The bundles in DIR: what they hold, how a new one takes its place, and which ones leave. Nothing visible is ever half a bundle. */
import {
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sizeOf } from './blobs.ts'
import { codeOfFault } from './folder-lock.ts'
import { EXIT, PullError } from './options.ts'
import { type BundleProof, hashOf, isDay, MANIFEST_NAME, readSumLines, SUMS_NAME } from './proof.ts'

const nightly = (dir: string): string => join(dir, 'nightly')
const stagingOf = (dir: string, asof: string): string => join(dir, '.pull', 'staging', asof)
const replacedOf = (dir: string, asof: string): string => join(dir, '.pull', 'replaced', asof)

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** Puts right what a killed run left: a bundle that was set aside comes back unless its successor arrived. */
export async function healFolder(dir: string): Promise<void> {
  await mkdir(nightly(dir), { recursive: true })
  for (const asof of await readdir(join(dir, '.pull', 'replaced')).catch(() => [])) {
    const place = join(nightly(dir), asof)
    if (isDay(asof) && !(await exists(place))) await rename(replacedOf(dir, asof), place)
  }
  for (const name of ['replaced', 'staging', 'removed'])
    await rm(join(dir, '.pull', name), { recursive: true, force: true })
}

/** As-of days of the bundles in DIR, ascending. */
export const localDays = async (dir: string): Promise<string[]> => (await readdir(nightly(dir))).filter(isDay).sort()

/** Whether DIR has this bundle already, by its sums and the sizes of its files. */
export async function hasBundle(dir: string, asof: string, digest: string): Promise<BundleProof | null> {
  const folder = join(nightly(dir), asof)
  try {
    const sums = await readFile(join(folder, SUMS_NAME))
    if (hashOf(sums) !== digest) return null
    const manifest = await readFile(join(folder, MANIFEST_NAME))
    const { files } = JSON.parse(manifest.toString('utf8')) as {
      files: { path: string; bytes: number; sha256: string; rows?: number }[]
    }
    for (const { path, bytes } of files) if ((await sizeOf(join(folder, path))) !== bytes) return null
    const rows = files.reduce((sum, file) => (file.path.startsWith('curated/') ? sum + (file.rows ?? 0) : sum), 0)
    return { asof, digest, sums, manifest, files, rows }
  } catch {
    return null
  }
}

/** Paths of the files that the bundles in DIR list, by sha256; those of the newest bundle win. Their bytes are not looked at. */
export async function localFiles(dir: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const asof of await localDays(dir)) {
    const folder = join(nightly(dir), asof)
    try {
      for (const [path, hash] of readSumLines(await readFile(join(folder, SUMS_NAME), 'utf8')))
        found.set(hash, join(folder, path))
    } catch {
      // A folder without readable sums has nothing that could be known by its hash.
    }
  }
  return found
}

/** Builds the bundle's tree of links beside the finished ones, with everything on the disk. `sourceOf`: where the content of a hash lies. */
export async function stageBundle(
  dir: string,
  proof: BundleProof,
  sourceOf: (sha256: string) => string,
): Promise<void> {
  const staging = stagingOf(dir, proof.asof)
  await rm(staging, { recursive: true, force: true })
  const folders = new Set<string>([staging, dirname(staging)])
  await mkdir(staging, { recursive: true })
  for (const { path } of proof.files)
    for (let folder = dirname(join(staging, path)); !folders.has(folder); folder = dirname(folder)) folders.add(folder)
  await eachInParallel([...folders], (folder) => mkdir(folder, { recursive: true }))
  await eachInParallel(proof.files, ({ path, sha256 }) => linkOrCopyFile(sourceOf(sha256), join(staging, path)))
  for (const [name, bytes] of [
    [MANIFEST_NAME, proof.manifest],
    [SUMS_NAME, proof.sums],
  ] as const) {
    await writeFile(join(staging, name), bytes, { mode: 0o444 })
    await syncEntry(join(staging, name))
  }
  await eachInParallel([...folders], syncEntry)
}

/** Disks and their journals take several at once faster than one after the other. */
const AT_ONCE = 16

async function eachInParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(work))
}

/** Bundles share what they have in common: so their files are read-only. */
async function linkOrCopyFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOfFault(error) ?? '')) throw error
    await copyFile(from, to)
    await syncEntry(to)
  }
}

async function syncEntry(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The staged bundle takes its name; an earlier one of the day gives way to it. */
export async function placeStaged(dir: string, asof: string): Promise<void> {
  const place = join(nightly(dir), asof)
  if (await exists(place)) {
    await mkdir(dirname(replacedOf(dir, asof)), { recursive: true })
    await rename(place, replacedOf(dir, asof))
  }
  await rename(stagingOf(dir, asof), place)
  await syncEntry(nightly(dir))
  await rm(replacedOf(dir, asof), { recursive: true, force: true })
}

/** Points DIR/latest at the bundle, in one step. It never goes back to an earlier day. Returns where it points. */
export async function pointLocalLatest(dir: string, asof: string): Promise<string> {
  const path = join(dir, 'latest')
  const before = await readlink(path).catch((error: unknown) => {
    if (codeOfFault(error) === 'ENOENT') return ''
    throw new PullError(EXIT.failed, `expected a symbolic link or nothing at ${path}: move away what is there`)
  })
  const [, pointed = ''] = /^nightly\/(\d{4}-\d{2}-\d{2})$/.exec(before) ?? []
  if (pointed === asof || (pointed > asof && (await exists(join(nightly(dir), pointed))))) return pointed
  const temp = join(dir, '.pull', 'latest')
  await rm(temp, { force: true })
  await symlink(join('nightly', asof), temp)
  await rename(temp, path)
  await syncEntry(dir)
  return asof
}

/** Removes all but the newest `keep` bundles; never what `latest` points at. Returns the days that left. */
export async function removeOlder(dir: string, keep: number, latest: string): Promise<string[]> {
  const days = await localDays(dir)
  const leaving = days.slice(0, Math.max(0, days.length - keep)).filter((asof) => asof !== latest)
  const removed = join(dir, '.pull', 'removed')
  await mkdir(removed, { recursive: true })
  for (const asof of leaving) {
    await rename(join(nightly(dir), asof), join(removed, asof))
    await rm(join(removed, asof), { recursive: true, force: true })
  }
  return leaving
}
