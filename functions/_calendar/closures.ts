/** Which weekdays a calendar is closed and what each closure is called, worked out from holidays and named one-off closures. */
import { addDays, type Dt } from '../_market/dt.ts'
import type { Holiday } from './holidays.ts'
import { isWeekend, yearOf } from './weekdays.ts'

/** A closure that no rule foretold. */
export interface OneOff {
  name: string
  dts: readonly Dt[]
}

export interface ClosureRules {
  /** The calendar, for messages. */
  name: string
  first: Dt
  last: Dt
  holidays: readonly Holiday[]
  oneOffs: readonly OneOff[]
}

export interface Closures {
  /** Why a day has no session (`Good Friday`, `Independence Day (observed)`, `weekend`), or undefined when it has one. */
  nameOf(dt: Dt): string | undefined
  /** The days with a session, ascending. */
  openDts(): Dt[]
}

/** The closures of a calendar; nothing is computed before the first question. Days outside the rules throw a RangeError. */
export function closuresFrom(rules: ClosureRules): Closures {
  let known: Map<Dt, string> | undefined
  const names = () => (known ??= closedWeekdays(rules))
  const nameOf = (dt: Dt) => (isWeekend(dt) ? 'weekend' : names().get(dt))
  return {
    nameOf(dt) {
      assertVouchedFor(rules, dt)
      return nameOf(dt)
    },
    openDts() {
      const dts: Dt[] = []
      for (let dt = rules.first; dt <= rules.last; dt = addDays(dt, 1)) {
        if (nameOf(dt) === undefined) dts.push(dt)
      }
      return dts
    },
  }
}

/** Refuses a day the rules of a calendar do not reach. */
export function assertVouchedFor({ name, first, last }: { name: string; first: Dt; last: Dt }, dt: Dt): void {
  if (!(dt >= first && dt <= last)) {
    throw new RangeError(`the ${name} calendar is vouched for from ${first} to ${last}, it was asked about ${dt}`)
  }
}

function closedWeekdays({ first, last, holidays, oneOffs }: ClosureRules): Map<Dt, string> {
  const closed = new Map<Dt, string>()
  for (let year = yearOf(first); year <= yearOf(last); year++) {
    for (const { name, day, kept } of holidays) {
      const falls = day(year)
      if (falls === undefined) continue
      const dt = kept(falls)
      closed.set(dt, dt === falls ? name : `${name} (observed)`)
    }
  }
  for (const { name, dts } of oneOffs) {
    for (const dt of dts) closed.set(dt, name)
  }
  return closed
}
