/** Mount points of this machine: those that fstab names and those that are mounted. */
import { readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface MountFiles {
  fstab: string
  mountinfo: string
}

const SYSTEM: MountFiles = { fstab: '/etc/fstab', mountinfo: '/proc/self/mountinfo' }

/**
 * The mount point of fstab on or below which a path lies although nothing is mounted there; null when there is none, and where the system keeps no
 * such files. Whoever writes there fills the disk underneath.
 */
export async function unmountedPoint(path: string, files: MountFiles = SYSTEM): Promise<string | null> {
  const planned = (await linesOf(files.fstab))
    .filter((line) => !line.trimStart().startsWith('#'))
    .map((line) => line.trim().split(/\s+/))
    .map(([, point = '']) => unescaped(point))
  const mounted = (await linesOf(files.mountinfo)).map((line) => unescaped(line.split(' ')[4] ?? ''))
  const real = await realPathOf(path)
  const holds = (point: string): boolean => point.startsWith('/') && isWithin(real, point)
  // What is mounted deeper than a planned point makes that point irrelevant.
  const deepest = Math.max(0, ...mounted.filter(holds).map((point) => point.length))
  return planned.filter(holds).find((point) => trimmed(point).length > deepest) ?? null
}

/** The path without links, as far as it exists. */
export async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return dirname(path) === path ? path : join(await realPathOf(dirname(path)), basename(path))
  }
}

const isWithin = (path: string, point: string): boolean =>
  trimmed(point) === '' || path === trimmed(point) || path.startsWith(`${trimmed(point)}/`)

const trimmed = (point: string): string => point.replace(/\/+$/, '')

/** Both files write a space as \040. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

const linesOf = (path: string): Promise<string[]> =>
  readFile(path, 'utf8').then(
    (text) => text.split('\n').filter((line) => line.trim() !== ''),
    () => [],
  )
