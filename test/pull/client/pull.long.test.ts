import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../../functions/_lake/digest.ts'
import { bundleFolder, latestLink } from '../../../functions/_lake/paths.ts'
import { BARS, type ExportsServer, exportsServer, type Files, README } from '../../exports/small-bundle.ts'
import { type PullFolder, pullFolder, type Wire, wireTo } from './pulling.ts'

const D1 = '2024-07-02'
const D2 = '2024-07-03'
const NEWEST = '2024-07-05'
const MINUTES = 'curated/equities_bars_minute/date=2024-07-02/data.parquet'
const LEDGER = 'qc/partition_status.parquet'
const FILES: Files = { [README]: 'one', [BARS]: 'bars of 2024', [MINUTES]: 'minutes', [LEDGER]: 'ledger' }
const READ = 'read-token-0123456789'

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

async function offer(asof: string, files: Files, more?: Record<string, unknown>): Promise<string> {
  const digest = await server.bundle(asof, files, more)
  await rm(latestLink(server.exportRoot), { force: true })
  await symlink(`nightly/${asof}`, latestLink(server.exportRoot))
  return digest
}

test('pull: the first one brings every file, verified, and points latest at the bundle', async () => {
  const digest = await offer(D1, FILES)
  const result = await folder.pull(server.address)
  expect(result).toMatchObject({
    asof: D1,
    digest,
    isUpToDate: false,
    files: 6,
    rows: 2,
    fetched: { files: 4, bytes: 3 + 12 + 7 + 6 },
    reused: 0,
    latest: D1,
  })
  for (const [path, content] of Object.entries(FILES)) expect(await folder.read(`nightly/${D1}/${path}`)).toBe(content)
  expect(sha256(await folder.read(`nightly/${D1}/SHA256SUMS`))).toBe(digest)
  expect(await readlink(join(folder.dir, 'latest'))).toBe(`nightly/${D1}`)
  expect((await stat(join(folder.dir, 'latest', BARS))).mode & 0o222).toBe(0)
  expect(await readdir(join(folder.dir, '.pull', 'blobs'))).toEqual([])
})

test('pull: the node is told what came, and a node that takes no note loses nothing', async () => {
  const digest = await offer(D1, FILES)
  const result = await folder.pullWith({ puller: 'box-1' }, server.address)
  const { files, rows, bytes } = result
  expect(result.isAcknowledged).toBe(true)
  expect(await server.lastAck()).toMatchObject({ asof: D1, puller: 'box-1', digest, files, rows, bytes, missed: 0 })
  const node = await hostileNode(['a'])
  try {
    const other = await pullFolder()
    expect(await other.pull(node.address)).toMatchObject({ isAcknowledged: false })
    expect(other.notes.join('')).toContain('took no note')
    expect(await other.read('latest/a')).toBe('evil')
    await other.remove()
  } finally {
    await node.close()
  }
})

test('pull: a second one fetches only what changed and links the rest', async () => {
  await offer(D1, FILES)
  await folder.pull(server.address)
  await offer(D2, { ...FILES, [README]: 'two', [BARS]: 'bars changed' })
  const result = await folder.pull(server.address)
  expect(result).toMatchObject({ asof: D2, fetched: { files: 2, bytes: 3 + 12 }, reused: 2 })
  const inode = async (asof: string, path: string) => (await stat(join(folder.dir, 'nightly', asof, path))).ino
  expect(await inode(D2, MINUTES)).toBe(await inode(D1, MINUTES))
  expect(await folder.read(`nightly/${D1}/${BARS}`)).toBe('bars of 2024')
  expect(await folder.pull(server.address)).toMatchObject({ isUpToDate: true, fetched: { files: 0, bytes: 0 } })
})

test('pull: content that two paths share is fetched once', async () => {
  await offer(D1, { ...FILES, [MINUTES]: 'bars of 2024' })
  expect(await folder.pull(server.address)).toMatchObject({ fetched: { files: 3 } })
  expect(await folder.read(`nightly/${D1}/${MINUTES}`)).toBe('bars of 2024')
})

test('pull: a file of an earlier bundle that was damaged since is fetched again', async () => {
  await offer(D1, FILES)
  await folder.pull(server.address)
  const damaged = join(folder.dir, 'nightly', D1, MINUTES)
  await chmod(damaged, 0o644)
  await writeFile(damaged, 'MINUTES')
  await offer(D2, { ...FILES, [README]: 'two' })
  expect(await folder.pull(server.address)).toMatchObject({ fetched: { files: 2 } })
  expect(await folder.read(`nightly/${D2}/${MINUTES}`)).toBe('minutes')
})

test('pull: a bundle whose local folder lost a file is brought again', async () => {
  await offer(D1, FILES)
  await folder.pull(server.address)
  await rm(join(folder.dir, 'nightly', D1, MINUTES))
  expect(await folder.pull(server.address)).toMatchObject({ isUpToDate: false, fetched: { files: 1 }, reused: 3 })
  expect(await folder.read(`latest/${MINUTES}`)).toBe('minutes')
})

test('pull: connections that are cut again and again cost no byte twice', async () => {
  const large = Buffer.from(Array.from({ length: 4_000_000 }, (_, at) => (at * 7919) % 251))
  await offer(D1, { ...FILES, [BARS]: large })
  wire = await wireTo(server.address)
  let next = 20_000
  wire.cutAfter(() => {
    next = (next * 48271) % 2147483647
    return 2_000 + (next % 300_000)
  })
  const result = await folder.pull(wire.address, '--parallel', '2')
  expect(wire.cuts()).toBeGreaterThan(10)
  expect(result.fetched.bytes).toBe(large.length + 3 + 7 + 6)
  expect(sha256(await readFile(join(folder.dir, 'latest', BARS)))).toBe(sha256(large))
})

test('pull: a node that cannot be reached is asked a bounded number of times, and what has come stays', async () => {
  const large = Buffer.alloc(3_000_000, 'x')
  await offer(D1, { ...FILES, [BARS]: large })
  wire = await wireTo(server.address)
  let connections = 0
  wire.cutAfter(() => (connections++ === 0 ? 1_000_000 : 0))
  await expect(folder.pull(wire.address, '--parallel', '1')).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('8 times'),
  })
  expect(connections).toBeLessThan(12)
  const [partial = ''] = await readdir(join(folder.dir, '.pull', 'partial'))
  const { size } = await stat(join(folder.dir, '.pull', 'partial', partial))
  expect(size).toBeGreaterThan(900_000)
  wire.cutAfter(null)
  const result = await folder.pull(wire.address)
  expect(result.fetched.bytes).toBe(large.length - size + 3 + 7 + 6)
})

test('pull: a partial file with wrong bytes is thrown away and fetched whole', async () => {
  await offer(D1, FILES)
  await mkdir(join(folder.dir, '.pull', 'partial'), { recursive: true })
  await writeFile(join(folder.dir, '.pull', 'partial', sha256('bars of 2024')), 'BARS')
  await writeFile(join(folder.dir, '.pull', 'partial', sha256('minutes')), 'far longer than it can be')
  await mkdir(join(folder.dir, '.pull', 'blobs'))
  await writeFile(join(folder.dir, '.pull', 'blobs', sha256('ledger')), 'damage')
  await folder.pull(server.address)
  for (const [path, content] of Object.entries(FILES)) expect(await folder.read(`latest/${path}`)).toBe(content)
})

test('pull: bytes whose hash is not the listed one are never placed', async () => {
  await offer(D1, FILES)
  await writeFile(join(bundleFolder(server.exportRoot, D1), BARS), 'BARS OF 2024')
  await expect(folder.pull(server.address)).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining(BARS),
  })
  expect(await readdir(join(folder.dir, 'nightly'))).toEqual([])
  expect(await readdir(folder.dir)).not.toContain('latest')
  expect(await readdir(join(folder.dir, '.pull'))).not.toContain('lock.json')
})

test('pull: only a complete bundle is taken where that is asked for', async () => {
  await offer(D1, FILES, { complete: false })
  await expect(folder.pull(server.address, '--complete')).rejects.toMatchObject({ exitCode: 4 })
  expect(await folder.pull(server.address)).toMatchObject({ complete: false })
  await offer(D1, { ...FILES, [README]: 'complete' })
  expect(await folder.pull(server.address, '--complete')).toMatchObject({ complete: true, fetched: { files: 1 } })
  expect(await folder.read(`latest/${README}`)).toBe('complete')
})

test('pull: a node without a bundle says so, and waiting for one ends when it comes', async () => {
  await expect(folder.pull(server.address)).rejects.toMatchObject({ exitCode: 4 })
  await offer(D2, FILES)
  let pauses = 0
  let elapsed = 0
  const sleep = async (ms: number): Promise<void> => {
    elapsed += ms
    if (++pauses === 3) await offer(NEWEST, FILES)
  }
  const result = await folder.pullWith({ sleep, elapsed: () => elapsed }, server.address, '--wait')
  expect([result.asof, pauses]).toEqual([NEWEST, 3])
  await rm(latestLink(server.exportRoot))
  await expect(folder.pull(server.address, '--wait')).rejects.toMatchObject({ exitCode: 4 })
})

test('pull: all but the newest bundles leave where that is asked for, and latest never goes back', async () => {
  for (const day of ['2024-06-27', '2024-06-28', D1, D2]) {
    await offer(day, { ...FILES, [README]: day })
    await folder.pull(server.address)
  }
  await mkdir(join(folder.dir, 'nightly', 'notes'))
  await offer(NEWEST, FILES)
  expect(await folder.pull(server.address, '--keep', '2')).toMatchObject({ removed: ['2024-06-27', '2024-06-28', D1] })
  expect((await readdir(join(folder.dir, 'nightly'))).sort()).toEqual([D2, NEWEST, 'notes'])
  await offer(D1, FILES)
  expect(await folder.pull(server.address)).toMatchObject({ asof: D1, latest: NEWEST })
  expect(await readlink(join(folder.dir, 'latest'))).toBe(`nightly/${NEWEST}`)
})

test('pull: a bundle that was set aside when a run was killed comes back', async () => {
  await offer(D1, FILES)
  await folder.pull(server.address)
  await mkdir(join(folder.dir, '.pull', 'replaced'))
  await rename(join(folder.dir, 'nightly', D1), join(folder.dir, '.pull', 'replaced', D1))
  await mkdir(join(folder.dir, '.pull', 'staging', D1), { recursive: true })
  expect(await folder.pull(server.address)).toMatchObject({ isUpToDate: true })
  expect((await readdir(join(folder.dir, '.pull'))).sort()).toEqual(['blobs', 'partial'])
})

test('pull: the token is sent as a header, and a wrong one is one sentence', async () => {
  await server.close()
  server = await exportsServer({ full: null, read: READ })
  await offer(D1, FILES)
  await expect(folder.pull(server.address)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('--token-file'),
  })
  await mkdir(folder.dir, { recursive: true })
  const file = join(folder.dir, 'token')
  await writeFile(file, `${READ}\n`)
  expect(await folder.pull(server.address, '--token-file', file)).toMatchObject({ asof: D1 })
})

const HOSTILE_PATHS = [
  '../escape',
  '../../escape',
  '/etc/escape',
  'a/../../escape',
  './escape',
  'a//escape',
  '.pull/lock.json',
  '.escape',
  'a/.escape',
  'a\\..\\escape',
  'a\u0000b',
  '',
  'x'.repeat(600),
]

interface Manifest {
  asof: string
  files: { path: string; bytes: number; sha256: string }[]
}
const withFirst = ({ files, ...rest }: Manifest, first: object): object => ({
  ...rest,
  files: [{ ...files[0], ...first }, ...files.slice(1)],
})

/** A node that says of itself what it likes. */
async function hostileNode(paths: readonly string[], change: (manifest: Manifest) => object = (manifest) => manifest) {
  const files = paths.map((path) => ({ path, bytes: 4, sha256: sha256('evil') }))
  const text = JSON.stringify(change({ asof: D1, files }))
  const sums = [...paths.map((path) => `${sha256('evil')}  ${path}\n`), `${sha256(text)}  MANIFEST.json\n`].join('')
  const bundle = { asof: D1, digest: sha256(sums), complete: true }
  const node = createServer((request, response) => {
    const url = request.url ?? ''
    if (url.startsWith('/exports?')) response.end(JSON.stringify({ asof: D1, latest: D1, bundles: [bundle] }))
    else if (url.endsWith('/SHA256SUMS')) response.end(sums)
    else if (url.endsWith('/MANIFEST.json')) response.end(text)
    else if (url.endsWith('/ack')) response.writeHead(404).end()
    else response.end('evil')
  })
  await new Promise<void>((done) => node.listen(0, '127.0.0.1', done))
  const { port } = node.address() as { port: number }
  return { address: `http://127.0.0.1:${port}`, close: () => new Promise((done) => node.close(done)) }
}

test.each([
  ...HOSTILE_PATHS.map((path) => [`the path ${JSON.stringify(path.slice(0, 40))}`, [path]] as const),
  ['a path twice', ['a', 'a']] as const,
  ['a file that is also a folder', ['a', 'a/b']] as const,
  ['its own sums', ['SHA256SUMS']] as const,
])('pull: a hostile node that lists %s gets nothing onto the disk', async (_what, paths) => {
  const node = await hostileNode(paths)
  try {
    await expect(folder.pull(node.address)).rejects.toMatchObject({ exitCode: 3 })
  } finally {
    await node.close()
  }
  expect((await readdir(folder.dir)).sort()).toEqual(['.pull', 'nightly'])
  expect(await readdir(join(folder.dir, 'nightly'))).toEqual([])
  expect(await readdir(join(folder.dir, '..'))).toEqual(['bundles'])
})

test.each<[string, (manifest: Manifest) => object]>([
  ['another day', (manifest) => ({ ...manifest, asof: '2024-07-03' })],
  ['a file less', (manifest) => ({ ...manifest, files: manifest.files.slice(1) })],
  ['a negative size', (manifest) => withFirst(manifest, { bytes: -1 })],
  ['a size that is no number', (manifest) => withFirst(manifest, { bytes: '4' })],
  ['another hash', (manifest) => withFirst(manifest, { sha256: sha256('good') })],
  ['no files', (manifest) => ({ ...manifest, files: null })],
])('pull: a manifest with %s is refused', async (_what, change) => {
  const node = await hostileNode(['a', 'b'], change)
  try {
    await expect(folder.pull(node.address)).rejects.toMatchObject({ exitCode: 3 })
  } finally {
    await node.close()
  }
})

test('pull: a node that sends more than it lists fills no disk', async () => {
  const node = await hostileNode(['a'], (manifest) => withFirst(manifest, { bytes: 3 }))
  try {
    await expect(folder.pull(node.address)).rejects.toMatchObject({ exitCode: 1 })
  } finally {
    await node.close()
  }
  expect(await lstat(join(folder.dir, '.pull', 'partial', sha256('evil')))).toMatchObject({ size: 0 })
})
