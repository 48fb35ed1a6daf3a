import { expect, test } from 'vitest'
import { progressBar } from '../../functions/_cli/progress-bar.ts'

/** A bar with a clock that the test sets. */
function bar(isTerminal: boolean, columns?: number) {
  let now = 0
  const written: string[] = []
  const shown = progressBar(
    isTerminal,
    () => now,
    (text) => void written.push(text),
    columns,
  )
  return { shown, written, at: (ms: number) => (now = ms) }
}

test('progress bar: it says the time left at the pace so far', () => {
  const { shown, written, at } = bar(true)
  shown.show(0, 100, 'audit')
  at(10_000)
  shown.show(25, 100, 'audit')
  expect(written.at(-1)).toMatch(/^\r\[#{8} {22}\] 25 %, 30 s left, audit/)
})

test('progress bar: no line fills the terminal, and the end leaves none', () => {
  const { shown, written, at } = bar(true, 60)
  at(1_000)
  shown.show(25, 100, 'a label that is much too long for a terminal that is this narrow')
  shown.end()
  for (const text of written) expect(text.replaceAll('\r', '').length).toBeLessThan(60)
  expect(written.at(-1)).toMatch(/^\r +\r$/)
})

test('progress bar: a pipe gets a plain line now and then', () => {
  const { shown, written, at } = bar(false)
  for (const ms of [1_000, 20_000, 31_000, 40_000]) {
    at(ms)
    shown.show(ms / 1_000, 100, 'audit')
  }
  shown.end()
  expect(written).toHaveLength(1)
  expect(written[0]).toMatch(/^31 %, .* left, audit\n$/)
})
