import { readdirSync, readlinkSync } from 'node:fs'
import { chmod, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { bundleFolder, latestLink } from '../../functions/_lake/paths.ts'
import { BARS, type ExportsServer, exportsServer, README } from './small-bundle.ts'

const D1 = '2024-07-02'
const D2 = '2024-07-03'
const TEXT = '0123456789'
const LARGE = Buffer.alloc(20 * 1024 * 1024, 'abcdefghij')

let server: ExportsServer
beforeEach(async () => {
  server = await exportsServer()
})
afterEach(() => server.close())

const pointLatest = (asof: string): Promise<void> => symlink(`nightly/${asof}`, latestLink(server.exportRoot))
const fileOf = (asof: string, path: string): string => `/exports/nightly/${asof}/${path}`

test('exports: the list has the finished bundles, newest first, and says which is the latest', async () => {
  const digest = await server.bundle(D1, { [README]: 'one', [BARS]: TEXT })
  await server.bundle(D2, { [README]: 'two', [BARS]: TEXT }, { complete: false, previous: D1 })
  await pointLatest(D1)
  const list = await server.json('/exports')
  expect(list).toMatchObject({
    ok: true,
    latest: D1,
    bundles: [
      { asof: D2, complete: false, previous: D1, isLatest: false },
      {
        asof: D1,
        digest,
        complete: true,
        previous: null,
        isLatest: true,
        files: 4,
        rows: 1,
        generatedAt: '2024-07-06T04:00:00.000Z',
      },
    ],
  })
  expect((await server.json('/exports?limit=1')).bundles).toHaveLength(1)
  expect((await server.ask('/exports?limit=0')).status).toBe(400)
  expect((await server.ask('/exports?limit=1&limit=2')).status).toBe(400)
})

test('exports: a node without bundles has an empty list and no latest', async () => {
  expect(await server.json('/exports')).toMatchObject({ ok: true, latest: null, bundles: [] })
  expect((await server.ask('/exports/latest')).status).toBe(404)
})

test('exports: latest leads to the address of one day, and a link that points nowhere leads nowhere', async () => {
  await server.bundle(D1, { [README]: 'one' })
  await pointLatest(D1)
  const { status, headers } = await server.ask('/exports/latest')
  expect([status, headers.location]).toEqual([307, `/exports/nightly/${D1}/`])
  await rm(bundleFolder(server.exportRoot, D1), { recursive: true })
  expect((await server.ask('/exports/latest')).status).toBe(404)
})

test('exports: a folder is listed as JSON, or as a page of plain links for a client that prefers one', async () => {
  await server.bundle(D1, { [README]: 'one', [BARS]: TEXT })
  const listing = await server.json(`/exports/nightly/${D1}/`)
  expect(listing.listed).toEqual([
    expect.objectContaining({ path: 'MANIFEST.json' }),
    { path: README, bytes: 3, sha256: sha256('one') },
    expect.objectContaining({ path: 'SHA256SUMS', sha256: listing.digest }),
    { path: BARS, bytes: 10, sha256: sha256(TEXT), rows: 1 },
  ])
  const page = await server.ask(`/exports/nightly/${D1}/`, { accept: 'text/html' })
  expect(page.headers['content-type']).toContain('text/html')
  const links = [...page.body.toString().matchAll(/<a href="([^"]+)">/g)].map(([, path]) => path)
  expect(links).toEqual(['MANIFEST.json', README, 'SHA256SUMS', BARS])
  const { status, headers } = await server.ask(`/exports/nightly/${D1}`)
  expect([status, headers.location]).toEqual([307, `/exports/nightly/${D1}/`])
})

test('exports: what differs since an earlier bundle is told file by file', async () => {
  const options = 'curated/options_bars/date=2024-07-03/data.parquet'
  const minutes = 'curated/equities_bars_minute/date=2024-07-02/data.parquet'
  await server.bundle(D1, { [README]: 'same', [BARS]: TEXT, [minutes]: 'x' })
  await server.bundle(D2, { [README]: 'same', [BARS]: 'changed', [options]: 'y' })
  const delta = await server.json(`/exports/nightly/${D2}/?since=${D1}`)
  expect(delta).toMatchObject({
    since: D1,
    added: [{ path: options, bytes: 1 }],
    changed: [{ path: 'MANIFEST.json' }, { path: 'SHA256SUMS' }, { path: BARS, bytes: 7, sha256: sha256('changed') }],
    removed: [minutes],
  })
  expect(await server.json(`/exports/nightly/${D2}/?since=${D2}`)).toMatchObject({
    added: [],
    changed: [],
    removed: [],
    bytes: 0,
  })
  expect((await server.ask(`/exports/nightly/${D2}/?since=2024-06-28`)).status).toBe(404)
  expect((await server.ask(`/exports/nightly/${D2}/?since=yesterday`)).status).toBe(400)
})

test('exports: a file is sent whole with its hash as entity tag, and HEAD sends the same without the bytes', async () => {
  await server.bundle(D1, { [README]: 'one', [BARS]: LARGE, 'empty.txt': '' })
  const whole = await server.ask(fileOf(D1, BARS))
  expect(whole.status).toBe(200)
  expect(sha256(whole.body)).toBe(sha256(LARGE))
  const head = await server.ask(fileOf(D1, BARS), { range: 'bytes=0-3' }, 'HEAD')
  expect([head.status, head.body.length]).toEqual([200, 0])
  for (const { headers } of [whole, head]) {
    expect(headers).toMatchObject({
      etag: `"${sha256(LARGE)}"`,
      'content-length': String(LARGE.length),
      'accept-ranges': 'bytes',
      'content-type': 'application/vnd.apache.parquet',
    })
  }
  const empty = await server.ask(fileOf(D1, 'empty.txt'))
  expect([empty.status, empty.headers['content-length']]).toEqual([200, '0'])
  for (const path of ['MANIFEST.json', 'SHA256SUMS', README])
    expect((await server.ask(fileOf(D1, path))).status).toBe(200)
  expect(JSON.parse((await server.ask(fileOf(D1, 'MANIFEST.json'))).body.toString()).asof).toBe(D1)
})

test.each([
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-2', 206, '89', 'bytes 8-9/10'],
  ['bytes=8-999999999999999999999', 206, '89', 'bytes 8-9/10'],
  ['bytes=10-', 416, null, 'bytes */10'],
  ['bytes=-0', 416, null, 'bytes */10'],
  ['bytes=0-1,4-5', 200, TEXT, undefined],
  ['bytes=4-2', 200, TEXT, undefined],
  ['lines=1-2', 200, TEXT, undefined],
])('exports: the range %s is answered with %i', async (range, status, body, contentRange) => {
  await server.bundle(D1, { [BARS]: TEXT })
  const answer = await server.ask(fileOf(D1, BARS), { range })
  expect([answer.status, answer.headers['content-range']]).toEqual([status, contentRange])
  if (body !== null) {
    expect(answer.body.toString()).toBe(body)
    expect(answer.headers['content-length']).toBe(String(body.length))
  }
})

test('exports: preconditions choose between the file, a part of it, 304 and 412', async () => {
  await server.bundle(D1, { [BARS]: TEXT })
  const tag = `"${sha256(TEXT)}"`
  const other = `"${sha256('other')}"`
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await server.ask(fileOf(D1, BARS), headers)).status
  const range = 'bytes=1-2'
  expect(await statusOf({ 'if-none-match': tag })).toBe(304)
  expect(await statusOf({ 'if-none-match': `${other}, W/${tag}` })).toBe(304)
  expect(await statusOf({ 'if-none-match': '*' })).toBe(304)
  expect(await statusOf({ 'if-none-match': other })).toBe(200)
  expect(await statusOf({ 'if-match': tag })).toBe(200)
  expect(await statusOf({ 'if-match': `${other}, ${tag}` })).toBe(200)
  expect(await statusOf({ 'if-match': '*' })).toBe(200)
  expect(await statusOf({ 'if-match': other })).toBe(412)
  expect(await statusOf({ 'if-match': `W/${tag}` })).toBe(412)
  expect(await statusOf({ 'if-match': 'nonsense' })).toBe(412)
  expect(await statusOf({ 'if-match': other, 'if-none-match': tag })).toBe(412)
  expect(await statusOf({ range, 'if-range': tag })).toBe(206)
  expect(await statusOf({ range, 'if-range': other })).toBe(200)
  expect(await statusOf({ range, 'if-range': `W/${tag}` })).toBe(200)
  expect(await statusOf({ range, 'if-range': 'Sat, 06 Jul 2024 04:00:00 GMT' })).toBe(200)
  expect(await statusOf({ range: 'bytes=99-', 'if-range': other })).toBe(200)
  const known = await server.ask(fileOf(D1, BARS), { 'if-none-match': tag })
  expect([known.headers.etag, known.body.length]).toEqual([tag, 0])
})

test('exports: a bundle whose proof is not whole is neither listed nor served', async () => {
  await server.bundle(D1, { [README]: 'one' })
  await server.bundle(D2, { [README]: 'two' })
  await writeFile(join(bundleFolder(server.exportRoot, D2), 'MANIFEST.json'), '{"asof":"2024-07-03","files":[]}')
  expect((await server.json('/exports')).bundles).toMatchObject([{ asof: D1 }])
  expect((await server.ask(fileOf(D2, README))).status).toBe(404)
  await rm(join(bundleFolder(server.exportRoot, D1), 'SHA256SUMS'))
  expect((await server.json('/exports')).bundles).toEqual([])
  expect((await server.ask(`/exports/nightly/${D1}/`)).status).toBe(404)
})

test('exports: a file that is not as the bundle lists it is an error, not other bytes', async () => {
  await server.bundle(D1, { [README]: 'one', [BARS]: TEXT })
  const file = join(bundleFolder(server.exportRoot, D1), BARS)
  await writeFile(file, `${TEXT}more`)
  expect((await server.ask(fileOf(D1, BARS))).status).toBe(500)
  await rm(file)
  expect((await server.ask(fileOf(D1, BARS))).status).toBe(404)
  await writeFile(file, TEXT)
  expect((await server.ask(fileOf(D1, BARS))).status).toBe(200)
  await chmod(file, 0o444)
})

test('exports: a file that ends too early cuts the connection; no text of an error is sent as its bytes', async () => {
  await server.bundle(D1, { [BARS]: LARGE })
  const { hostname, port } = new URL(server.address)
  const pieces: Buffer[] = []
  const ending = await new Promise<string>((done) => {
    const sent = request({ hostname, port, path: fileOf(D1, BARS) }, (answer) => {
      answer.once('data', () => {
        answer.pause()
        void truncate(join(bundleFolder(server.exportRoot, D1), BARS), 0).then(() => answer.resume())
      })
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => done('whole'))
      answer.on('error', () => done('cut'))
    })
    sent.on('error', () => done('cut'))
    sent.end()
  })
  const body = Buffer.concat(pieces)
  expect(ending).toBe('cut')
  expect(body.equals(LARGE.subarray(0, body.length))).toBe(true)
})

/** Descriptors of this process that are open on a file. */
const openOn = (path: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  }).length

/** Looks again until it holds; fails by the test's own time limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setImmediate(done))
}

test.runIf(process.platform === 'linux')(
  'exports: a client that goes away, or takes nothing, holds no more than a piece of the file, which is closed when it goes',
  async () => {
    await server.bundle(D1, { [BARS]: LARGE })
    const path = join(bundleFolder(server.exportRoot, D1), BARS)
    const { hostname, port } = new URL(server.address)
    const before = process.memoryUsage().arrayBuffers
    const idle = Array.from({ length: 8 }, () => {
      const socket = connect(Number(port), hostname)
      socket.pause()
      socket.write(`GET ${fileOf(D1, BARS)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
      return socket
    })
    await until(() => openOn(path) === idle.length)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(idle.length * 4 * 1024 * 1024)
    for (const socket of idle) socket.destroy()
    await until(() => openOn(path) === 0)

    const begun = request({ hostname, port, path: fileOf(D1, BARS) }, (answer) => {
      answer.once('data', () => begun.destroy())
      answer.on('error', () => undefined)
    })
    begun.on('error', () => undefined)
    begun.end()
    await until(() => begun.destroyed && openOn(path) === 0)
    for (const method of ['GET', 'HEAD']) await server.ask(fileOf(D1, BARS), {}, method)
    await until(() => openOn(path) === 0)
  },
)
