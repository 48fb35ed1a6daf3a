import { describe, expect, test } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { screenOf } from '../../functions/_cli/screen.ts'
import { clockText, nightView } from './progress.ts'

describe('night view', () => {
  const evening = instantOf('2025-07-08', '20:30')

  function view() {
    const said: string[] = []
    let now = evening
    const screen = screenOf({ write: (part) => said.push(part) })
    const night = nightView({ screen, now: () => now, steps: ['audit', 'export'], calls: () => ({ alpaca: 3 }) })
    const pass = (minutes: number): void => {
      now += minutes * 60_000
    }
    return { night, pass, text: () => said.join('') }
  }

  test('a pipe gets a line at each quarter of a dataset, with the simulated clock', () => {
    const { night, pass, text } = view()
    for (const done of [0, 10, 26, 27, 49, 80, 100, 100]) {
      night.update([{ dataset: 'equities_bars', done, expected: 100 }])
      pass(1)
    }
    const lines = text().trimEnd().split('\n')
    expect(lines.map((line) => line.slice(0, 7).trim())).toEqual(['20:32', '20:35', '20:36'])
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(80)
  })

  test('an open circuit is told once a vendor, and a failed step with its reason', () => {
    const { night, text } = view()
    for (const msg of ['dispatch.circuit_opened', 'dispatch.circuit_opened'])
      night.log(JSON.stringify({ msg, vendor: 'alpaca' }))
    night.log(JSON.stringify({ msg: 'cron.step_failed', call: 'export', error: 'the disk is full '.repeat(9) }))
    expect(text().match(/alpaca/g)).toHaveLength(1)
    expect(text()).toContain('export failed: the disk is full')
    expect(
      Math.max(
        ...text()
          .split('\n')
          .map(({ length }) => length),
      ),
    ).toBeLessThan(80)
  })

  test('a night that was resumed says so', () => {
    const { night, text } = view()
    night.log(JSON.stringify({ msg: 'cron.fired', step: 1 }))
    expect(text()).toContain('20:30  the night goes on at step 2 of 2')
  })

  test('nothing is shown after its end', () => {
    const { night, text } = view()
    night.end()
    night.event('late')
    night.update([{ dataset: 'd', done: 1, expected: 1 }])
    expect(text()).toBe('')
  })
})

test('the simulated clock is shown as New York has it', () => {
  expect(clockText(instantOf('2025-01-08', '09:05'))).toBe('09:05')
})
