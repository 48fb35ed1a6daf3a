import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { joinModules } from '../../functions/pull/join-modules.ts'
import { compiledClient } from './compiled-client.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modules-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const write = async (files: Record<string, string>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

test('join modules: each module stands once, after those it imports, and runs alone', async () => {
  await write({
    'main.js':
      "import { two } from './two.js'\nimport { one } from './one.js'\nimport { join } from 'node:path'\nexport const sum = join(String(one + two), 'a')\nglobalThis.joined = sum\n",
    'two.js':
      "import { one } from './one.js';\nimport { join, basename } from 'node:path';\nexport const two = one + Number(basename(join('a', '1')));\n//# sourceMappingURL=two.js.map\n",
    'one.js': 'export const one = 1\nexport {}\n',
  })
  const text = await joinModules(folder)
  expect(text.match(/const one = 1/g)).toHaveLength(1)
  expect(text).not.toContain('./one')
  const path = join(folder, 'joined.mjs')
  await writeFile(path, text)
  await import(path)
  expect((globalThis as unknown as { joined: string }).joined).toBe('3/a')
})

test.each([
  "import fs from 'node:fs'",
  "import * as fs from 'node:fs'",
  "import 'node:fs'",
  'export default 1',
  "export { a } from './a.js'",
])('join modules: %s, which it cannot join, is refused', async (line) => {
  await write({ 'main.js': `${line}\n`, 'a.js': 'export const a = 1\n' })
  await expect(joinModules(folder)).rejects.toThrow('cannot be joined')
})

test('join modules: the pull client imports nothing but Node.js', async () => {
  const client = await compiledClient()
  try {
    const text = await readFile(client.path, 'utf8')
    const imports = [...text.matchAll(/\bfrom '([^']+)'/g)].map(([, name]) => name)
    expect(imports.length).toBeGreaterThan(3)
    expect(imports.filter((name) => !name?.startsWith('node:'))).toEqual([])
    expect(text).not.toMatch(/\bimport\(/)
  } finally {
    await client.remove()
  }
})
