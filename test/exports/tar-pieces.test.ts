import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { bundleFolder, stagingFolder } from '../../functions/_lake/paths.ts'
import { takePlace } from '../../functions/export/swap.ts'
import { BARS, type ExportsServer, exportsServer, type Files, NOW, README, writeBundle } from './small-bundle.ts'

const D1 = '2024-07-03'
const LARGE = Buffer.alloc(5_000_001, 'abcdefghij')
const FILES: Files = { [README]: 'one', [BARS]: LARGE, 'a/empty': '', 'a/block': 'x'.repeat(512) }
const path = `/exports/nightly/${D1}.tar`

let server: ExportsServer
beforeEach(async () => {
  server = await exportsServer()
  await server.bundle(D1, FILES)
})
afterEach(() => server.close())

const tar = (archive: string, ...args: string[]): string =>
  execFileSync('tar', ['-f', archive, ...args], { encoding: 'utf8' })

async function unpacked(body: Buffer): Promise<string> {
  const archive = join(server.exportRoot, '..', 'bundle.tar')
  await writeFile(archive, body)
  await mkdir(join(server.exportRoot, '..', 'unpacked'), { recursive: true })
  tar(archive, '-x', '-C', join(server.exportRoot, '..', 'unpacked'))
  return join(server.exportRoot, '..', 'unpacked', D1)
}

test('tar: it holds the bundle, its proof last, with the same bytes each time', async () => {
  const first = await server.ask(path)
  expect(first.headers['content-type']).toBe('application/x-tar')
  const folder = await unpacked(first.body)
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: folder })
  const names = tar(join(folder, '..', '..', 'bundle.tar'), '-t')
    .trim()
    .split('\n')
  expect(names.map((name) => name.slice(D1.length + 1))).toEqual([
    README,
    'a/block',
    'a/empty',
    BARS,
    'MANIFEST.json',
    'SHA256SUMS',
  ])
  expect(sha256((await server.ask(path)).body)).toBe(sha256(first.body))
})

test('tar: zipped it holds the same, and a client that has it is told so', async () => {
  const zipped = await server.ask(`${path}.gz`)
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: await unpacked(zipped.body) })
  expect((await server.ask(path, { 'if-none-match': zipped.headers.etag ?? '' })).status).toBe(200)
  expect((await server.ask(`${path}.gz`, { 'if-none-match': zipped.headers.etag ?? '' })).status).toBe(304)
  const head = await server.ask(path, {}, 'HEAD')
  expect([head.status, head.body.length]).toEqual([200, 0])
  for (const other of ['2024-07-02.tar', `${D1}.tar.xz`, `${D1}.tar/README.md`, '.tar'])
    expect((await server.ask(`/exports/nightly/${other}`)).status, other).toBe(404)
})

const isOpen = (file: string): boolean =>
  readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file
    } catch {
      return false
    }
  })
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setImmediate(done))
}

/** Takes the first piece, calls back, and takes the rest or leaves. */
function begin(at: string, onFirst: () => Promise<'leave' | 'go on'>): Promise<Buffer | null> {
  const { hostname, port } = new URL(server.address)
  return new Promise((done, fail) => {
    const sent = request({ hostname, port, path: at }, (answer) => {
      const pieces: Buffer[] = []
      answer.once('data', () => {
        answer.pause()
        onFirst().then((next) => {
          if (next === 'go on') return answer.resume()
          sent.destroy()
          done(null)
        }, fail)
      })
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => done(Buffer.concat(pieces)))
      answer.on('error', () => done(null))
    })
    sent.on('error', () => done(null))
    sent.end()
  })
}

test.runIf(process.platform === 'linux').each([path, `${path}.gz`])(
  'tar: a client that leaves %s half-way leaves no file open',
  async (at) => {
    const random = Buffer.from(Array.from({ length: 3_000_000 }, (_, each) => (each * each * 7919) % 251))
    await server.bundle(D1, { ...FILES, [BARS]: Buffer.concat([random, LARGE, random]) })
    const file = join(bundleFolder(server.exportRoot, D1), BARS)
    for (let each = 0; each < 6; each++) {
      await begin(at, async () => 'leave')
      await until(() => !isOpen(file))
    }
    expect((await server.ask(path, {}, 'GET')).status).toBe(200)
  },
)

test('tar: one that is under way when its day is exported again ends as the version it began with', async () => {
  const body = await begin(path, async () => {
    const staging = stagingFolder(server.exportRoot, D1)
    await writeBundle(staging, D1, { ...FILES, [README]: 'two', [BARS]: Buffer.alloc(LARGE.length, 'z') })
    await mkdir(dirname(staging), { recursive: true })
    await takePlace(server.exportRoot, D1, NOW)
    return 'go on'
  })
  const folder = await unpacked(body ?? Buffer.alloc(0))
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: folder })
  expect(await readFile(join(folder, README), 'utf8')).toBe('one')
})

test('tar: one whose files are damaged is cut, so that nobody takes it for whole', async () => {
  await rm(join(bundleFolder(server.exportRoot, D1), BARS))
  await expect(server.ask(path)).rejects.toThrow()
})
