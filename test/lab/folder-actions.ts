/** Corporate actions of a folder's corporate_actions/*.csv, with the days the files do not hold filled in by custom. */
import { addDays, isDt } from '../../functions/_market/dt.ts'
import { type ActionSource, fraction, type LabAction } from './action-source.ts'
import type { FolderSource } from './folder.ts'

/**
 * Splits and dividends as the files hold them. The files have no record, payment or announcement days: recorded on the ex date,
 * paid 18 days later, announced 14 days before. A row without a day or with a ratio or an amount of 0 or less is left out.
 */
export function folderActions(folder: FolderSource): ActionSource {
  let made: LabAction[] | undefined
  return {
    actions() {
      made ??= read(folder)
      return made
    },
  }
}

function read(folder: FolderSource): LabAction[] {
  const { splits, dividends } = folder.actions()
  const actions: LabAction[] = []
  for (const { symbol = '', ex_date: exDt = '', ratio_new_per_old: text } of splits) {
    const ratio = Number(text)
    if (isDt(exDt) && ratio > 0)
      actions.push({ kind: 'split', symbol, exDt, ...fraction(ratio), knownDt: addDays(exDt, -14) })
  }
  for (const { symbol = '', ex_date: exDt = '', implied_dividend: text } of dividends) {
    const cash = Number(text)
    if (!isDt(exDt) || !(cash > 0)) continue
    const days = { exDt, recordDt: exDt, payDt: addDays(exDt, 18), knownDt: addDays(exDt, -14) }
    actions.push({ kind: 'dividend', symbol, ...days, cash, special: false, frequency: 4 })
  }
  return actions
}
