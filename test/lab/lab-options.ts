/** What `npm run lab` may be told. */
import { z } from 'zod'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf, newYorkDt } from '../../functions/_calendar/zone.ts'
import { isDt } from '../../functions/_market/dt.ts'
import { FASTEST } from '../../functions/_runtime/simulated-clock.ts'
import { readArguments } from '../demo/arguments.ts'

/** A port for each vendor, one after the other. */
const LAST_FIRST_PORT = 65_533

const At = z.string().transform((text, context): number => {
  const instant = instantAt(text)
  const { first, last } = calendarOf('xnys')
  if (instant === null) {
    context.addIssue(`expected an instant such as 2024-03-08T21:00 (New York) or 2024-03-09T02:00:00Z, got ${text}`)
    return z.NEVER
  }
  const dt = newYorkDt(instant)
  if (dt > first && dt < last) return instant
  context.addIssue(`${text} lies outside the calendar (${first} to ${last})`)
  return z.NEVER
})

/** Without a zone it is New York's wall clock. */
function instantAt(text: string): number | null {
  const [, dt = '', time = ''] = /^(\d{4}-\d{2}-\d{2})T((?:[01]\d|2[0-3]):[0-5]\d)$/.exec(text) ?? []
  try {
    if (isDt(dt)) return instantOf(dt, time)
    if (z.iso.datetime({ offset: true }).safeParse(text).success) {
      newYorkDt(Date.parse(text))
      return Date.parse(text)
    }
  } catch (error) {
    // What lies outside the years the zone knows.
    if (!(error instanceof RangeError)) throw error
  }
  return null
}

const LabOptions = z.strictObject({
  root: z.string().min(1).default('./lab-root'),
  seed: z.coerce.number({ error: 'expected a whole number' }).int().min(0).default(1),
  at: At.optional(),
  speed: z.coerce
    .number({ error: `expected a number from 1 to ${FASTEST}` })
    .min(1)
    .max(FASTEST)
    .default(1),
  port: z.coerce.number({ error: 'expected a port number' }).int().min(1).max(LAST_FIRST_PORT).default(8090),
  data: z.string().min(1).optional(),
})

export type LabRunOptions = z.output<typeof LabOptions>

export const LAB_USAGE = `npm run lab -- [options]

Starts a simulated lab of the three vendors, on a clock of your choice.
A node started with the settings that it prints plays against it, without keys.

  --root DIR    where its configuration and the node's data go (./lab-root)
  --seed N      another market, other holes (1)
  --at T        what the clock shows at first: 2024-03-08T21:00 (New York),
                or 2024-03-09T02:00:00Z (2025-07-08T21:00; later: it goes on)
  --speed X     seconds of the clock in a second, 1 to ${FASTEST} (1)
  --port P      of the first vendor; the others have the next two (8090)
  --data DIR    bars, yields and options to serve, in place of invented ones:
                bars/, macro/ and options/ in it, or daily/ and minute/
  --help        this text

docs/demo.md tells more.`

/** Throws an OptionError of one line. Null: help is wanted. */
export const readLabOptions = (argv: readonly string[]): LabRunOptions | null => readArguments('lab', LabOptions, argv)
