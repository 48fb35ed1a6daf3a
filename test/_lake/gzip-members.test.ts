import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { END_MEMBER, gzipMember, gzipMembers, type Member } from '../../functions/_lake/gzip-members.ts'
import { tempFolder } from '../db/temp-db.ts'

const TEXTS = ['one\n', 'two\n'.repeat(3_000), 'three\n']
const END: Member = { start: 0, next: 0, bytes: Buffer.alloc(0), damage: null }

async function fileOf(bytes: Uint8Array): Promise<string> {
  const file = join(await tempFolder(), 'text.gz')
  await writeFile(file, bytes)
  return file
}
const whole = async (): Promise<Buffer> =>
  Buffer.concat([...(await Promise.all(TEXTS.map((text) => gzipMember(Buffer.from(text))))), END_MEMBER])
const membersOf = async (file: string, from = 0, step?: number): Promise<Member[]> => {
  const members: Member[] = []
  for await (const member of gzipMembers(file, from, step)) members.push(member)
  return members
}
const textsOf = (members: readonly Member[]): string[] => members.map(({ bytes }) => bytes.toString())

test('gzip members: come back one by one, however much is read at once, and from any one of them on', async () => {
  const file = await fileOf(await whole())
  for (const step of [1, 7, 512, 65_536]) {
    const members = await membersOf(file, 0, step)
    expect(textsOf(members)).toEqual([...TEXTS, ''])
    expect(members.map(({ damage }) => damage)).toEqual([null, null, null, null])
  }
  const [, second] = await membersOf(file)
  expect(textsOf(await membersOf(file, second?.start))).toEqual([...TEXTS.slice(1), ''])
  expect((await membersOf(file)).at(-1)).toMatchObject({
    ...END,
    start: expect.any(Number),
    next: (await readFile(file)).length,
  })
})

test('gzip members: any gzip tool reads them as one text', async () => {
  const bytes = await whole()
  expect(gunzipSync(bytes).toString()).toBe(TEXTS.join(''))
  expect(execFileSync('gzip', ['-dc', await fileOf(bytes)]).toString()).toBe(TEXTS.join(''))
  execFileSync('gzip', ['-t', await fileOf(bytes)])
})

test('gzip members: a flipped bit anywhere is noticed, and costs no member but its own and, in a header, the one before', async () => {
  const bytes = await whole()
  const starts = (await membersOf(await fileOf(bytes))).map(({ start }) => start)
  const noticed = new Set<number>()
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    const members = await membersOf(await fileOf(flipped))
    // Behind the last code of a member are up to seven bits that nobody reads.
    if (members.every(({ damage }) => damage === null)) expect(textsOf(members)).toEqual([...TEXTS, ''])
    else noticed.add(bit >> 3)
    const hit = starts.findLastIndex((start) => start <= bit >> 3)
    const intact = members.filter(({ damage }) => damage === null).map(({ bytes: text }) => text.toString())
    const others = [...TEXTS, ''].filter((_, at) => at !== hit && at !== hit - 1)
    expect(intact).toEqual(expect.arrayContaining(others))
  }
  expect(noticed.size).toBe(bytes.length)
})

test.each([
  ['in a member', 40, /./],
  ['in a header', 5, /./],
])('gzip members: a file that is cut off %s says so', async (_where, kept, why) => {
  const bytes = await whole()
  const [, , third] = await membersOf(await fileOf(bytes))
  const members = await membersOf(await fileOf(bytes.subarray(0, third!.start + (kept > 10 ? 12 : kept))))
  expect(members.at(-1)?.damage).toMatch(why)
})

test('gzip members: what can be read of a damaged member is handed over', async () => {
  const text = Array.from({ length: 4_000 }, (_, at) => `line ${at * 7_919}\n`).join('')
  const bytes = await gzipMember(Buffer.from(text))
  bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 40)
  const [member] = await membersOf(await fileOf(bytes))
  expect(member?.damage).not.toBeNull()
  expect(member?.bytes.length).toBeGreaterThan(text.length / 4)
  expect(text.startsWith(member!.bytes.toString().slice(0, text.length / 4))).toBe(true)
})

test('gzip members: bytes that are no gzip fill no RAM', async () => {
  const bytes = Buffer.concat([Buffer.alloc(9 * 1024 * 1024, 7), await whole()])
  const members = await membersOf(await fileOf(bytes))
  expect(members[0]).toMatchObject({ start: 0, damage: expect.stringMatching(/no gzip member/) })
  expect(members[0]?.bytes).toHaveLength(0)
  expect(textsOf(members.slice(1))).toEqual([...TEXTS, ''])
})

test('gzip members: an empty file has none', async () => {
  expect(await membersOf(await fileOf(Buffer.alloc(0)))).toEqual([])
})
