import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { acceptedVersions } from '../../db/attempts/accepted-versions.ts'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import type { Db } from '../../db/client.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import type { Zone } from '../../functions/_calendar/zone.ts'
import { digestRows, isSameDigest } from '../../functions/_lake/digest.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { rawFolder } from '../../functions/_lake/paths.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { partitionDays, partitionOf } from '../../functions/_market/partition.ts'
import type { Bar } from '../../functions/_market/row.ts'
import { adoptBatch } from '../../functions/adopt/adopt-batch.ts'
import type { Problem } from '../../functions/adopt/problems.ts'
import type { RawFile } from '../../functions/adopt/walk.ts'
import { curatePartition } from '../../functions/curate-partition/curate.ts'
import { dropLake, specOf, tempLake } from '../_lake/lake-fixture.ts'
import { type ForeignFile, foreignFile, isFaulty, rowsSql, zoneOfFile } from '../adopt/foreign-file.ts'
import { oldFile } from '../adopt/old-tree.ts'
import { freshDb } from '../db/temp-db.ts'

// Hundreds of files are written, adopted and curated.
vi.setConfig({ testTimeout: 240_000 })

const NOW = Date.UTC(2025, 6, 9)
/** One file of each symbol; `isSaid` where somebody says the zone of its stamps. */
type Tried = { file: ForeignFile; isSaid: boolean; symbol: string; raw: RawFile }

async function written(lake: Lake, tries: readonly { file: ForeignFile; isSaid: boolean }[]): Promise<Tried[]> {
  const all: Tried[] = []
  for (const [at, { file, isSaid }] of tries.entries()) {
    const symbol = `S${at}`
    const place = `alpaca/${file.dataset}/date=${file.dt}/symbol=${symbol}/data.parquet`
    const path = await oldFile(lake.duck, lake.root, place, rowsSql(file))
    all.push({ file, isSaid, symbol, raw: { file: path, path: join('raw', place), dt: file.dt, symbol, bytes: 1 } })
  }
  return all
}

const saidOf = ({ file, isSaid }: Tried): Zone | null => (isSaid ? zoneOfFile(file) : null)

/** The rows of the curated files, by symbol. */
async function curated(lake: Lake, db: Db, dataset: DatasetName, all: readonly Tried[]): Promise<Map<string, Bar[]>> {
  const spec = specOf(dataset)
  const calendar = calendarOf(spec.calendar)
  const rows = new Map<string, Bar[]>()
  for (const partition of new Set(all.map(({ file }) => partitionOf(spec.partition, file.dt)))) {
    const { fromDt, toDt } = partitionDays(partition)
    const sessions = calendar.sessions(fromDt, toDt).map((dt) => calendar.session(dt)!)
    const accepted = acceptedVersions(
      db,
      dataset,
      sessions.map(({ dt }) => dt),
    )
    const request = { dataset, spec, partition, sessions, vendors: ['alpaca'], refused: [], accepted }
    const { curated: built } = await curatePartition(lake, request)
    if (built === null) continue
    const columns = spec.columns.map(({ name }) => name).join(', ')
    for (const { symbol, ...row } of await lake.duck.all<Bar & { symbol: string; [name: string]: unknown }>(
      `SELECT symbol, ${columns} FROM '${built.path}' ORDER BY symbol, ts`,
    )) {
      rows.set(symbol, [...(rows.get(symbol) ?? []), row as Bar])
    }
  }
  return rows
}

test.each<DatasetName>(['equities_bars_minute', 'equities_bars'])(
  'same reading: what adopt accepts of %s is what curation yields, value for value, and all else is refused in words',
  async (dataset) => {
    const spec = specOf(dataset)
    const tries = fc.array(fc.record({ file: foreignFile(dataset), isSaid: fc.boolean() }), {
      minLength: 25,
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(tries, async (some) => {
        const lake = await tempLake()
        const db = await freshDb()
        try {
          const all = await written(lake, some)
          const problems = new Map<string, Problem>()
          const tree = {
            root: lake.root,
            vendor: 'alpaca',
            dataset,
            spec,
            folder: rawFolder(lake.root, 'alpaca', dataset),
          }
          for (const zone of [null, 'UTC', 'America/New_York'] as const) {
            const raws = all.filter((one) => saidOf(one) === zone).map(({ raw }) => raw)
            const leave = (problem: Problem) => problems.set(problem.path, problem)
            await adoptBatch({ db, duck: lake.duck }, { tree, verify: 'rows', zone, raws, place: 'x' }, leave, NOW)
          }
          const cells = all.map(({ symbol, file }) => ({ symbol, dt: file.dt }))
          const digests = new Map((await listAttempts(db, dataset, cells)).map((one) => [one.symbol, one]))
          const rows = await curated(lake, db, dataset, all)

          for (const one of all) {
            const { file, symbol, raw } = one
            const told = JSON.stringify({ ...file, bars: file.bars.length, said: saidOf(one) })
            const accepted = digests.get(symbol)
            const problem = problems.get(raw.path)
            expect(accepted === undefined, told).toBe(problem !== undefined)
            const yielded = rows.get(symbol) ?? []
            if (accepted === undefined) {
              expect(yielded, told).toEqual([])
              if (problem?.kind === 'zone') {
                expect(spec.timeframe, told).toBe('minute')
                expect(saidOf(one), told).toBeNull()
                // Doubtful stamps are nowhere, not hours off.
                expect(
                  yielded.every(({ ts }) => ts === null),
                  told,
                ).toBe(true)
              } else {
                expect(isFaulty(file), told).toBe(true)
                expect(problem?.what, told).toMatch(new RegExp(`: row \\d: ${file.fault?.column} `))
              }
              continue
            }
            expect(isFaulty(file), told).toBe(false)
            const meant = file.bars.map((bar, at) =>
              file.fault?.column === 'vwap' && at === file.bars.length - 1 ? { ...bar, vwap: null } : bar,
            )
            expect(yielded, told).toEqual(meant)
            expect(accepted.rows, told).toBe(meant.length)
            expect(isSameDigest(accepted.digest, digestRows(meant)), told).toBe(true)
          }
        } finally {
          await dropLake(lake)
        }
      }),
      { numRuns: 3 },
    )
  },
)
