/** A scene of real bars: SPY and IBM as they are, which must stay believed, and copies of them under other names with faults. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { type FolderSource, folderBars } from '../lab/folder.ts'
import { midnightOf } from '../lab/new-york.ts'
import type { LabBar } from '../lab/source.ts'
import type { Day, EvalRow, FaultClass } from './fault.ts'
import { injectIntoSlots, SLOTS } from './inject.ts'
import { cellOf, emptyScene, type Scene } from './scene.ts'

const ASOF = '2021-03-31'
const FIRST = '1998-01-02'
/** Bad prints of the source before 2007 would be mixed up with injected ones. */
const COPIES_FROM = '2007-01-03'
/** Days of real bars on which the market moved more than in most years, or the exchange was shut before. */
const EVENTS: readonly (readonly [Dt, Dt, string])[] = [
  ['2001-09-17', '2001-09-21', 'the week after 11 September 2001'],
  ['2008-09-15', '2008-12-31', 'autumn of 2008'],
  ['2010-05-06', '2010-05-07', 'flash crash of 2010'],
  ['2011-08-04', '2011-08-11', 'August 2011'],
  ['2015-08-24', '2015-08-26', 'August 2015'],
  ['2018-02-05', '2018-02-09', 'February 2018'],
  ['2020-02-24', '2020-04-09', 'spring of 2020'],
]
/** Bars that ../shared/data itself calls bad prints, and whole years in which it has some unnamed ones: no clean cells. */
const KNOWN_BAD = new Set(['IBM 2002-12-23'])
const UNNAMED_UNTIL = '2006-12-31'

export const realFolder = (): string | null => {
  const folder = join(process.cwd(), '../shared/data')
  return existsSync(join(folder, 'bars', 'daily')) ? folder : null
}

export function realScene(folder: string, seed: number, repetitions: number, classes: readonly FaultClass[]): Scene {
  const scene = emptyScene('real', ASOF)
  const bars = folderBars(join(folder, 'bars'))
  const symbols = bars.symbols()
  for (const symbol of symbols) addReal(scene, bars, symbol)
  const slot = classes.filter(({ dataset, window }) => dataset === 'equities_bars' && window === 'slot')
  const faults = slot.flatMap((fault) => Array.from({ length: repetitions }, () => fault))
  const sessions = calendarOf('xnys').sessions(COPIES_FROM, ASOF).length
  const copies = Math.ceil(faults.length / Math.floor((sessions - 60) / SLOTS.equities_bars.length)) + 1
  const names = Array.from(
    { length: copies },
    (_, at) => `R${String.fromCharCode(65 + Math.floor(at / 26), 65 + (at % 26))}`,
  )
  for (const [at, name] of names.entries()) {
    const real = scene.rows.equities_bars.get(symbols[at % symbols.length] ?? '') ?? []
    scene.rows.equities_bars.set(
      name,
      real.filter(({ dt }) => dt >= COPIES_FROM),
    )
    // The real symbols themselves are counted as clean, once.
    for (const { dt } of real) scene.touched.add(cellOf('equities_bars', name, dt))
  }
  injectIntoSlots(scene, 'equities_bars', faults, names, seed)
  return scene
}

function addReal(scene: Scene, bars: FolderSource, symbol: string): void {
  const daily = bars.daily(symbol, FIRST, ASOF)
  scene.rows.equities_bars.set(
    symbol,
    daily.map((bar) => ({ dt: bar.dt, rows: [rowOf({ ...bar, ts: midnightOf(bar.dt) })] })),
  )
  for (const { dt } of daily) {
    const event = EVENTS.find(([from, to]) => dt >= from && dt <= to)
    if (event) scene.events.set(cellOf('equities_bars', symbol, dt), event[2])
    if (KNOWN_BAD.has(`${symbol} ${dt}`) || dt <= UNNAMED_UNTIL) scene.touched.add(cellOf('equities_bars', symbol, dt))
  }
  const minutes = bars.minuteDays(symbol, FIRST, ASOF).map((dt): Day => {
    const rows = bars.minute(symbol, instantOf(dt, '00:00'), instantOf(dt, '23:59'))
    return { dt, rows: rows.map(rowOf) }
  })
  scene.rows.equities_bars_minute.set(symbol, minutes)
}

function rowOf({ ts, o, h, l, c, v, vw, n }: LabBar): EvalRow {
  return {
    ts,
    open: o ?? 0,
    high: h ?? 0,
    low: l ?? 0,
    close: c ?? 0,
    volume: v ?? 0,
    vwap: vw ?? null,
    trades: n ?? null,
  }
}
