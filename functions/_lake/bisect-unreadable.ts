/** Reads many files at once and tells which of them cannot be read: such a file is named, not fatal. */
import type { Duck } from './duck.ts'
import { type Footer, isOfAFile, readFooters } from './footers.ts'

/**
 * Runs a query over files; when it fails, over halves of them, until the files that cannot be read are alone: for each of those `refuse` gets the
 * file and the reason. Throws what is a fault of the machine and not of a file.
 */
export async function perReadable(
  files: readonly string[],
  query: (files: readonly string[]) => Promise<void>,
  refuse: (file: string, reason: string) => void,
): Promise<void> {
  if (files.length === 0) return
  try {
    await query(files)
  } catch (error) {
    if (!isOfAFile(error)) throw error
    if (files.length === 1) {
      refuse(files[0] as string, reasonOf(error))
      return
    }
    const half = files.length >> 1
    await perReadable(files.slice(0, half), query, refuse)
    await perReadable(files.slice(half), query, refuse)
  }
}

/** The footers of files by path; `refuse` hears of those that have none. */
export async function readableFooters(
  duck: Duck,
  files: readonly string[],
  refuse: (file: string, reason: string) => void,
): Promise<Map<string, Footer>> {
  const footers = new Map<string, Footer>()
  await perReadable(
    files,
    async (part) => {
      for (const [file, footer] of await readFooters(duck, part)) footers.set(file, footer)
    },
    refuse,
  )
  return footers
}

/** The first line, without the path that the report has anyway. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .split('\n')[0]
    ?.replace(/["']?\/\S+["']?/g, 'the file')
    .slice(0, 200) ?? ''
