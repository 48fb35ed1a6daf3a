import { appendFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Lake } from '../../functions/_lake/lake.ts'
import {
  appendManifest,
  isOfCell,
  type NewManifestLine,
  readManifests,
  trimTornTail,
} from '../../functions/_lake/manifest.ts'
import { manifestFile } from '../../functions/_lake/paths.ts'
import { dropLake, tempLake } from './lake-fixture.ts'

// Thousands of small files: a slow machine may take its time.
vi.setConfig({ testTimeout: 60_000 })

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

const line = (symbol: string): NewManifestLine => ({
  dataset: 'equities_bars',
  symbol,
  dt: '2024-07-03',
  vendor: 'alpaca',
  feed: 'sip',
  adjustment: 'raw',
  rows: 1,
  digest: 'a'.repeat(64),
  previous: null,
  verdict: 'new',
  path: 'raw/alpaca/equities_bars/date=2024-07-03/data.parquet',
  sha256: 'b'.repeat(64),
  fetched_at: '2024-07-04T01:02:03.456Z',
})
const PATH = 'manifests/alpaca/equities_bars/manifest-2024-07-04.jsonl'
const file = () => manifestFile(lake.root, 'alpaca', 'equities_bars', '2024-07-04')

async function chunks(after: (path: string) => number = () => 0) {
  const all = []
  for await (const chunk of readManifests(lake, after)) all.push(chunk)
  return all
}

test('manifest: lines come back as they were appended, with the byte to go on from', async () => {
  await appendManifest(file(), [line('A'), line('B')])
  const [first] = await chunks()
  expect(first).toEqual({ path: PATH, lines: [line('A'), line('B')], bad: [], end: (await stat(file())).size })
  await appendManifest(file(), [{ ...line('C'), verdict: 'kept_more_rows', refused: 'c'.repeat(64) }])
  const more = await chunks((path) => (path === PATH ? (first?.end ?? 0) : 0))
  expect(more.map(({ lines }) => lines)).toMatchObject([[{ symbol: 'C', refused: 'c'.repeat(64) }]])
  expect(await chunks(() => more[0]?.end ?? 0)).toEqual([])
})

test('manifest: no manifests is no lines', async () => {
  expect(await chunks()).toEqual([])
  expect(await trimTornTail(lake)).toBe(0)
})

test('manifest: a long manifest comes in chunks of two thousand that add up', async () => {
  const symbols = Array.from({ length: 4_801 }, (_, i) => `S${i}`)
  await appendManifest(file(), symbols.map(line))
  const all = await chunks()
  expect(all.map(({ lines }) => lines.length)).toEqual([2_000, 2_000, 801])
  expect(all.flatMap(({ lines }) => lines.filter(isOfCell).map(({ symbol }) => symbol))).toEqual(symbols)
  const [middle] = await chunks(() => all[0]?.end ?? 0)
  expect(middle?.lines[0]).toMatchObject({ symbol: 'S2000' })
})

test('manifest: a torn last line is not there, and its bytes are not counted', async () => {
  await appendManifest(file(), [line('A')])
  const { size } = await stat(file())
  await appendFile(file(), JSON.stringify(line('B')))
  expect(await chunks()).toEqual([{ path: PATH, lines: [line('A')], bad: [], end: size }])
})

test('manifest: torn tails are cut off at start, whole files are left alone', async () => {
  await appendManifest(file(), [line('A')])
  const whole = await readFile(file(), 'utf8')
  const other = manifestFile(lake.root, 'fred', 'macro_treasury', '2024-07-04')
  await mkdir(dirname(other), { recursive: true })
  await writeFile(other, 'x'.repeat(10_000))
  await appendFile(file(), `{"torn":"${'x'.repeat(9_000)}`)
  expect(await trimTornTail(lake)).toBe(2)
  expect(await readFile(file(), 'utf8')).toBe(whole)
  expect(await readFile(other, 'utf8')).toBe('')
  expect(await trimTornTail(lake)).toBe(0)
})

test('manifest: an append after a torn tail does not glue onto it', async () => {
  await appendManifest(file(), [line('A')])
  await appendFile(file(), '{"torn":')
  await appendManifest(file(), [line('B')])
  expect((await chunks()).flatMap(({ lines }) => lines)).toEqual([line('A'), line('B')])
})

const textOf = async (...lines: NewManifestLine[]): Promise<string> => {
  const other = manifestFile(lake.root, 'alpaca', 'equities_bars', '2024-07-05')
  await rm(other, { force: true })
  await appendManifest(other, lines)
  const text = await readFile(other, 'utf8')
  await rm(other)
  return text
}

test.each([
  ['text', async () => 'not json\n', /not JSON/],
  ['a line without a digest', async () => `${JSON.stringify({ ...line('B'), digest: undefined })}\n`, /digest/],
  ['an empty line', async () => '\n', /not JSON/],
  ['NULs', async () => `${'\0'.repeat(5_000)}\n`, /not JSON/],
  ['a line that was cut off', async () => `${(await textOf(line('B'))).slice(0, -30)}\n`, /not JSON/],
  ['a changed digit', async () => (await textOf(line('B'))).replace('"rows":1', '"rows":7'), /checksum/],
  ['a changed checksum', async () => (await textOf(line('B'))).replace(/.(?="}\n)/, 'x'), /checksum/],
  [
    'half a line with a whole one',
    async () => (await textOf(line('B'))).slice(0, 99) + (await textOf(line('B'))),
    /checksum/,
  ],
  ['a field behind the checksum', async () => (await textOf(line('B'))).replace(/}\n$/, ',"rows":7}\n'), /checksum/],
  ['a line of another vendor', async () => textOf({ ...line('B'), vendor: 'massive' }), /of massive\/equities_bars/],
])('manifest: %s is handed over as a bad line, and hides no other', async (_what, text, why) => {
  await appendManifest(file(), [line('A')])
  const { size } = await stat(file())
  await appendFile(file(), await text())
  await appendManifest(file(), [line('C')])
  const [chunk, ...none] = await chunks()
  expect(none).toEqual([])
  expect(chunk).toMatchObject({ path: PATH, lines: [line('A'), line('C')], end: (await stat(file())).size })
  expect(chunk?.bad).toEqual([expect.objectContaining({ byte: size, why: expect.stringMatching(why) })])
})

test('manifest: no flip of a single bit passes for another line', async () => {
  const whole = Buffer.from(await textOf(line('A')))
  const flips = Array.from({ length: 8 * whole.length }, (_, bit) => {
    const flipped = Buffer.from(whole)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    // The newline itself may be flipped: the next line begins on its own all the same.
    return Buffer.concat([flipped, Buffer.from('\n')])
  })
  await mkdir(dirname(file()), { recursive: true })
  await writeFile(file(), Buffer.concat(flips))
  const read = await chunks()
  for (const { lines } of read) for (const found of lines) expect(found).toEqual(line('A'))
  expect(read.flatMap(({ bad }) => bad).length).toBeGreaterThan(0.9 * flips.length)
})

test('manifest: a stretch of NULs of many megabytes is one bad line, and what follows it is read', async () => {
  await appendManifest(file(), [line('A')])
  await appendFile(file(), Buffer.alloc(5 * 1024 * 1024))
  await appendFile(file(), `\n${await textOf(line('B'))}`)
  const [chunk] = await chunks()
  expect(chunk?.lines).toEqual([line('A'), line('B')])
  expect(chunk?.bad).toEqual([expect.objectContaining({ why: expect.stringMatching(/longer than/) })])
})

test('manifest: lines of before there were checksums are read as before', async () => {
  await mkdir(dirname(file()), { recursive: true })
  await writeFile(file(), `${JSON.stringify(line('A'))}\n`)
  await appendManifest(file(), [line('B')])
  expect(await chunks()).toMatchObject([{ lines: [line('A'), line('B')], bad: [] }])
})

test('manifest: fields of a newer version are ignored and files that are no manifests are left alone', async () => {
  await mkdir(dirname(file()), { recursive: true })
  await writeFile(file(), `${JSON.stringify({ ...line('A'), shade: 'new' })}\n`)
  await writeFile(join(dirname(file()), 'notes.txt'), 'x')
  expect((await chunks()).flatMap(({ lines }) => lines)).toEqual([line('A')])
})
