import { readdir, readFile, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../../../functions/_lake/digest.ts'
import { latestLink } from '../../../functions/_lake/paths.ts'
import { BARS, type ExportsServer, exportsServer, README } from '../../exports/small-bundle.ts'
import { type CompiledClient, compiledClient } from '../compiled-client.ts'
import { type PullFolder, pullFolder, type Wire, wireTo } from './pulling.ts'

const D1 = '2024-07-02'
const READ = 'read-token-0123456789'
const LARGE = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7919) % 251))

let client: CompiledClient
let server: ExportsServer
let folder: PullFolder
let wire: Wire
beforeAll(async () => {
  client = await compiledClient()
})
afterAll(() => client.remove())
beforeEach(async () => {
  server = await exportsServer({ full: null, read: READ })
  folder = await pullFolder()
  wire = await wireTo(server.address)
  await server.bundle(D1, { [README]: 'one', [BARS]: LARGE })
  await symlink(`nightly/${D1}`, latestLink(server.exportRoot))
})
afterEach(async () => {
  await wire.close()
  await server.close()
  await folder.remove()
})

const args = (...more: string[]): string[] => ['--from', wire.address, '--to', folder.dir, ...more]
const TOKEN = { DATA_NODE_READ_TOKEN: READ }

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setImmediate(done))
}

/** Bytes of blobs that are there, whole or begun. */
async function bytesThere(): Promise<number> {
  let sum = 0
  for (const name of ['partial', 'blobs']) {
    const place = join(folder.dir, '.pull', name)
    for (const blob of await readdir(place).catch(() => [])) sum += (await stat(join(place, blob))).size
  }
  return sum
}

test('pull.mjs: one command brings the bundle and says so; the next has nothing to fetch', async () => {
  const first = await client.run(args('--json'), TOKEN)
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(first.stdout)).toMatchObject({ ok: true, asof: D1, fetched: { files: 2, bytes: LARGE.length + 3 } })
  const second = await client.run(args(), TOKEN)
  expect(second).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('was there already') })
  expect(await client.run(args('--quiet'), TOKEN)).toMatchObject({ code: 0, stdout: '', stderr: '' })
})

test('pull.mjs: killed at any place it goes on from there, and fetches nothing twice', async () => {
  let before = wire.bytes()
  for (const share of [0.1, 0.3, 0.6]) {
    const most = Math.floor(LARGE.length * share)
    wire.holdAfter(most)
    const running = client.start(args('--parallel', '1', '--quiet'), TOKEN)
    const reached = before + most / 2
    await until(() => wire.bytes() > reached)
    running.kill('SIGKILL')
    expect(await running.ended).toMatchObject({ signal: 'SIGKILL' })
    before = wire.bytes()
    expect(await readdir(join(folder.dir, 'nightly'))).toEqual([])
  }
  const there = await bytesThere()
  expect(there).toBeGreaterThan(0)
  wire.cutAfter(null)
  const ended = await client.run(args('--json'), TOKEN)
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(ended.stdout).fetched.bytes).toBe(LARGE.length + 3 - there)
  expect(sha256(await readFile(join(folder.dir, 'latest', BARS)))).toBe(sha256(LARGE))
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'pull.mjs: %s ends it with code %i, says that the next run goes on, and frees the folder',
  async (signal, code) => {
    wire.holdAfter(1_000_000)
    const running = client.start(args('--parallel', '1'), TOKEN)
    await until(() => wire.bytes() >= 1_000_000)
    running.kill(signal)
    expect(await running.ended).toMatchObject({
      code,
      stderr: expect.stringContaining('the same command goes on from there'),
    })
    expect(await bytesThere()).toBeGreaterThan(0)
    wire.cutAfter(null)
    expect(await client.run(args('--quiet'), TOKEN)).toMatchObject({ code: 0 })
  },
)

test('pull.mjs: two at once: the second is refused and changes nothing, and after a kill the next one begins at once', async () => {
  wire.holdAfter(1_000_000)
  const running = client.start(args('--quiet'), TOKEN)
  await until(() => wire.bytes() >= 1_000_000)
  const second = await client.run(args(), TOKEN)
  expect(second).toMatchObject({ code: 5, stderr: expect.stringContaining(`process ${running.pid}`) })
  running.kill('SIGKILL')
  await running.ended
  wire.cutAfter(null)
  expect(await client.run(args('--quiet'), TOKEN)).toMatchObject({ code: 0 })
})

test.each<[string, string[], number, string]>([
  ['no options', [], 2, '--from URL and --to DIR'],
  ['an unknown option', ['--from', 'http://a', '--to', 'b', '--fast'], 2, "'--fast'"],
  ['an address without a scheme', ['--from', 'pi.local:8080', '--to', 'b'], 2, '--from'],
  ['a password in the address', ['--from', 'http://a:secret@b', '--to', 'b'], 2, '--token-file'],
  ['no number to keep', ['--from', 'http://a', '--to', 'b', '--keep', '0'], 2, '--keep'],
  ['too many at once', ['--from', 'http://a', '--to', 'b', '--parallel', '17'], 2, '--parallel'],
  ['a token file that is not there', ['--from', 'http://a', '--to', 'b', '--token-file', '/nowhere'], 2, '/nowhere'],
])('pull.mjs: %s are refused in one sentence', async (_what, given, code, sentence) => {
  const ended = await client.run(given)
  expect(ended).toMatchObject({ code, stdout: '' })
  expect(ended.stderr).toContain(sentence)
  expect(ended.stderr.trim().split('\n')).toHaveLength(1)
  expect(ended.stderr).not.toContain('secret')
})

test('pull.mjs: its help lists every option, and a wrong token is no secret to print', async () => {
  const help = await client.run(['--help'])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  for (const name of ['from', 'to', 'token-file', 'complete', 'wait', 'keep', 'parallel', 'quiet', 'json'])
    expect(help.stdout).toContain(`--${name}`)
  const refused = await client.run(args('--json'), { DATA_NODE_READ_TOKEN: 'wrong-token-0123456789' })
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, exitCode: 1 })
  expect(`${refused.stdout}${refused.stderr}`).not.toContain('wrong-token')
  await rm(latestLink(server.exportRoot))
  expect(await client.run(args(), TOKEN)).toMatchObject({ code: 4 })
})
