/** The scene of the first night: the shipped configuration and schedule, a universe of so many symbols, and vendors that hold all of it. */
import { resolve } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt } from '../../functions/_market/dt.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { syntheticActions } from '../lab/action-source.ts'
import type { ActionSource, LabVendorName, OptionSource } from '../lab/lab.ts'
import { syntheticBars } from '../lab/synthetic.ts'
import { syntheticOptions } from '../lab/synthetic-options.ts'
import { ASOF } from './dispatch-scenes.ts'

export interface NightScene {
  config: Config
  symbols: string[]
  actions: ActionSource
  options: OptionSource
}

export const SEED = 7
/** The scene in which a vendor dies; the other one is `all-well`. */
export const DEATH = 'one-vendor-dying'
/** The vendor that is gone for good after a quarter of the foreseen time. */
export const DYING: LabVendorName = 'alpaca'

/** The symbols of the shipped universe come first, because the shipped datasets name some of them; the rest are invented and always lived. */
export async function nightScene(symbols: number, seed: number = SEED): Promise<NightScene> {
  const shipped = await loadConfig({ folder: resolve('config'), vendors: CONNECTORS.map(({ name }) => name) })
  const first = calendarOf('xnys').first
  const universe: Config['universe'] = [
    ...shipped.universe,
    ...Array.from({ length: symbols }, (_, at) => ({ symbol: inventedName(at), from: first, to: null })),
  ].slice(0, symbols)
  const from: Dt = '2000-01-03'
  const to = addDays(ASOF, 60)
  return {
    config: { ...shipped, universe },
    symbols: universe.flatMap(({ symbol, was = [] }) => [symbol, ...was.map((name) => name.symbol)]),
    actions: syntheticActions({ seed, universe, from, to }),
    options: syntheticOptions({
      seed,
      underliers: shipped.datasets.options_bars?.only ?? [],
      bars: syntheticBars({ seed, universe, vendor: 'alpaca' }),
      from: addDays(ASOF, -120),
      to,
    }),
  }
}

/** Four letters, of which the first is no usual one: no ticker of the shipped universe. */
const inventedName = (at: number): string =>
  `Q${[676, 26, 1].map((unit) => String.fromCharCode(65 + (Math.floor(at / unit) % 26))).join('')}`
