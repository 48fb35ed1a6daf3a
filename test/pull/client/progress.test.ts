import { expect, test } from 'vitest'
import { progressText, showProgress } from '../../../functions/pull/client/progress.ts'

test('progress: rate and time left are those of this run', () => {
  const text = progressText({ all: 3e9, done: 2e9, fresh: 1e9, milliseconds: 10_000 })
  expect(text).toBe('66 %, 2.0 GB of 3.0 GB, 100.0 MB/s, 10 s left')
  expect(progressText({ all: 3e9, done: 0, fresh: 0, milliseconds: 5 })).toContain('time left unknown')
  expect(progressText({ all: 0, done: 0, fresh: 0, milliseconds: 0 })).toContain('100 %')
})

const shown = (isTerminal: boolean, isQuiet: boolean): string[] => {
  const lines: string[] = []
  let now = 0
  const progress = showProgress({ isTerminal, isQuiet, elapsed: () => now, write: (text) => void lines.push(text) })
  progress.note('begins')
  progress.begin(100, 0)
  for (let each = 0; each < 100; each++) {
    now += 250
    progress.add(1)
  }
  progress.end()
  return lines
}

test('progress: a terminal gets a bar that is cleared at the end, another stream a line now and then, quiet nothing', () => {
  const bar = shown(true, false)
  expect(bar.length).toBeGreaterThan(50)
  expect(bar[50]).toMatch(/^\r\[#+ *\] \d+ %, /)
  expect(bar.at(-1)).toMatch(/^\r +\r$/)
  const lines = shown(false, false)
  expect(lines).toHaveLength(3)
  expect(lines.every((line) => line.endsWith('\n') && !line.includes('\r'))).toBe(true)
  expect(shown(true, true)).toEqual([])
})
