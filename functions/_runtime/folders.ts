/** The folders a start needs: those it may write, and the one it was installed in. */
import { access, constants } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf, makeFolder, realDisk } from '../_lake/disk.ts'

/** The folder exists, or can be made, and can be written. */
export async function checkRoot(folder: string): Promise<void> {
  try {
    await makeFolder(realDisk, folder, new Set())
    // The final `/` makes a file in the folder's place an error too.
    await access(`${folder}/`, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Error(
      `${folder} cannot be used (${codeOf(error) ?? error}): give DATA_ROOT and EXPORT_ROOT folders this user may read and write`,
    )
  }
}

/** The folder of package.json: one up from the sources, two up when compiled. */
export async function packageRoot(): Promise<string> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const found = await access(join(folder, 'package.json')).then(
      () => true,
      () => false,
    )
    if (found) return folder
  }
  throw new Error('package.json was not found above the program: start it from an unchanged checkout')
}
