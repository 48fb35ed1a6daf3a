/** What a rebuild makes of compressed manifests is, row by row, what it makes of the plain ones. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { Db } from '../../db/client.ts'
import { appendDurable } from '../../functions/_lake/atomic.ts'
import { noteRepaired } from '../../functions/_lake/bad-lines.ts'
import { sha256 } from '../../functions/_lake/digest.ts'
import { openLake } from '../../functions/_lake/lake.ts'
import { appendManifest, type NewEntry, type SetAsideLine } from '../../functions/_lake/manifest.ts'
import { manifestFile, rawFile } from '../../functions/_lake/paths.ts'
import { compressManifests } from '../../functions/_recovery/compress-manifests.ts'
import { replayManifests } from '../../functions/_recovery/replay-manifests.ts'
import { freshDb } from '../db/temp-db.ts'
import { shippedConfig } from '../write-config.ts'

vi.setConfig({ testTimeout: 300_000 })

const NOW = Date.UTC(2025, 8, 1)
const DAYS = ['2025-07-01', '2025-07-02', '2025-07-03'] as const
const LAYOUTS = { equities_bars: 'date', equities_bars_minute: 'date-symbol' } as const
type Place = keyof typeof LAYOUTS

/** One line as it may be appended on a day: times in any order, few digests and hashes, so that lines agree and disagree often. */
interface Told {
  day: number
  dataset: Place
  symbol: string
  dt: string
  verdict: 'new' | 'same' | 'replaced' | 'kept_more_rows' | 'set_aside' | 'compacted' | 'bad'
  digest: number
  previous: number | null
  hash: number | null
  why: SetAsideLine['why']
  minute: number
  adopted: number | null
}

const told: fc.Arbitrary<Told> = fc.record({
  day: fc.constantFrom(0, 1, 1, 1, 2),
  dataset: fc.constantFrom<Place>('equities_bars', 'equities_bars_minute'),
  symbol: fc.constantFrom('AAPL', 'AAPL', 'AAPL', 'MSFT'),
  dt: fc.constantFrom('2025-06-27', '2025-06-27', '2025-06-27', '2025-06-30'),
  verdict: fc.constantFrom(
    'new',
    'new',
    'same',
    'same',
    'same',
    'replaced',
    'kept_more_rows',
    'set_aside',
    'compacted',
    'bad',
  ),
  digest: fc.nat(1),
  previous: fc.option(fc.nat(2)),
  hash: fc.option(fc.nat(3), { freq: 5 }),
  why: fc.constantFrom('damaged', 'gone', 'forgotten'),
  minute: fc.nat(12),
  adopted: fc.constantFrom(null, null, null, 3, 9),
})

const digestOf = (number: number): string => sha256(`digest ${number}`)
const instant = (minute: number): string => new Date(Date.UTC(2025, 6, 1, 12, minute)).toISOString()

function lineOf(root: string, line: Told): NewEntry {
  const { dataset, symbol, dt, verdict } = line
  if (verdict === 'compacted') {
    const path = rawFile(root, 'alpaca', dataset, 'date', dt, symbol).slice(root.length + 1)
    const sha256 = digestOf((line.hash ?? 0) + 10)
    return { dataset, dt, vendor: 'alpaca', verdict, cells: 1, path, sha256, at: instant(line.minute) }
  }
  const cell = { dataset, symbol, dt, vendor: 'alpaca' }
  const path = rawFile(root, 'alpaca', dataset, LAYOUTS[dataset], dt, symbol).slice(root.length + 1)
  if (verdict === 'set_aside')
    return {
      ...cell,
      verdict,
      why: line.why,
      path,
      ...(line.hash === null ? {} : { sha256: digestOf(line.hash + 10) }),
      at: instant(line.minute),
    }
  return {
    ...cell,
    feed: 'sip',
    adjustment: 'raw',
    rows: 1 + line.digest,
    digest: digestOf(line.digest),
    previous: line.previous === null ? null : digestOf(line.previous),
    verdict: verdict === 'bad' ? 'new' : verdict,
    ...(verdict === 'replaced' ? { difference: { added: line.digest, removed: 0, changed: 1, fields: [] } } : {}),
    path,
    sha256: digestOf((line.hash ?? 0) + 10),
    fetched_at: instant(line.minute),
    ...(line.adopted === null ? {} : { adopted_at: instant(line.adopted) }),
  }
}

async function written(root: string, history: readonly Told[]): Promise<void> {
  for (const line of history.toSorted((a, b) => a.day - b.day)) {
    const file = manifestFile(root, 'alpaca', line.dataset, DAYS[line.day]!)
    if (line.verdict === 'bad') await appendDurable(file, [`${JSON.stringify(lineOf(root, line)).slice(0, -9)}\n`])
    else await appendManifest(file, [lineOf(root, line)])
  }
}

/** Every table but the marks, its rows in the order of their text. That a plain manifest has bad lines is not told of a compressed one, which has none. */
async function rowsOf(db: Db): Promise<Record<string, string[]>> {
  const tables = await db.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'manifests' ORDER BY name`,
  )
  const found: Record<string, string[]> = {}
  for (const { name } of tables) {
    const rows = await db.all<Record<string, unknown>>(sql.raw(`SELECT * FROM "${name}"`))
    found[name] = rows
      .map((row) =>
        JSON.stringify(row, (_key, value) =>
          value instanceof ArrayBuffer ? Buffer.from(value).toString('hex') : (value as unknown),
        ),
      )
      .filter((row) => !row.startsWith('{"path":"manifests/'))
      .sort()
  }
  return found
}

const config = await shippedConfig()

async function rebuilt(
  root: string,
): Promise<{ rows: Record<string, string[]>; context: Parameters<typeof replayManifests>[0] }> {
  const db = await freshDb()
  const context = {
    config,
    db,
    lake: openLake({ root, exportRoot: join(root, 'exports') }),
    now: () => NOW,
    log: () => {},
  }
  await replayManifests(context, () => 0)
  return { rows: await rowsOf(db), context }
}

test('compress manifests: a rebuild from compressed manifests gives the database that the plain ones give, whatever was told in whatever order', async () => {
  let dropped = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(told, { minLength: 1, maxLength: 40 }),
      fc.constantFrom(400, 4_000, 1_000_000),
      async (history, stretchBytes) => {
        const root = await mkdtemp(join(tmpdir(), 'compressed-'))
        try {
          await written(root, history)
          const { rows, context } = await rebuilt(root)
          const names = await readdir(join(root, 'manifests'), { recursive: true })
          for (const name of names.filter((one) => one.endsWith('.bad')))
            await noteRepaired(join(root, 'manifests', name.replace(/\.bad$/, '')), NOW)
          const plain = names.filter((one) => one.endsWith('.jsonl')).length
          expect(await compressManifests(context, { stretchBytes })).toEqual({ files: plain, more: false })
          const left = await readdir(join(root, 'manifests'), { recursive: true })
          expect(left.filter((one) => one.endsWith('.jsonl'))).toEqual([])
          const again = await rebuilt(root)
          expect(again.rows).toEqual(rows)
          // The marks hold on: what is known stays known in the other form.
          expect(await replayManifests(context, () => 0)).toMatchObject({ restored: expect.any(Number) })
          dropped += plain
        } finally {
          await rm(root, { recursive: true, force: true })
        }
      },
    ),
    { numRuns: 60, seed: 7 },
  )
  expect(dropped).toBeGreaterThan(60)
})
