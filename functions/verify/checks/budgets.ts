/** I5: the calls that are counted keep within every account's limit, in any minute and on any day that is still remembered. */
import { busiestDays, busiestMinutes } from '../../../db/budgets/busiest-window.ts'
import type { Check } from '../check.ts'

type Kind = 'budget-of-minute-exceeded' | 'budget-of-day-exceeded'

const TODO =
  'Was the limit lowered since? Otherwise read the log of that time: an account was asked more than it allows.'

export const check: Check<Kind> = {
  id: 'budgets',
  about: 'calls counted in windows of a minute and of a day against the limits of the configuration',
  mode: 'fast',
  needsDb: true,
  kinds: {
    'budget-of-minute-exceeded': {
      invariant: 'I5',
      severity: 'error',
      means: 'more calls in one minute than the account allows',
      todo: TODO,
    },
    'budget-of-day-exceeded': {
      invariant: 'I5',
      severity: 'error',
      means: 'more calls on one day than the account allows',
      todo: TODO,
    },
  },
  places: async () => ['budgets'],
  async look({ db, config }, _place, report) {
    const minutes = await busiestMinutes(db)
    const days = await busiestDays(db)
    for (const { vendor, startsAt, calls } of minutes) {
      const most = config.vendors[accountOf(vendor)]?.calls_per_minute
      if (most === undefined || calls <= most) continue
      report('budget-of-minute-exceeded', `${vendor} ${textOf(startsAt)}`, `at most ${most} calls`, `${calls}`)
    }
    for (const { vendor, startsAt, calls } of days) {
      const most = config.vendors[accountOf(vendor)]?.calls_per_day ?? null
      if (most === null || calls <= most) continue
      report('budget-of-day-exceeded', `${vendor} ${textOf(startsAt)}`, `at most ${most} calls`, `${calls}`)
    }
    return minutes.length + days.length
  },
}

/** A host of its own has a budget of its own, within the same limits. */
const accountOf = (vendor: string): string => vendor.replace(/\.trading$/, '')
const textOf = (instant: number): string => new Date(instant).toISOString()
