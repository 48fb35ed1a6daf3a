/** Hostile requests, sent byte for byte: nothing that a bundle does not list leaves the node. */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleFolder } from '../../functions/_lake/paths.ts'
import { isBundlePath } from '../../functions/exports/bundle-listing.ts'
import { askRaw, BARS, type ExportsServer, exportsServer, README, writeBundle } from './small-bundle.ts'

const DAY = '2024-07-03'
const EVIL = '2024-07-05'
const SECRET = 'SECRET-CONTENT'
const READ = 'read-token-0123456789'
const FULL = 'full-token-0123456789'

let server: ExportsServer
beforeAll(async () => {
  server = await exportsServer({ full: FULL, read: READ })
  const root = server.exportRoot
  const folder = bundleFolder(root, DAY)
  const linked = { 'link.txt': SECRET, 'linked/secret.txt': SECRET, 'folder.txt': '' }
  await server.bundle(DAY, { [README]: 'one', [BARS]: '0123456789' })
  for (const path of [
    join(root, '..', 'secret.txt'),
    join(root, 'secret.txt'),
    join(folder, '.hidden'),
    join(folder, 'unlisted.txt'),
  ]) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, SECRET)
  }
  await symlink(join(root, '..', 'secret.txt'), join(folder, 'symlink.txt'))
  await symlink(root, join(folder, 'up'))
  // A bundle that lists links which lead out of it: written as files, then replaced.
  const odd = bundleFolder(root, '2024-06-28')
  await mkdir(join(root, '..', 'linked'), { recursive: true })
  await writeBundle(odd, '2024-06-28', linked)
  for (const path of Object.keys(linked)) await rm(join(odd, path))
  await rm(join(odd, 'linked'), { recursive: true })
  await writeFile(join(root, '..', 'linked', 'secret.txt'), SECRET)
  await symlink(join(root, '..', 'secret.txt'), join(odd, 'link.txt'))
  await symlink(join(root, '..', 'linked'), join(odd, 'linked'))
  await mkdir(join(odd, 'folder.txt'))
  // One whose proof names files outside its folder.
  await writeBundle(bundleFolder(root, EVIL), EVIL, { '../secret.txt': SECRET, [README]: 'evil' })
})
afterAll(() => server.close())

const inDay = (rest: string): string => `/exports/nightly/${DAY}/${rest}`

const HOSTILE: [path: string, status: number, headers?: Record<string, string>][] = [
  // Files that are there and not listed.
  [inDay('.hidden'), 404],
  [inDay('unlisted.txt'), 404],
  [inDay('symlink.txt'), 404],
  [inDay('up/secret.txt'), 404],
  [inDay('curated'), 404],
  [inDay('curated/'), 400],
  [inDay('.'), 200],
  [inDay('.git/config'), 404],
  // Out of the folder, plain: the URL is resolved before anything is looked up.
  [inDay('../../secret.txt'), 404],
  [inDay('../../../secret.txt'), 404],
  [inDay('../2024-07-02/unlisted.txt'), 404],
  [inDay('curated/../../../secret.txt'), 404],
  ['/exports/nightly/../secret.txt', 404],
  ['/exports/nightly/../../secret.txt', 404],
  ['/exports/../secret.txt', 404],
  ['/exports/nightly/..', 404],
  ['/exports/nightly/./', 404],
  // Encoded.
  [inDay('%2e%2e/%2e%2e/secret.txt'), 404],
  [inDay('%2E%2E/%2E%2E/secret.txt'), 404],
  [inDay('.%2e/.%2e/secret.txt'), 404],
  [inDay('..%2f..%2fsecret.txt'), 400],
  [inDay('..%2F..%2Fsecret.txt'), 400],
  [inDay('%2e%2e%2f%2e%2e%2fsecret.txt'), 400],
  [inDay('..%5c..%5csecret.txt'), 400],
  [inDay('..%5C..%5Csecret.txt'), 400],
  [inDay('curated%2fequities_bars%2fyear=2024%2fdata.parquet'), 400],
  [inDay('%252e%252e%252f%252e%252e%252fsecret.txt'), 404],
  [inDay('..%252f..%252fsecret.txt'), 404],
  [inDay('%25252e%25252e/secret.txt'), 404],
  [inDay('%c0%ae%c0%ae/%c0%ae%c0%ae/secret.txt'), 400],
  [inDay('%c0%af..%c0%afsecret.txt'), 400],
  [inDay('%e0%80%ae%e0%80%ae/secret.txt'), 400],
  [inDay('%uff0e%uff0e/secret.txt'), 400],
  [inDay('%ef%bc%8e%ef%bc%8e/secret.txt'), 404],
  [inDay('%'), 400],
  [inDay('%2'), 400],
  [inDay('%zz'), 400],
  [inDay('%ff%fe'), 400],
  // NUL and control characters.
  [inDay('README.md%00'), 400],
  [inDay('README.md%00.txt'), 400],
  [inDay('%00'), 400],
  [inDay('README.md%0a'), 400],
  [inDay('README.md%0d%0aSet-Cookie:a=b'), 400],
  [inDay('README.md%7f'), 400],
  // Backslashes.
  [inDay('..\\..\\secret.txt'), 400],
  ['/exports/nightly\\..\\secret.txt', 400],
  // Absolute, doubled, empty names.
  [inDay('/etc/passwd'), 400],
  ['/exports/nightly//etc/passwd', 404],
  ['//exports/nightly/2024-07-03/README.md', 404],
  [inDay('//README.md'), 400],
  [inDay('curated//equities_bars/year=2024/data.parquet'), 400],
  [inDay('README.md/'), 400],
  [inDay('C:/windows/win.ini'), 404],
  [inDay('file:///etc/passwd'), 400],
  [inDay('~/.ssh/id_rsa'), 404],
  // Letters, spaces, endings.
  [inDay('readme.md'), 404],
  [inDay('README.MD'), 404],
  [inDay('manifest.json'), 404],
  [inDay('README.md%20'), 404],
  [inDay('%20README.md'), 404],
  [inDay('README.md.'), 404],
  [inDay('README.md::$DATA'), 404],
  [inDay('README.md;a=b'), 404],
  [inDay('README.md?path=../../secret.txt'), 400],
  ['/EXPORTS/nightly/2024-07-03/README.md', 404],
  ['/exports/NIGHTLY/2024-07-03/README.md', 404],
  ['/exports/n%69ghtly/2024-07-03/README.md', 404],
  // Days that are none.
  ['/exports/nightly/latest/README.md', 404],
  ['/exports/nightly/2024-7-3/README.md', 404],
  ['/exports/nightly/2024-02-30/README.md', 404],
  ['/exports/nightly/2024-07-03%2f..%2f..%2fsecret.txt', 400],
  ['/exports/nightly/2024-07-03%00/README.md', 400],
  ['/exports/nightly/.staging/README.md', 404],
  ['/exports/nightly/2024-07-04/README.md', 404],
  // Long.
  [inDay('a'.repeat(4_000)), 404],
  [inDay('a/'.repeat(2_000)), 400],
  [inDay('%2e'.repeat(2_000)), 404],
  [inDay('x'.repeat(20_000)), 431],
  // Listed, and links or no files on the disk.
  ['/exports/nightly/2024-06-28/link.txt', 500],
  ['/exports/nightly/2024-06-28/linked/secret.txt', 500],
  ['/exports/nightly/2024-06-28/folder.txt', 500],
  // Listed by a proof that names files outside its folder: no bundle at all.
  [`/exports/nightly/${EVIL}/`, 404],
  [`/exports/nightly/${EVIL}/README.md`, 404],
  [`/exports/nightly/${EVIL}/../secret.txt`, 404],
  // Ranges.
  [inDay(BARS), 416, { range: 'bytes=99-' }],
  [inDay(BARS), 416, { range: `bytes=${'9'.repeat(300)}-` }],
  [inDay(BARS), 416, { range: 'bytes=-0' }],
  [inDay(BARS), 200, { range: 'bytes=-1--5' }],
  [inDay(BARS), 200, { range: 'bytes=0-1,2-3,4-5' }],
  [inDay(BARS), 200, { range: 'bytes=\t' }],
]

describe('hostile requests', () => {
  test('there are more than sixty of them', () => {
    expect(HOSTILE.length).toBeGreaterThan(60)
  })

  test.each(HOSTILE)('exports: %s is answered with %i', async (path, status, headers = {}) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await askRaw(server.address, path, { authorization: `Bearer ${READ}`, ...headers }, method)
      // HEAD has no ranges.
      const expected = method === 'HEAD' && status === 416 ? 200 : status
      expect(answer.status, `${method} ${answer.body.subarray(0, 200)}`).toBe(expected)
      expect(answer.body.toString()).not.toContain(SECRET)
    }
  })

  test.each(HOSTILE)('exports: %s opens nothing without a token', async (path, _status, headers = {}) => {
    for (const authorization of [undefined, 'Bearer wrong', `Bearer ${READ}x`, `Basic ${READ}`]) {
      const given = authorization === undefined ? {} : { authorization }
      const { status, body } = await askRaw(server.address, path, { ...headers, ...given })
      expect([400, 401, 431]).toContain(status)
      expect(body.toString()).not.toContain(SECRET)
    }
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])(
    'exports: %s of a file does nothing, with either token',
    async (method) => {
      for (const [token, status] of [
        [READ, 403],
        [FULL, 404],
      ] as const) {
        const answer = await askRaw(server.address, inDay(README), { authorization: `Bearer ${token}` }, method)
        expect(answer.status).toBe(status)
      }
    },
  )
})

test.each([
  ['README.md', true],
  [BARS, true],
  ['qc/partition_status.parquet', true],
  ['', false],
  ['/README.md', false],
  ['../README.md', false],
  ['a/../b', false],
  ['a/./b', false],
  ['a//b', false],
  ['.hidden', false],
  ['a/.hidden', false],
  ['a\\b', false],
  ['a\0b', false],
  ['a b', false],
  ['a\nb', false],
  ['-rf', false],
  ['ä', false],
  ['x'.repeat(513), false],
])('bundle path: %j may be listed: %s', (path, expected) => {
  expect(isBundlePath(path)).toBe(expected)
})
