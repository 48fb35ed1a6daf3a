import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Lake } from '../../functions/_lake/lake.ts'
import { ledgerFile, ledgerFragment } from '../../functions/_lake/paths.ts'
import { consolidateLedger } from '../../functions/_ledger/ledger.ts'
import { intactParts } from '../../functions/_ledger/ledger-parts.ts'
import { addDays, type Dt, weekday } from '../../functions/_market/dt.ts'
import { isTurn } from '../../functions/export/known-files.ts'
import { recordedFragments } from '../../functions/export/stage-fragments.ts'
import { smallLake } from '../qc-partition/small-lake.ts'
import { D2, datasetsOf, fill } from './recorded-lake.ts'

let lake: Lake
let path: string
const PLACE = 'qc/ledger/equities_bars/2023.parquet'
beforeEach(async () => {
  lake = await smallLake()
  await fill(lake)
  path = ledgerFragment(lake.root, 'equities_bars', '2023')
  await consolidateLedger(lake, (await recorded()).fragments)
})

const recorded = async (asof: Dt = D2) =>
  recordedFragments(lake, datasetsOf(lake, asof), await intactParts(ledgerFile(lake.root)), asof)
const faults = async (asof?: Dt) =>
  (await recorded(asof)).damaged.map(({ partition, found }) => `${partition}: ${found}`)

/** Other bytes, with the time of before. */
async function rot(): Promise<void> {
  const bytes = await readFile(path)
  bytes[20]! ^= 1
  await writeFile(path, bytes)
  await utimes(path, 1, 1)
}

function turnOf(place: string): Dt {
  for (let dt: Dt = '2024-07-08'; ; dt = addDays(dt, 1)) if (weekday(dt) % 6 !== 0 && isTurn(place, dt)) return dt
}

describe('ledger fragments', () => {
  test('are all that the database recorded, where nothing happened to them', async () => {
    expect(await faults()).toEqual([])
    expect((await recorded()).fragments.map(({ dataset, partition }) => `${dataset} ${partition}`)).toContain(
      'equities_bars 2023',
    )
  })

  test('are found missing, or damaged where they were written since the ledger', async () => {
    await writeFile(path, 'other bytes')
    expect(await faults()).toEqual(['2023: its verdicts are damaged'])
    await rm(path)
    expect(await faults()).toEqual(['2023: its verdicts are missing'])
  })

  test('are found damaged though the ledger was damaged after them', async () => {
    await rot()
    const ledger = ledgerFile(lake.root)
    const bytes = await readFile(ledger)
    bytes[20]! ^= 1
    await writeFile(ledger, bytes)
    expect(await faults()).toEqual(['2023: its verdicts are damaged'])
  })

  test('that rotted without a trace are found when their turn comes, or when the ledger no longer has their rows', async () => {
    await rot()
    expect(isTurn(PLACE, D2)).toBe(false)
    expect(await faults()).toEqual([])
    expect(await faults(turnOf(PLACE))).toEqual(['2023: its verdicts are damaged'])
    await rm(ledgerFile(lake.root))
    expect(await faults()).toEqual(['2023: its verdicts are damaged'])
  })
})
