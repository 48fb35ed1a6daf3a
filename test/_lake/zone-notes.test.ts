import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Zone } from '../../functions/_calendar/zone.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { queryRawParts } from '../../functions/_lake/query-raw.ts'
import {
  notedZones,
  noteZones,
  readZoneNotes,
  UnreadableNotes,
  zoneNotesFile,
} from '../../functions/_lake/zone-notes.ts'
import { oldFile } from '../adopt/old-tree.ts'
import { dropLake, filesIn, specOf, tempLake } from './lake-fixture.ts'

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

const TREE = { vendor: 'alpaca', dataset: 'equities_bars_minute' } as const
const NOW = Date.UTC(2025, 6, 9)
const DT = '2013-10-11'
const pathOf = (symbol: string, dt = DT) => `raw/alpaca/equities_bars_minute/date=${dt}/symbol=${symbol}/data.parquet`
const noteOf = (symbol: string, zone: Zone, dt = DT) => ({ path: pathOf(symbol, dt), dt, zone })
const read = (...dts: string[]) => readZoneNotes(lake.root, TREE.vendor, TREE.dataset, dts)
const file = () => zoneNotesFile(lake.root, TREE.vendor, TREE.dataset, DT)

test('zone notes: what is noted of a file is read back, by the day of its data, and noting it again writes nothing', async () => {
  const notes = [noteOf('AAPL', 'America/New_York'), noteOf('MSFT', 'UTC'), noteOf('AAPL', 'UTC', '2013-10-10')]
  await noteZones(lake.root, TREE, notes, NOW)
  const before = await readFile(file())
  await noteZones(lake.root, TREE, notes, NOW + 1)
  expect(await readFile(file())).toEqual(before)
  expect([...(await read(DT))]).toEqual([
    [pathOf('AAPL'), 'America/New_York'],
    [pathOf('MSFT'), 'UTC'],
  ])
  expect((await read('2013-10-10', DT, '2013-10-14')).size).toBe(3)
  expect(await filesIn(lake)).toHaveLength(2)
  const known = await notedZones(lake.root, [{ file: join(lake.root, pathOf('AAPL')), ...TREE, dt: DT }])
  expect(known.get(join(lake.root, pathOf('AAPL')))).toBe('America/New_York')
})

test('zone notes: of two notes the later counts', async () => {
  await noteZones(lake.root, TREE, [noteOf('AAPL', 'UTC')], NOW)
  await noteZones(lake.root, TREE, [noteOf('AAPL', 'America/New_York')], NOW)
  expect((await read(DT)).get(pathOf('AAPL'))).toBe('America/New_York')
})

test('zone notes: a last line that was being written when the process died is not there, and swallows none that follows', async () => {
  await noteZones(lake.root, TREE, [noteOf('AAPL', 'UTC')], NOW)
  await appendFile(file(), '{"path":"raw/alp')
  expect([...(await read(DT)).keys()]).toEqual([pathOf('AAPL')])
  await noteZones(lake.root, TREE, [noteOf('MSFT', 'UTC')], NOW)
  expect([...(await read(DT)).keys()]).toEqual([pathOf('AAPL'), pathOf('MSFT')])
})

test.each([
  ['a line that is none', 'soon\n'],
  [
    'a line with another zone',
    `${JSON.stringify({ path: 'x', zone: 'Mars', adopted_at: '2025-07-09T00:00:00.000Z' })}\n`,
  ],
])('zone notes: %s is told with its file and its number, and is no fault of the raw files', async (_kind, line) => {
  await noteZones(lake.root, TREE, [noteOf('AAPL', 'UTC')], NOW)
  await appendFile(file(), line)
  await expect(read(DT)).rejects.toThrow(/zones-2013-10-11\.jsonl, got a line at byte \d+ is not as it was written/)
  const stamp = `TIMESTAMP '${DT} 13:30:00' AS t, 1.0 AS o, 1.0 AS h, 1.0 AS l, 1.0 AS c, 1 AS v`
  const raw = await oldFile(lake.duck, lake.root, pathOf('AAPL').slice('raw/'.length), `SELECT ${stamp}`)
  await expect(queryRawParts(lake, specOf('equities_bars_minute'), [raw])).rejects.toBeInstanceOf(UnreadableNotes)
})

test('zone notes: a file of notes that the disk refuses is told as such', async () => {
  await mkdir(dirname(file()), { recursive: true })
  await mkdir(file())
  await expect(read(DT)).rejects.toBeInstanceOf(UnreadableNotes)
  await writeFile(join(dirname(file()), 'adopted-2013-10-11.jsonl'), '')
  expect((await read('2013-10-10')).size).toBe(0)
})

test('zone notes: a flipped bit is told, and no other file gets its zone', async () => {
  await noteZones(lake.root, TREE, [noteOf('AAPL', 'UTC')], NOW)
  const bytes = await readFile(file())
  for (let at = 0; at < bytes.length - 1; at += 7) {
    const flipped = Buffer.from(bytes)
    flipped[at]! ^= 1
    await writeFile(file(), flipped)
    await expect(read(DT), `byte ${at}`).rejects.toThrow(/not as it was written/)
  }
})
