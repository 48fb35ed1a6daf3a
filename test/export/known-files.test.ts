import { open, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Lake } from '../../functions/_lake/lake.ts'
import { bundleFolder, curatedFile } from '../../functions/_lake/paths.ts'
import { addDays, type Dt, weekday } from '../../functions/_market/dt.ts'
import { buildBundle } from '../../functions/export/bundle.ts'
import { isTurn, knownFiles, SESSIONS_FOR_ALL } from '../../functions/export/known-files.ts'
import { dailyBar, smallLake } from '../qc-partition/small-lake.ts'
import { addBars, D1, D2, OLD, recordsOf, requestOn } from './recorded-lake.ts'

const PATH = 'curated/equities_bars/year=2023/data.parquet'

let lake: Lake
let curated: string
beforeEach(async () => {
  lake = await smallLake()
  curated = await addBars(lake, 'equities_bars', '2023', [dailyBar('AAPL', OLD)])
  await buildBundle(lake, requestOn(lake, D1))
})

const recorded = (): string => recordsOf(lake).get('equities_bars 2023')!.curatedSha256!
const known = async (file = curated, asof = D2) => (await knownFiles(lake.exportRoot, asof))(PATH, file, recorded())

/** Turns a bit in place, as a failing disk does. */
async function turnBit(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[20]! ^= 1
  const file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.length, 0)
  await file.close()
}

/** The weekdays from a day on. */
function weekdaysFrom(first: Dt, count: number): Dt[] {
  const days: Dt[] = []
  for (let dt = first; days.length < count; dt = addDays(dt, 1)) if (weekday(dt) % 6 !== 0) days.push(dt)
  return days
}

describe('known files', () => {
  test('know the rows of a file that an earlier bundle hashed, and of no other', async () => {
    expect(isTurn(PATH, D2)).toBe(false)
    expect(await known()).toMatchObject({ rows: 1 })
    expect(await known(join(bundleFolder(lake.exportRoot, D1), PATH))).toMatchObject({ rows: 1 })
    expect(await (await knownFiles(lake.exportRoot, D2))(PATH, curated, '0'.repeat(64))).toBeUndefined()
    expect(await (await knownFiles(lake.exportRoot, D2))(`${PATH}.not`, curated, recorded())).toBeUndefined()
    expect(await known(curated, OLD)).toBeUndefined()
  })

  test('do not know a file that was written in place since, nor one with the same bytes in its place', async () => {
    const bytes = await readFile(curated)
    await writeFile(`${curated}.other`, bytes)
    const { atime, mtime } = await stat(curated)
    await utimes(`${curated}.other`, atime, mtime)
    expect(await known(`${curated}.other`)).toBeUndefined()
    await turnBit(curated)
    expect(await known()).toBeUndefined()
    await rename(`${curated}.other`, curated)
    expect(await known()).toBeUndefined()
  })

  test('give every file a turn once in forty weekdays, whatever day they begin', () => {
    for (const first of ['2024-01-01', '2024-07-04', '2025-02-28']) {
      const days = weekdaysFrom(first, SESSIONS_FOR_ALL)
      for (const path of [PATH, 'one', 'two']) expect(days.filter((dt) => isTurn(path, dt))).toHaveLength(1)
    }
  })

  test('let rot that leaves no trace be found by the bundle whose turn it is', async () => {
    const file = curatedFile(lake.root, 'equities_bars', 'year', '2023')
    const { atime } = await stat(file)
    await turnBit(file)
    await utimes(file, atime, new Date(2024, 0, 1))
    const [before, turn] = weekdaysFrom('2024-07-08', SESSIONS_FOR_ALL).reduce<Dt[]>(
      (pair, dt, at, days) => (at > 0 && isTurn(PATH, dt) ? [days[at - 1]!, dt] : pair),
      [],
    )
    const damaged = async (asof: Dt) => (await buildBundle(lake, requestOn(lake, asof))).damaged
    expect(await damaged(before!)).toBe(0)
    expect(await damaged(turn!)).toBe(1)
  })
})
