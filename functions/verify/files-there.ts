/** Which of some files are there. */
import { stat } from 'node:fs/promises'
import { codeOf, eachBounded } from '../_lake/disk.ts'

const AT_ONCE = 8

/** In the order given. A path that goes through a file is not there either. */
export async function thoseThere(files: readonly string[]): Promise<string[]> {
  const there = new Set<string>()
  await eachBounded(files, AT_ONCE, async (file) => {
    if ((await sizeOf(file)) !== null) there.add(file)
  })
  return files.filter((file) => there.has(file))
}

/** Bytes of a file; null where there is none. */
export async function sizeOf(file: string): Promise<number | null> {
  try {
    const found = await stat(file)
    return found.isFile() ? found.size : null
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}
