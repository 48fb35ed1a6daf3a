/** A path where there is a file. */
import { access } from 'node:fs/promises'

export const present = (path: string): Promise<string | null> =>
  access(path).then(
    () => path,
    () => null,
  )
