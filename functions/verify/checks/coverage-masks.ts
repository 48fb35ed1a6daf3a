/** I3, I4: the coverage masks say what the evidence says, and no cell is present and absent at once. */
import { versionsOfDay } from '../../../db/attempts/versions-of-day.ts'
import type { Db } from '../../../db/client.ts'
import { contradictedAbsences, type MonthMasks, masksOfMonth } from '../../../db/coverage/masks-of-month.ts'
import { evidenceMonths } from '../../../db/coverage/rebuild-coverage.ts'
import { type Dt, dayBit, dtsOfMask } from '../../_market/dt.ts'
import { type Check, datasetOfPlace, datasetsIn } from '../check.ts'

type Kind =
  | 'mask-without-version'
  | 'version-without-mask'
  | 'present-and-absent'
  | 'mask-without-presence'
  | 'absence-of-present'
  | 'version-twice'

const REBUILD = 'POST /audit {"rebuild":true} makes the masks anew from the evidence.'

export const check: Check<Kind> = {
  id: 'coverage-masks',
  about: 'coverage masks against the evidence of attempts, and the masks against each other',
  mode: 'fast',
  needsDb: true,
  kinds: {
    'mask-without-version': {
      invariant: 'I1',
      severity: 'error',
      means: 'a cell counts as present, and no vendor has delivered it: it is never asked for again',
      todo: REBUILD,
    },
    'version-without-mask': {
      invariant: 'I4',
      severity: 'warning',
      means: 'a cell was delivered, and does not count as present: it is asked for again',
      todo: REBUILD,
    },
    'present-and-absent': {
      invariant: 'I3',
      severity: 'error',
      means: 'a cell is present and absent at once',
      todo: REBUILD,
    },
    'mask-without-presence': {
      invariant: 'I3',
      severity: 'error',
      means: 'a cell is short or held, and not present',
      todo: REBUILD,
    },
    'absence-of-present': {
      invariant: 'I4',
      severity: 'warning',
      means: 'a present cell has a reason for its absence',
      todo: REBUILD,
    },
    'version-twice': {
      invariant: 'I4',
      severity: 'warning',
      means: 'the evidence of a version is a row of attempts and packed as well',
      todo: 'POST /enqueue for the cell keeps the row.',
    },
  },
  async places(context) {
    const places: string[] = []
    for (const { dataset } of datasetsIn(context)) {
      for (const { month, dts } of await evidenceMonths(context.db, dataset)) {
        places.push(`${dataset}/${month}`)
        context.memo.set(`days of ${dataset}/${month}`, dts)
      }
    }
    return places
  },
  async look(context, place, report) {
    const { dataset, rest: month } = datasetOfPlace(context, place)
    const days = (context.memo.get(`days of ${place}`) ?? []) as Dt[]
    const delivered = await deliveredIn(context.db, dataset, days, (vendor, symbol, dt) =>
      report('version-twice', `${vendor} ${dataset} ${symbol} ${dt}`, 'a row, or packed', 'both'),
    )
    const masks = await masksOfMonth(context.db, dataset, month)
    const tell = (kind: Kind, symbol: string, mask: number, expected: string, found: string): void => {
      for (const dt of dtsOfMask(month, mask)) report(kind, `${dataset} ${symbol} ${dt}`, expected, found)
    }
    for (const { symbol, present, short, absent, held } of masks) {
      const has = delivered.get(symbol) ?? 0
      tell('mask-without-version', symbol, present & ~has, 'a version of the cell', 'its mask alone')
      tell('version-without-mask', symbol, has & ~present, 'the cell to be present', 'it is not')
      tell('present-and-absent', symbol, present & absent, 'present or absent', 'both')
      tell('mask-without-presence', symbol, (short | held) & ~present, 'the cell to be present', 'it is not')
    }
    const masked = new Set(masks.map(({ symbol }: MonthMasks) => symbol))
    for (const [symbol, has] of delivered) {
      if (!masked.has(symbol)) tell('version-without-mask', symbol, has, 'the cell to be present', 'it is not')
    }
    for (const { symbol, dt, reason } of await contradictedAbsences(context.db, dataset, month)) {
      report('absence-of-present', `${dataset} ${symbol} ${dt}`, 'no reason for an absence', reason)
    }
    return masks.length
  },
}

/** The days each symbol has from any vendor, as masks. */
async function deliveredIn(
  db: Db,
  dataset: string,
  dts: readonly Dt[],
  onTwice: (vendor: string, symbol: string, dt: Dt) => void,
): Promise<Map<string, number>> {
  const masks = new Map<string, number>()
  for (const dt of dts) {
    const bit = dayBit(dt)
    const seen = new Set<string>()
    for (const { symbol, vendor, isLost } of await versionsOfDay(db, dataset, dt)) {
      if (seen.has(`${vendor} ${symbol}`)) onTwice(vendor, symbol, dt)
      seen.add(`${vendor} ${symbol}`)
      if (!isLost) masks.set(symbol, (masks.get(symbol) ?? 0) | bit)
    }
  }
  return masks
}
