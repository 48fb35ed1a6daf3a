import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withEnvFile } from '../../functions/_runtime/env-file.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'env-file-'))
  path = join(folder, '.env')
})
afterEach(() => rm(folder, { recursive: true }))

const given = async (text: string, env: Record<string, string> = {}, mode = 0o600) => {
  await writeFile(path, text, { mode })
  await chmod(path, mode)
  return await withEnvFile(env, path)
}

const refusal = (text: string): Promise<string> =>
  given(text).then(
    () => 'no refusal',
    (error: Error) => error.message,
  )

test('env file: one that is not there adds nothing', async () => {
  const env = { PORT: '8081' }
  expect(await withEnvFile(env, path)).toEqual({ env, warning: null })
  expect(await withEnvFile(env, undefined)).toEqual({ env, warning: null })
})

test('env file: comments, quotes, export and values with an equals sign are read as Node.js reads them', async () => {
  const text = "\uFEFFA=1 # one\n# B=2\n\n  export C = \"x y\"\nD=a=b\r\nE='two\nlines'\nF=it's\nG=#none\n"
  const { env } = await given(text)
  expect(env).toEqual({ A: '1', C: 'x y', D: 'a=b', E: 'two\nlines', F: "it's", G: '' })
})

test('env file: a variable of the environment wins, unless it is empty', async () => {
  const { env } = await given('A=file\nB=file\nC=file\n', { A: 'environment', B: '', D: 'environment' })
  expect(env).toEqual({ A: 'environment', B: 'file', C: 'file', D: 'environment' })
})

describe('env file: a broken line', () => {
  test.each([
    ['without an equals sign', 'A=1\nsecret-value-without-a-name\n', 2],
    ['whose name begins with a digit', '1A=secret-value\n', 1],
    ['with a space in its name', 'A=1\n\nMY KEY=secret-value\n', 3],
    ['without a name', '# keys\n=secret-value\n', 2],
    ['with a quote that never ends', 'A=1\nB="secret-value\nC=3\n', 2],
  ])('%s is refused with its number, and never shown', async (_, text, line) => {
    const message = await refusal(text)
    expect(message).toContain(`${path} line ${line} cannot be read`)
    expect(message).not.toContain('secret-value')
  })

  test('a file that cannot be read is refused in one sentence', async () => {
    await expect(withEnvFile({}, folder)).rejects.toThrow(
      /cannot be read \(EISDIR\): let the user of this node read it/,
    )
  })
})

describe('env file: the mode', () => {
  test.each([0o644, 0o640, 0o604, 0o660])(
    '%o is readable by others, and the warning says what to run',
    async (mode) => {
      const { warning } = await given('A=1\n', {}, mode)
      expect(warning).toMatchObject({ code: 'env_file_readable', todo: `run chmod 600 ${path} and restart the node` })
    },
  )

  test.each([0o600, 0o400])("%o is the owner's alone", async (mode) => {
    expect((await given('A=1\n', {}, mode)).warning).toBeNull()
  })

  test('is not looked at on a platform without modes', async () => {
    await writeFile(path, 'A=1\n', { mode: 0o644 })
    expect((await withEnvFile({}, path, 'win32')).warning).toBeNull()
  })
})
