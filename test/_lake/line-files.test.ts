import { mkdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { compressedPath, noteLine } from '../../functions/_lake/compressed-lines.ts'
import { END_MEMBER, gzipMember } from '../../functions/_lake/gzip-members.ts'
import { jsonLine } from '../../functions/_lake/line-checksum.ts'
import {
  lineFileAt,
  lineFileName,
  lineFiles,
  linesOf,
  openLineFile,
  plainLength,
  stateAt,
} from '../../functions/_lake/line-files.ts'
import { manifestFile } from '../../functions/_lake/paths.ts'
import { tempFolder } from '../db/temp-db.ts'

const LINES = [1, 2, 3].map((number) => jsonLine({ number }))
const TEXT = LINES.join('')

/** A file of lines in one form or both. */
async function laidOut({
  plain,
  compressed = null,
}: {
  plain: string | null
  compressed?: { bytes: number; lines: string[] } | null
}) {
  const root = await tempFolder()
  const path = manifestFile(root, 'alpaca', 'equities_bars', '2025-07-01')
  await mkdir(dirname(path), { recursive: true })
  if (plain !== null) await writeFile(path, plain)
  if (compressed) {
    const { bytes, lines } = compressed
    const texts = [noteLine(path, bytes, 0), lines.join(''), noteLine(path, bytes, bytes)]
    const members = await Promise.all(texts.map((text) => gzipMember(Buffer.from(text))))
    await writeFile(compressedPath(path), Buffer.concat([...members, END_MEMBER]))
  }
  return { root, path }
}
const WHOLE = { bytes: TEXT.length, lines: LINES }
const read = async (path: string, mark = 0): Promise<string> => {
  let text = ''
  for await (const { bytes } of linesOf((await lineFileAt(path))!, mark)) text += `${bytes?.toString() ?? '?'}\n`
  return text
}

test.each([
  ['plain alone', { plain: TEXT }, 'plain', TEXT],
  ['compressed alone', { plain: null, compressed: WHOLE }, 'compressed', TEXT],
  ['both of one length, as a kill leaves them: the plain one', { plain: TEXT, compressed: WHOLE }, 'plain', TEXT],
  [
    'an older copy beside the compressed one: the compressed one',
    { plain: LINES[0]!, compressed: WHOLE },
    'compressed',
    TEXT,
  ],
  [
    'a plain one that has grown since: the plain one',
    { plain: TEXT + LINES[0], compressed: WHOLE },
    'plain',
    TEXT + LINES[0],
  ],
] as const)('line files: of %s counts, once', async (_what, forms, form, text) => {
  const { root, path } = await laidOut(forms as Parameters<typeof laidOut>[0])
  expect(await lineFileAt(path)).toEqual({ path, form })
  expect(await lineFiles(root, 'manifest')).toEqual([{ path, form }])
  expect(await lineFiles(root, 'adopted')).toEqual([])
  expect(await read(path)).toBe(text)
  expect(await plainLength({ path, form })).toBe(text.length)
})

test('line files: a compressed file is known as a whole or not at all', async () => {
  const { path } = await laidOut({ plain: null, compressed: WHOLE })
  expect(await read(path, TEXT.length)).toBe('')
  expect(await read(path, TEXT.length - 1)).toBe(TEXT)
  const ends: number[] = []
  for await (const { next } of linesOf({ path, form: 'compressed' }, 0)) ends.push(next)
  expect(ends).toEqual([0, 0, TEXT.length])
})

test('line files: a compressed file that was cut off between two members says so behind its lines', async () => {
  const { path } = await laidOut({ plain: null, compressed: WHOLE })
  const file = compressedPath(path)
  await truncate(file, (await stat(file)).size - END_MEMBER.length)
  const damages: (string | undefined)[] = []
  for await (const { damage } of linesOf({ path, form: 'compressed' }, 0)) damages.push(damage)
  expect(damages).toEqual([undefined, undefined, undefined, expect.stringMatching(/before its end/)])
})

test('line files: the state at a mark is told of either form', async () => {
  for (const form of ['plain', 'compressed'] as const) {
    const { path } = await laidOut(form === 'plain' ? { plain: TEXT } : { plain: null, compressed: WHOLE })
    const file = { plain: path, compressed: compressedPath(path) }[form]
    expect([await stateAt(path, 0), await stateAt(path, TEXT.length)]).toEqual(['whole', 'whole'])
    expect(await stateAt(path, TEXT.length + 1)).toBe('cut')
    await truncate(file, (await stat(file)).size - 1)
    expect(await stateAt(path, TEXT.length)).toBe('cut')
    await rm(file)
    expect([await stateAt(path, 0), await stateAt(path, TEXT.length)]).toEqual(['gone', 'gone'])
  }
})

test('line files: a file that is compressed between the listing and the reading is read in its other form', async () => {
  const { path } = await laidOut({ plain: TEXT, compressed: WHOLE })
  const file = await lineFileAt(path)
  await rm(path)
  let lines = 0
  for await (const _ of linesOf(file!, 0)) lines++
  expect(lines).toBe(LINES.length)
  await rm(compressedPath(path))
  await expect(read(path)).rejects.toThrow()
})

test('line files: nothing is appended to a compressed file, also where the plain one still stands beside it', async () => {
  const { path } = await laidOut({ plain: TEXT, compressed: WHOLE })
  const next = path.replace('07-01', '07-02')
  expect(await openLineFile(path)).toBe(next)
  await rename(compressedPath(path), compressedPath(next))
  expect(await openLineFile(path)).toBe(path)
  expect(await openLineFile(next)).toBe(path.replace('07-01', '07-03'))
})

test('line files: a name is that of a manifest or of adopted lines of a real day', () => {
  expect(lineFileName('manifest-2025-07-01.jsonl')).toEqual({ kind: 'manifest', day: '2025-07-01' })
  expect(lineFileName('adopted-2025-07-01.jsonl')).toEqual({ kind: 'adopted', day: '2025-07-01' })
  for (const name of ['manifest-2025-02-30.jsonl', 'zones-2025-07-01.jsonl', 'manifest-2025-07-01.jsonl.bad', 'x'])
    expect(lineFileName(name)).toBeNull()
})
