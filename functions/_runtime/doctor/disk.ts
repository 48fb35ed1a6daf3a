/** The folders as the doctor looks at them: which disk, whose, how much room, how fast. */
import { open, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '../../_lake/disk.ts'
import { findVolume, type VolumeTerms } from '../data-volume.ts'
import { ENV_FILE } from '../env-file.ts'
import { freshToken } from '../random.ts'
import { type Finding, fault, refusal, warning, well } from './finding.ts'

/** Free room in bytes and in all, of the disk that a folder is on. */
export type Measure = (folder: string) => Promise<{ bavail: number; bsize: number; blocks: number }>

const GIGABYTE = 1e9
const LEAST_FREE = 0.03
const LITTLE_FREE = 0.1
const TRIAL_BYTES = 8 * 1024 * 1024
/** An SD card writes that slowly, an SSD ten times as fast. */
const SLOW_BYTES_PER_SECOND = 30e6

/** The folder, or the nearest one above it that is there. */
async function existing(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  )
  return isThere || dirname(folder) === folder ? folder : await existing(dirname(folder))
}

export async function volume(terms: VolumeTerms): Promise<Finding> {
  try {
    const { id } = await findVolume(terms)
    return well('data volume', id === null ? `${terms.dataRoot} is new` : `${terms.dataRoot} is volume ${id}`)
  } catch (error) {
    return refusal('data volume', error)
  }
}

export async function room(folders: readonly string[], measure: Measure): Promise<Finding[]> {
  return await Promise.all(
    folders.map(async (folder) => {
      const { bavail, bsize, blocks } = await measure(await existing(folder))
      const share = bavail / Math.max(1, blocks)
      const what = `${((bavail * bsize) / GIGABYTE).toFixed(1)} GB free at ${folder} (${Math.floor(share * 100)} %)`
      const todo = 'free some room, or move the folder to a larger disk (DATA_ROOT, EXPORT_ROOT)'
      if (share < LEAST_FREE) return fault('disk room', `the disk is full: ${what}`, todo)
      return share < LITTLE_FREE ? warning('disk room', what, todo) : well('disk room', what)
    }),
  )
}

/** Writes eight megabytes and removes them. Only where no node works: it would share the disk. */
export async function speed(root: string, elapsed: () => number): Promise<Finding[]> {
  const folder = await existing(root)
  const file = join(folder, `.doctor-${freshToken()}`)
  try {
    const begun = elapsed()
    const handle = await open(file, 'wx')
    try {
      await handle.writeFile(Buffer.alloc(TRIAL_BYTES, 1))
      await handle.sync()
    } finally {
      await handle.close()
    }
    const pace = TRIAL_BYTES / Math.max(0.001, (elapsed() - begun) / 1000)
    const what = `writes about ${Math.round(pace / 1e6)} MB a second`
    return [
      pace < SLOW_BYTES_PER_SECOND
        ? warning('disk speed', what, 'use an SSD: an SD card is too slow and wears out')
        : well('disk speed', what),
    ]
  } catch (error) {
    return [
      fault(
        'disk write',
        `${folder} cannot be written (${codeOf(error) ?? error})`,
        `let the user of the node write there: chown -R data-node ${root}`,
      ),
    ]
  } finally {
    await rm(file, { force: true })
  }
}

/** Who owns the folders, and who may read the keys. `user` is the number of this user; null where there are none. */
export async function permissions(
  folders: readonly string[],
  envFile: string,
  user: number | null,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const folder of folders) {
    const found = await stat(folder).catch(() => null)
    if (found === null || user === null || found.uid === user) continue
    const todo = `run the node as that user, or run sudo chown -R <user of the node> ${folder}`
    findings.push(warning('owner', `${folder} belongs to user ${found.uid}, this is user ${user}`, todo))
  }
  const mode = (await stat(envFile).catch(() => null))?.mode
  if (mode !== undefined && (mode & 0o077) !== 0 && process.platform !== 'win32')
    findings.push(warning('keys', `others on this machine may use ${envFile}`, `run chmod 600 ${envFile}`))
  return findings.length === 0 ? [well('permissions', `folders and ${ENV_FILE}`)] : findings
}
