/** A night as it goes by: one bar a dataset on the simulated clock, and the events a person should not miss. */
import { newYorkMinute } from '../../functions/_calendar/zone.ts'
import { progressLine } from '../../functions/_cli/progress-line.ts'
import { cut, grouped, type Screen, wrap } from '../../functions/_cli/screen.ts'

export interface DatasetProgress {
  dataset: string
  /** Cells that are present or explained, of those expected. */
  done: number
  expected: number
}

/** Wall clock of New York, `20:41`. */
export function clockText(instant: number): string {
  const minute = newYorkMinute(instant)
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

type Line = { msg: string } & Record<string, unknown>

export interface NightView {
  /** A line of the node's log. */
  log(text: string): void
  /** What is done by now, of every dataset; shown at once on a terminal, elsewhere a line at each quarter. */
  update(counts: readonly DatasetProgress[]): void
  event(text: string): void
  /** No more is shown; what stands on the screen stays. */
  end(): void
}

export interface NightViewTerms {
  screen: Screen
  now(): number
  /** The functions that the night calls, in order. */
  steps: readonly string[]
  /** Requests that each vendor has received. */
  calls(): Record<string, number>
}

export function nightView({ screen, now, steps, calls }: NightViewTerms): NightView {
  let step = 0
  let counts: readonly DatasetProgress[] = []
  let hasEnded = false
  const quarters = new Map<string, number>()
  const circuits = new Set<unknown>()

  const heading = (): string => {
    const call = steps[Math.min(step, steps.length - 1)]
    const asked = Object.entries(calls()).map(([vendor, count]) => `${vendor} ${grouped(count)}`)
    const place = step < steps.length ? `${call} (${step + 1} of ${steps.length})` : 'the night is over'
    return cut(`  ${clockText(now())}  ${place}  calls: ${asked.join(', ')}`, screen.width())
  }
  const redraw = (): void => {
    if (hasEnded || counts.length === 0) return
    const bars = counts.map((one) => progressLine({ ...one, name: one.dataset }, screen.width(), screen.paint))
    screen.show([screen.paint('cyan', heading()), ...bars])
  }
  const event = (text: string): void => {
    if (!hasEnded) screen.say(wrap(`  ${clockText(now())}  ${text}`, screen.width(), '         '))
  }
  /** Where lines stay, a dataset gets one for each quarter that it has passed. */
  const sayQuarters = (): void => {
    for (const one of counts) {
      const quarter = one.expected === 0 ? 4 : Math.floor((one.done / one.expected) * 4)
      if (quarter <= (quarters.get(one.dataset) ?? 0)) continue
      quarters.set(one.dataset, quarter)
      const time = `  ${clockText(now())}`
      screen.say(time + progressLine({ ...one, name: one.dataset }, screen.width() - time.length, screen.paint))
    }
  }

  return {
    log(text) {
      const line = JSON.parse(text) as Line
      if (line.msg === 'cron.fired') {
        step = Number(line.step)
        event(step > 0 ? `the night goes on at step ${step + 1} of ${steps.length}` : 'the night begins')
      }
      if (line.msg === 'cron.step_completed' || line.msg === 'cron.step_failed') step++
      // A circuit that opens again and again is one trouble.
      const isKnown = line.msg === 'dispatch.circuit_opened' && circuits.has(line.vendor)
      if (line.msg === 'dispatch.circuit_opened') circuits.add(line.vendor)
      const shown = isKnown ? null : sentence(line)
      if (shown !== null) event(shown)
    },
    update(found) {
      if (hasEnded) return
      counts = found
      if (screen.isLive) redraw()
      else sayQuarters()
    },
    event,
    end() {
      redraw()
      screen.keep()
      hasEnded = true
    },
  }
}

function sentence(line: Line): string | null {
  switch (line.msg) {
    case 'audit.completed':
      return `audit: ${grouped(Number(line.gaps))} gaps among ${grouped(Number(line.expected))} cells; ${grouped(Number(line.enqueued))} queued`
    case 'dispatch.circuit_opened':
      return `${line.vendor} fails again and again: it is left alone, others take over`
    case 'cron.step_failed':
      return `${line.call} failed: ${line.error}`
    case 'cron.step_completed':
      return line.call === 'audit'
        ? null
        : `${line.call} done after ${grouped(Number(line.calls))} ${line.calls === 1 ? 'call' : 'calls'}`
    default:
      return null
  }
}
