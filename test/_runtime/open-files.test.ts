import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkOpenFiles, openFileLimit } from '../../functions/_runtime/open-files.ts'
import { tempFolder } from '../db/temp-db.ts'

const limitsOf = (soft: string): string => `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            ${soft.padEnd(20)} 1048576              files
Max locked memory         67108864             67108864             bytes
`

async function checked(soft: string): Promise<{ refusal: string | null; told: string[] }> {
  const file = join(await tempFolder(), 'limits')
  await writeFile(file, limitsOf(soft))
  const told: string[] = []
  const refusal = await checkOpenFiles((event) => told.push(event), file).then(
    () => null,
    (error: Error) => error.message,
  )
  return { refusal, told }
}

test('open files: too few open files end the start in a sentence that says what to raise', async () => {
  const { refusal } = await checked('128')
  expect(refusal).toMatch(/may have 128 files open, and needs \d+: raise the limit \(ulimit -n, or LimitNOFILE=/)
})

test('open files: few open files are told, and enough are not', async () => {
  expect(await checked('512')).toEqual({ refusal: null, told: ['start.few_open_files'] })
  expect(await checked('1024')).toEqual({ refusal: null, told: [] })
  expect(await checked('unlimited')).toEqual({ refusal: null, told: [] })
})

test('open files: a system that does not tell its limits is not asked', async () => {
  expect(openFileLimit('')).toBe(Number.POSITIVE_INFINITY)
  await checkOpenFiles(() => expect.fail('expected no word'), '/nowhere/limits')
})
