/** What the vendors of a lab that runs by itself hold: an invented market of every ticker, or a person's files. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt, minDt, yearsBefore } from '../../functions/_market/dt.ts'
import { OptionError } from '../demo/arguments.ts'
import { withSplit } from '../demo/scenario.ts'
import { syntheticActions } from './action-source.ts'
import { folderBars } from './folder.ts'
import { folderActions } from './folder-actions.ts'
import { folderOptions } from './folder-options.ts'
import { folderYields } from './folder-yields.ts'
import type { LabOptions } from './lab.ts'
import { makeHoles, syntheticBars, syntheticYields } from './synthetic.ts'
import { syntheticOptions } from './synthetic-options.ts'

export type Market = Pick<LabOptions, 'alpaca' | 'massive' | 'fred' | 'actions' | 'options'>

/** Years in which vendors lack some cells: what is older would fill memory with holes that few nodes look at. */
const HOLE_YEARS = 3
/** Years of actions and of option expiries, before and after the day. */
const YEARS_BEFORE = 25
const OPTION_YEARS_BEFORE = 2
const DAYS_AFTER = 400

/** The invented market around the New York day `dt`. */
export function inventedMarket(seed: number, { universe: listed, datasets }: Config, dt: Dt): Market {
  const calendar = calendarOf('xnys')
  const until = minDt(addDays(dt, DAYS_AFTER), calendar.last)
  const sessions = calendar.sessions(yearsBefore(dt, HOLE_YEARS), until)
  const underliers = datasets.options_bars?.only ?? []
  const universe = withSplit(listed, underliers, sessions)
  const holes = makeHoles(seed, universe, sessions)
  const bars = (vendor: 'alpaca' | 'massive') => syntheticBars({ seed, universe, vendor, holes, knowsAll: true })
  const actions = syntheticActions({ seed, universe, from: yearsBefore(dt, YEARS_BEFORE), to: until })
  const options = syntheticOptions({
    seed,
    underliers,
    bars: syntheticBars({ seed, universe, vendor: 'alpaca' }),
    from: yearsBefore(dt, OPTION_YEARS_BEFORE),
    to: until,
  })
  return {
    alpaca: bars('alpaca'),
    massive: bars('massive'),
    fred: syntheticYields(seed),
    actions: { alpaca: actions, massive: actions },
    options: { alpaca: options, massive: options },
  }
}

/** A folder with `bars/`, `macro/` and `options/`, or one of bars itself; what it lacks no vendor has, but yields are invented. */
export function folderMarket(seed: number, folder: string): Market {
  const at = (name: string): string | undefined => (existsSync(join(folder, name)) ? resolve(folder, name) : undefined)
  const barsAt = at('bars') ?? (at('daily') || at('minute') ? resolve(folder) : undefined)
  const [yieldsAt, optionsAt] = [at('macro'), at('options')]
  if (!barsAt && !yieldsAt && !optionsAt) {
    throw new OptionError(
      `--data ${folder} holds nothing to serve: give a folder with bars/, macro/ or options/, or with daily/ or minute/`,
    )
  }
  try {
    const bars = barsAt === undefined ? undefined : folderBars(barsAt)
    const actions = bars && folderActions(bars)
    const options = optionsAt === undefined ? undefined : folderOptions(optionsAt)
    return {
      ...(bars ? { alpaca: bars, massive: bars } : {}),
      fred: yieldsAt === undefined ? syntheticYields(seed) : folderYields(yieldsAt),
      ...(actions ? { actions: { alpaca: actions, massive: actions } } : {}),
      ...(options ? { options: { alpaca: options, massive: options } } : {}),
    }
  } catch (error) {
    throw new OptionError(`--data ${folder} cannot be used: ${error instanceof Error ? error.message : error}`)
  }
}
