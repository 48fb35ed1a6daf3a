/** A vendor is dead the whole night: what the others have is there all the same, and what nobody has is explained. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'
import { ABSENCE_REASONS } from '../../functions/_market/outcome.ts'
import { type NightReport, playNight } from './night.ts'

const VENDORS = ['alpaca', 'massive', 'fred'] as const

/** Two liquid names, one with a dot, a thin one; a month with dividends and a half day. Both bar vendors have holes of their own. */
const SCENE = ['--symbols', 'SPY,AAPL,BRK.B,SEB', '--from', '2025-06-09', '--seed', '3']

interface LedgerRow extends Record<string, unknown> {
  dataset: string
  symbol: string
  dt: string
  status: string
  reason: string | null
  flags: string
  rows: number
  vendor: string | null
}

interface Night extends NightReport {
  /** By dataset, symbol and day. */
  ledger: Map<string, LedgerRow>
}

const roots: string[] = []
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))))

async function play(args: readonly string[]): Promise<Night> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-night-'))
  roots.push(root)
  const night = await playNight(root, args)
  const lake = openLake({ root: join(root, 'reader'), exportRoot: join(root, 'reader') })
  try {
    const ledger = join(night.bundle.path, 'qc/partition_status.parquet')
    const rows = await lake.duck.all<LedgerRow>(
      `SELECT dataset, symbol, dt, status, reason, flags, rows, vendor FROM read_parquet('${ledger}')`,
    )
    return { ...night, ledger: new Map(rows.map((row) => [`${row.dataset} ${row.symbol} ${row.dt}`, row])) }
  } finally {
    await closeLake(lake)
  }
}

/** A cell that has data, or of which the vendor said that there is nothing to have. */
const isServed = ({ rows, status, reason }: LedgerRow): boolean =>
  rows > 0 ? status !== 'RED' : reason === 'SOURCE_SAYS_NONE'

const isExplained = ({ rows, reason, flags }: LedgerRow): boolean =>
  rows > 0 ? flags !== '' : ABSENCE_REASONS.some((known) => known === reason)

const cellsThat = ({ ledger }: Night, holds: (row: LedgerRow) => boolean): string[] =>
  [...ledger].filter(([, row]) => holds(row)).map(([cell]) => cell)

const servedIn = (night: Night): Set<string> => new Set(cellsThat(night, isServed))
const violationsIn = ({ vendors }: Night): number[] => Object.values(vendors).map(({ violations }) => violations)
const presentOf = (night: Night, dataset: string): number =>
  cellsThat(night, (row) => row.dataset === dataset && row.rows > 0).length

/** Nights of which only one vendor, or all but one, lives; and the one in which Alpaca dies half-way. */
const NIGHTS = {
  'half-way': [],
  'alpaca dead': ['--kill', 'alpaca'],
  'massive dead': ['--kill', 'massive'],
  'fred dead': ['--kill', 'fred'],
  'only alpaca': ['--kill', 'massive,fred'],
  'only massive': ['--kill', 'alpaca,fred'],
  'only fred': ['--kill', 'alpaca,massive'],
} satisfies Record<string, string[]>
type NightName = keyof typeof NIGHTS

const nights = new Map<NightName, Night>()
const nightOf = (name: NightName): Night => {
  const night = nights.get(name)
  if (!night) throw new Error(`the night ${name} was not played`)
  return night
}

beforeAll(async () => {
  const left = Object.entries(NIGHTS) as [NightName, string[]][]
  const playNext = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      nights.set(next[0], await play([...SCENE, '--plan', 'open', ...next[1]]))
    }
  }
  await Promise.all([playNext(), playNext()])
})

describe('any vendor dies: each vendor alone', () => {
  test.each(VENDORS)('%s can serve something, and the night says of everything else that it is not there', (vendor) => {
    const alone = nightOf(`only ${vendor}`)
    expect(servedIn(alone).size).toBeGreaterThan(10)
    expect(new Set([...alone.ledger.values()].flatMap((row) => row.vendor ?? []))).toEqual(new Set([vendor]))
    expect(violationsIn(alone)).toEqual([0, 0, 0])
  })

  test('no vendor has everything the others have, so that each is missed', () => {
    const [alpaca, massive, fred] = VENDORS.map((vendor) => servedIn(nightOf(`only ${vendor}`)))
    expect([...(massive ?? [])].filter((cell) => !alpaca?.has(cell)).length).toBeGreaterThan(5)
    expect([...(alpaca ?? [])].filter((cell) => !massive?.has(cell)).length).toBeGreaterThan(0)
    expect([...(fred ?? [])].filter((cell) => !alpaca?.has(cell)).length).toBeGreaterThan(5)
    for (const dataset of ['equities_bars', 'equities_bars_minute', 'options_bars', 'corporate_actions']) {
      expect(presentOf(nightOf('only alpaca'), dataset)).toBeGreaterThan(0)
      expect(presentOf(nightOf('only massive'), dataset)).toBeGreaterThan(0)
    }
  })
})

describe.each(VENDORS)('any vendor dies: %s is dead all night', (dead) => {
  const others = VENDORS.filter((vendor) => vendor !== dead)
  const night = (): Night => nightOf(`${dead} dead`)

  test('whatever another vendor can serve is there, from another vendor', () => {
    const served = servedIn(night())
    for (const other of others) {
      expect([...servedIn(nightOf(`only ${other}`))].filter((cell) => !served.has(cell))).toEqual([])
    }
    expect(cellsThat(night(), ({ vendor }) => vendor === dead)).toEqual([])
    expect(night().vendors[dead]).toMatchObject({ rows: 0 })
    expect(night().vendors[dead]?.calls).toBeGreaterThan(0)
  })

  test('whatever nobody can serve has a reason, and no budget was exceeded', () => {
    expect(cellsThat(night(), (row) => !isServed(row) && !isExplained(row))).toEqual([])
    expect(cellsThat(night(), ({ flags }) => flags.split(',').includes('MISSING'))).toEqual([])
    expect(violationsIn(night())).toEqual([0, 0, 0])
  })
})

test('any vendor dies: a vendor that dies half-way costs nothing that another one has', () => {
  const night = nightOf('half-way')
  const served = servedIn(night)
  for (const other of ['massive', 'fred'] as const) {
    expect([...servedIn(nightOf(`only ${other}`))].filter((cell) => !served.has(cell))).toEqual([])
  }
  expect(cellsThat(night, (row) => !isServed(row) && !isExplained(row))).toEqual([])
  expect(cellsThat(night, ({ vendor }) => vendor === 'alpaca').length).toBeGreaterThan(0)
  expect(violationsIn(night)).toEqual([0, 0, 0])
})

describe('any vendor dies: Alpaca is dead and Massive answers five calls a minute behind its walls', () => {
  let night: Night
  beforeAll(async () => {
    night = await play(['--symbols', 'SPY,AAPL,BRK.B,SEB', '--seed', '3', '--from', '2025-06-30', '--kill', 'alpaca'])
  })

  test('options of recent sessions and corporate actions come from Massive within its budget', () => {
    const from = (dataset: string, dt: string): (string | null)[] =>
      cellsThat(night, (row) => row.dataset === dataset && row.dt === dt && row.rows > 0).map(
        (cell) => night.ledger.get(cell)?.vendor ?? null,
      )
    expect(from('options_bars', '2025-07-07')).toEqual(['massive', 'massive'])
    expect(from('options_bars', '2025-07-03')).toEqual(['massive', 'massive'])
    expect(cellsThat(night, (row) => row.dataset === 'corporate_actions' && !isServed(row))).toEqual([])
    expect(night.vendors.massive?.calls).toBeGreaterThan(50)
    expect(violationsIn(night)).toEqual([0, 0, 0])
  })

  test('what Massive will have tomorrow only is explained', () => {
    expect(cellsThat(night, (row) => !isServed(row) && !isExplained(row))).toEqual([])
  })
})
