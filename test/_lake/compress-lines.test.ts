import { appendFile, cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type CompressTerms,
  compressStretch,
  partialPath,
  replaceByCompressed,
} from '../../functions/_lake/compress-lines.ts'
import { compressedPath } from '../../functions/_lake/compressed-lines.ts'
import { type Disk, realDisk } from '../../functions/_lake/disk.ts'
import { gzipMember } from '../../functions/_lake/gzip-members.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { jsonLine } from '../../functions/_lake/line-checksum.ts'
import { lineFileAt } from '../../functions/_lake/line-files.ts'
import {
  appendManifest,
  type ManifestEntry,
  type NewManifestLine,
  readManifests,
  type SetAsideLine,
} from '../../functions/_lake/manifest.ts'
import { manifestFile } from '../../functions/_lake/paths.ts'
import { dropLake, tempLake } from './lake-fixture.ts'

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

const DIGEST = 'a'.repeat(64)
const HASH = 'b'.repeat(64)
const path = () => manifestFile(lake.root, 'alpaca', 'equities_bars', '2025-07-01')

const line = (symbol: string, more: Partial<NewManifestLine> = {}): NewManifestLine => ({
  dataset: 'equities_bars',
  symbol,
  dt: '2025-06-30',
  vendor: 'alpaca',
  feed: 'sip',
  adjustment: 'raw',
  rows: 1,
  digest: DIGEST,
  previous: null,
  verdict: 'new',
  path: 'raw/alpaca/equities_bars/date=2025-06-30/data.parquet',
  sha256: HASH,
  fetched_at: '2025-07-01T00:30:00.000Z',
  ...more,
})
const aside = (symbol: string, more: Partial<SetAsideLine> = {}): SetAsideLine => {
  const { dataset, dt, vendor, path: file } = line(symbol)
  return {
    dataset,
    symbol,
    dt,
    vendor,
    verdict: 'set_aside',
    why: 'gone',
    path: file,
    at: '2025-07-01T00:40:00.000Z',
    ...more,
  }
}
const terms = (more: Partial<CompressTerms> = {}): CompressTerms => ({
  path: path(),
  kind: 'manifest',
  known: new Set(),
  ...more,
})
const compress = async (more: Partial<CompressTerms> = {}): Promise<number> => {
  for (let steps = 1; ; steps++) {
    const { state } = await compressStretch(terms(more))
    if (state === 'refused') throw new Error('refused')
    if (state === 'compressed') {
      expect(await replaceByCompressed(path(), more.disk)).toBe(true)
      return steps
    }
  }
}
const entries = async (): Promise<ManifestEntry[]> => {
  const found: ManifestEntry[] = []
  for await (const { lines, bad } of readManifests(lake, () => 0)) {
    expect(bad).toEqual([])
    found.push(...lines)
  }
  return found
}
const { sha256: _hash, ...WITHOUT_HASH } = line('X')
const withoutHash = (symbol: string) => ({ ...WITHOUT_HASH, symbol })

test('compress lines: the newest hash of a path stays, older ones go; everything else of a line stays as it was', async () => {
  const lines = [line('A'), line('B', { sha256: 'c'.repeat(64) }), line('A', { path: 'other', symbol: 'C' })]
  await appendManifest(path(), lines)
  await compress()
  expect(await readdir(dirname(path()))).toEqual(['manifest-2025-07-01.jsonl.gz'])
  expect(await entries()).toEqual([withoutHash('A'), lines[1], lines[2]])
  const text = gunzipSync(await readFile(compressedPath(path()))).toString()
  expect(text).toContain(jsonLine(lines[1]!))
  expect(text).toContain(jsonLine(withoutHash('A')))
})

test.each([
  ['a line that says the same again, no later', [line('A'), line('A', { verdict: 'same', previous: DIGEST })], 1],
  ['the same again, later', [line('A'), line('A', { verdict: 'same', fetched_at: '2025-07-01T00:50:00.000Z' })], 2],
  ['another digest', [line('A'), line('A', { digest: HASH })], 2],
  ['a correction with the digest of before', [line('A'), line('A', { verdict: 'replaced', previous: DIGEST })], 2],
  ['a smaller answer', [line('A'), line('A', { verdict: 'kept_more_rows', refused: HASH })], 2],
  ['the same again behind a loss', [line('A'), aside('A'), line('A')], 3],
  ['a loss that is told twice', [aside('A'), aside('A')], 1],
  ['a loss, and that it was forgotten', [aside('A'), aside('A', { why: 'forgotten' })], 2],
] as const)('compress lines: of %s what counts is kept', async (_what, lines, kept) => {
  // The last line tells the hash of the path, so that none of the others is kept for it.
  await appendManifest(path(), [...lines, line('Z')])
  await compress()
  expect(await entries()).toHaveLength(kept + 1)
})

test('compress lines: a repetition that tells the newest hash of its path stays', async () => {
  await appendManifest(path(), [line('A'), line('A', { verdict: 'same', sha256: 'c'.repeat(64) })])
  await compress()
  expect((await entries()).map(({ sha256 }) => sha256)).toEqual([undefined, 'c'.repeat(64)])
})

test('compress lines: a long file is compressed stretch by stretch, each call going on where the last one ended', async () => {
  const lines = Array.from({ length: 500 }, (_, at) => line(`S${at}`, { path: `raw/${at}` }))
  await appendManifest(path(), lines)
  expect(await compress({ stretchBytes: 20_000 })).toBeGreaterThan(8)
  expect(await entries()).toEqual(lines)
})

test('compress lines: a stretch that was cut off, and one of another file, count for nothing', async () => {
  const lines = Array.from({ length: 200 }, (_, at) => line(`S${at}`, { path: `raw/${at}` }))
  await appendManifest(path(), lines)
  await compressStretch(terms({ stretchBytes: 20_000 }))
  await compressStretch(terms({ stretchBytes: 20_000 }))
  await truncate(partialPath(path()), (await stat(partialPath(path()))).size - 5)
  await compressStretch(terms({ stretchBytes: 20_000 }))
  await appendManifest(path(), [line('LATE')])
  await compress({ stretchBytes: 20_000 })
  expect(await entries()).toEqual([...lines, line('LATE')])
})

test('compress lines: a file that grew after it was compressed stays plain', async () => {
  await appendManifest(path(), [line('A')])
  expect((await compressStretch(terms())).state).toBe('compressed')
  await appendManifest(path(), [line('B')])
  expect(await replaceByCompressed(path())).toBe(false)
  expect(await lineFileAt(path())).toMatchObject({ form: 'plain' })
  expect(await entries()).toHaveLength(2)
})

test('compress lines: bad lines are left out once they are looked after, before that they are named', async () => {
  await appendManifest(path(), [line('A')])
  const { size } = await stat(path())
  await appendFile(path(), 'not json\n')
  await appendManifest(path(), [line('B')])
  expect(await compressStretch(terms())).toMatchObject({ state: 'refused', bad: [{ byte: size }] })
  expect(await readdir(dirname(path()))).toEqual(['manifest-2025-07-01.jsonl'])
  await compress({ known: new Set([size]) })
  expect(await entries()).toHaveLength(2)
})

test('compress lines: a line of a newer version that is as it was written keeps the file plain', async () => {
  await appendManifest(path(), [line('A')])
  await appendFile(path(), jsonLine({ verdict: 'moved', symbol: 'A' }))
  expect(await compressStretch(terms({ known: new Set([0, 1, 2]) }))).toEqual({ state: 'refused', bad: [], bytes: 0 })
})

test('compress lines: fields of a newer version stay, and lines without a checksum do', async () => {
  const old = { ...line('A'), shade: 'green' }
  await appendManifest(path(), [line('X', { path: 'other' })])
  await appendFile(path(), `${JSON.stringify(old)}\n`)
  await appendManifest(path(), [line('B')])
  await compress()
  const text = gunzipSync(await readFile(compressedPath(path()))).toString()
  expect(text).toContain('"shade":"green"')
  expect((await entries())[1]).toEqual(withoutHash('A'))
})

test('compress lines: a file of which only a part is compressed is not replaced', async () => {
  await appendManifest(
    path(),
    Array.from({ length: 100 }, (_, at) => line(`S${at}`, { path: `raw/${at}` })),
  )
  expect((await compressStretch(terms({ stretchBytes: 10_000 }))).state).toBe('through')
  expect(await replaceByCompressed(path())).toBe(false)
  expect(await entries()).toHaveLength(100)
})

test.each([
  ['a flipped bit', async (bytes: Buffer) => bytes.fill(bytes[30]! ^ 1, 30, 31)],
  ['other lines', async () => gzipMember(Buffer.from(jsonLine(line('A')) + jsonLine(line('C'))))],
])('compress lines: %s on the disk, otherwise than it was written, keeps the plain file', async (_what, change) => {
  await appendManifest(path(), [line('A', { path: 'other' }), line('B')])
  let members = 0
  const disk: Disk = {
    ...realDisk,
    open: async (file, flags) =>
      new Proxy(await realDisk.open(file, flags), {
        get(handle, name) {
          const value = Reflect.get(handle, name, handle)
          if (name !== 'writeFile') return typeof value === 'function' ? value.bind(handle) : value
          return async (bytes: Buffer) => handle.writeFile(++members === 2 ? await change(bytes) : bytes)
        },
      }),
  }
  await expect(compressStretch(terms({ disk }))).rejects.toThrow(/Check the disk/)
  expect(await entries()).toHaveLength(2)
})

describe('compress lines: killed at any step', () => {
  /** A disk that dies at step `last + 1`: nothing happens any more. */
  function dying(last: number): { disk: Disk; steps: () => number } {
    let steps = 0
    const alive = (): void => {
      if (++steps > last) throw Object.assign(new Error('killed'), { code: 'EKILLED' })
    }
    const disk: Disk = {
      ...realDisk,
      rename: (from, to) =>
        Promise.resolve()
          .then(alive)
          .then(() => realDisk.rename(from, to)),
      unlink: (file) =>
        Promise.resolve()
          .then(alive)
          .then(() => realDisk.unlink(file)),
      open: async (file, flags) => {
        alive()
        return new Proxy(await realDisk.open(file, flags), {
          get(handle, name) {
            const value = Reflect.get(handle, name, handle)
            if (typeof value !== 'function') return value
            if (name === 'close') return value.bind(handle)
            if (name !== 'writeFile')
              return (...args: unknown[]): unknown => {
                alive()
                return value.apply(handle, args)
              }
            return async (bytes: Buffer) => {
              try {
                alive()
              } catch (error) {
                await handle.writeFile(bytes.subarray(0, bytes.length >> 1))
                throw error
              }
              await handle.writeFile(bytes)
            }
          },
        })
      },
    }
    return { disk, steps: () => steps }
  }

  test('each line counts once before, and after the next call, which ends what was begun', async () => {
    const lines = Array.from({ length: 60 }, (_, at) => line(`S${at}`, { path: `raw/${at}` }))
    await appendManifest(path(), lines)
    const before = join(lake.root, 'before')
    await cp(dirname(path()), before, { recursive: true })
    const whole = dying(Number.POSITIVE_INFINITY)
    await compress({ stretchBytes: 8_000, disk: whole.disk })
    const both = new Set<string>()
    expect(whole.steps()).toBeGreaterThan(20)
    for (let last = 0; last < whole.steps(); last++) {
      await rm(dirname(path()), { recursive: true })
      await cp(before, dirname(path()), { recursive: true })
      await expect(compress({ stretchBytes: 8_000, disk: dying(last).disk })).rejects.toThrow()
      const left = (await readdir(dirname(path()))).sort().join(' ')
      both.add(left)
      expect(await entries()).toEqual(lines)
      // Whoever appends meanwhile loses nothing: where the compressed file stands, his line goes to the next day.
      if ((await lineFileAt(path()))?.form === 'plain') await compress({ stretchBytes: 8_000 })
      expect(await readdir(dirname(path()))).toEqual(['manifest-2025-07-01.jsonl.gz'])
      expect(await entries()).toEqual(lines)
    }
    expect(both).toContain('manifest-2025-07-01.jsonl manifest-2025-07-01.jsonl.gz')
  })

  test('a line that comes between two calls is in neither lost nor doubled', async () => {
    await appendManifest(path(), [line('A')])
    await compress()
    await writeFile(path(), jsonLine(line('A')))
    await appendManifest(path(), [line('LATE')])
    expect((await entries()).map((entry) => ('symbol' in entry ? entry.symbol : entry.path)).sort()).toEqual([
      'A',
      'LATE',
    ])
    expect((await readdir(dirname(path()))).sort()).toContain('manifest-2025-07-02.jsonl')
  })
})
