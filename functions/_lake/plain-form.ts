/** Writes a compressed file of lines as a plain one again, as far as it can be read: a damaged one is then repaired as any other. */
import { open, rm } from 'node:fs/promises'
import { adoptTemp } from './atomic.ts'
import { checksumOf } from './line-checksum.ts'
import { lineFileAt, linesOf } from './line-files.ts'
import { tempBeside } from './temp-names.ts'

/**
 * False where the file is not compressed. Of one in which nothing can be read there is no plain form. The compressed one stays where it is and counts as long as it stands for more: whoever is killed here begins anew.
 * Lines of before there were checksums are taken from whole members only.
 */
export async function writePlainForm(path: string): Promise<boolean> {
  const file = await lineFileAt(path)
  if (file?.form !== 'compressed') return false
  const temp = tempBeside(path)
  const handle = await open(temp, 'w')
  let lines = 0
  try {
    for await (const { bytes, damage } of linesOf(file, 0)) {
      if (bytes === null || checksumOf(bytes) === 'wrong') continue
      if (damage !== undefined && checksumOf(bytes) === 'none') continue
      await handle.writeFile(`${bytes.toString('utf8')}\n`)
      lines += 1
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (lines > 0) await adoptTemp(temp, path)
  else await rm(temp)
  return true
}
