/** The folder that `--root` names, made where it is missing. */
import { access, constants, stat } from 'node:fs/promises'
import { codeOf, makeFolder, realDisk } from '../../functions/_lake/disk.ts'
import { OptionError } from './arguments.ts'

/** Throws an OptionError for a folder that this user cannot write. */
export async function makeRoot(root: string): Promise<void> {
  try {
    await makeFolder(realDisk, root, new Set())
    await access(root, constants.W_OK)
    if (!(await stat(root)).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
  } catch (error) {
    throw new OptionError(
      `--root ${root} cannot be used (${codeOf(error) ?? error}): give a folder this user may write`,
    )
  }
}
