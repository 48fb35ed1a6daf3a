import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../../functions/_lake/digest.ts'
import { latestLink } from '../../../functions/_lake/paths.ts'
import { readParts } from '../../../functions/pull/client/proof.ts'
import { type ExportsServer, exportsServer, README } from '../../exports/small-bundle.ts'
import { type PullFolder, pullFolder, type Wire, wireTo } from './pulling.ts'

const D1 = '2024-07-02'
const D2 = '2024-07-03'
const LEDGER = 'qc/partition_status.parquet'

let server: ExportsServer
let folder: PullFolder
let wire: Wire | undefined
beforeEach(async () => {
  server = await exportsServer()
  folder = await pullFolder()
  wire = undefined
})
afterEach(async () => {
  await wire?.close()
  await server.close()
  await folder.remove()
})

const part = (letter: string): string => letter.repeat(200_000)

/** A ledger as the node lists it: its head and its end are in no part. */
async function offer(asof: string, letters: string, lists = true): Promise<string> {
  const content = `PAR1${[...letters].map(part).join('')}footer of ${letters}`
  const parts = [...letters].map((letter, at) => ({
    offset: 4 + at * 200_000,
    bytes: 200_000,
    sha256: sha256(part(letter)),
  }))
  const entry = { path: LEDGER, bytes: content.length, sha256: sha256(content), ...(lists ? { parts } : {}) }
  const readme = { path: README, bytes: asof.length, sha256: sha256(asof) }
  await server.bundle(asof, { [README]: asof, [LEDGER]: content }, { files: [readme, entry] })
  await rm(latestLink(server.exportRoot), { force: true })
  await symlink(`nightly/${asof}`, latestLink(server.exportRoot))
  return content
}
const ledger = (asof: string) => folder.read(`nightly/${asof}/${LEDGER}`)

test('pull: of a ledger only the changed part and the ends travel, and the file is the one that the bundle lists', async () => {
  await offer(D1, 'abcd')
  await folder.pull(server.address)
  const content = await offer(D2, 'abxd')
  const { fetched } = await folder.pull(server.address)
  expect(fetched.bytes).toBe(D2.length + 4 + 200_000 + 'footer of abxd'.length)
  expect(await ledger(D2)).toBe(content)
  expect(await readdir(join(folder.dir, '.pull', 'partial'))).toEqual([])
})

test('pull: parts that moved, came or went are found by their hash', async () => {
  await offer(D1, 'abcd')
  await folder.pull(server.address)
  const content = await offer(D2, 'xdyba')
  expect((await folder.pull(server.address)).fetched.bytes).toBeLessThan(2 * 200_000 + 100)
  expect(await ledger(D2)).toBe(content)
})

test('pull: a damaged part of the earlier ledger is fetched, and so is one that is gone', async () => {
  await offer(D1, 'abcd')
  await folder.pull(server.address)
  const path = join(folder.dir, 'nightly', D1, LEDGER)
  await chmod(path, 0o644)
  const damaged = await readFile(path)
  damaged[4 + 150_000]! ^= 1
  await writeFile(path, damaged.subarray(0, 700_000))
  const content = await offer(D2, 'abcx')
  const { fetched } = await folder.pull(server.address)
  expect(fetched.bytes).toBe(D2.length + 4 + 2 * 200_000 + 'footer of abcx'.length)
  expect(await ledger(D2)).toBe(content)
})

test('pull: a list of parts that is wrong costs bytes and nothing else', async () => {
  await offer(D1, 'abcd')
  await folder.pull(server.address)
  // The parts of the earlier ledger are said to stand in another order.
  const content = `PAR1${['d', 'c', 'b', 'a'].map(part).join('')}end`
  const parts = ['a', 'b', 'c', 'd'].map((letter, at) => ({
    offset: 4 + at * 200_000,
    bytes: 200_000,
    sha256: sha256(part(letter)),
  }))
  const files = [{ path: LEDGER, bytes: content.length, sha256: sha256(content), parts }]
  await server.bundle(D2, { [LEDGER]: content }, { files })
  await rm(latestLink(server.exportRoot))
  await symlink(`nightly/${D2}`, latestLink(server.exportRoot))
  await folder.pull(server.address)
  expect(await ledger(D2)).toBe(content)
})

test('pull: a ledger goes on where a cut or a kill left it, in the middle of a part that is here', async () => {
  await offer(D1, 'abcdefgh')
  await folder.pull(server.address)
  const content = await offer(D2, 'abxdyfgh')
  const partial = join(folder.dir, '.pull', 'partial')
  for (const begun of [0, 3, 100_000, 200_004, 450_000, 650_001, content.length - 3]) {
    await rm(join(folder.dir, 'nightly', D2), { recursive: true, force: true })
    await mkdir(partial, { recursive: true })
    await writeFile(join(partial, sha256(content)), content.slice(0, begun))
    await folder.pull(server.address)
    expect(await ledger(D2)).toBe(content)
  }
  await rm(join(folder.dir, 'nightly', D2), { recursive: true })
  wire = await wireTo(server.address)
  let left = 6
  wire.cutAfter(() => (left-- > 0 ? 90_000 : Number.POSITIVE_INFINITY))
  const { fetched } = await folder.pull(wire.address)
  expect(await ledger(D2)).toBe(content)
  expect(wire.cuts()).toBeGreaterThan(2)
  expect(fetched.bytes).toBe(D2.length + 4 + 2 * 200_000 + 'footer of abxdyfgh'.length)
})

test('pull: a node that lists no parts is asked for the whole file', async () => {
  await offer(D1, 'abcd')
  await folder.pull(server.address)
  const content = await offer(D2, 'abxd', false)
  expect((await folder.pull(server.address)).fetched.bytes).toBe(D2.length + content.length)
  expect(await ledger(D2)).toBe(content)
})

test('pull: a list of parts that overlap, leave the file or are no numbers is none', () => {
  const hash = sha256('')
  expect(readParts([{ offset: 0, bytes: 4, sha256: hash }], 4)).toHaveLength(1)
  for (const wrong of [
    null,
    'parts',
    [null],
    [{ offset: 0, bytes: 5, sha256: hash }],
    [{ offset: -1, bytes: 2, sha256: hash }],
    [{ offset: 0, bytes: 2, sha256: '../x' }],
    [
      { offset: 0, bytes: 2, sha256: hash },
      { offset: 1, bytes: 2, sha256: hash },
    ],
  ])
    expect(readParts(wrong, 4)).toEqual([])
})
