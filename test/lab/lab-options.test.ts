import { expect, test } from 'vitest'
import { OptionError } from '../demo/arguments.ts'
import { LAB_USAGE, readLabOptions } from './lab-options.ts'

test('lab options: a time without a zone is New York, one with a zone is an instant', () => {
  const at = (text: string) => readLabOptions(['--at', text])?.at
  expect(at('2024-03-08T21:00')).toBe(Date.UTC(2024, 2, 9, 2))
  expect(at('2024-07-08T21:00')).toBe(Date.UTC(2024, 6, 9, 1))
  expect(at('2024-03-09T02:00:00Z')).toBe(Date.UTC(2024, 2, 9, 2))
  expect(at('2024-03-09T03:00:00+01:00')).toBe(Date.UTC(2024, 2, 9, 2))
})

test('lab options: the default is a clock at the speed of the machine', () => {
  expect(readLabOptions([])).toEqual({ root: './lab-root', seed: 1, speed: 1, port: 8090 })
})

test('lab options: help is no lab, and no line of it is longer than 80 columns', () => {
  expect(readLabOptions(['--help'])).toBeNull()
  expect(Math.max(...LAB_USAGE.split('\n').map(({ length }) => length))).toBeLessThan(80)
})

test.each([
  [['--at', 'yesterday'], /--at: expected an instant such as 2024-03-08T21:00/],
  [['--at', '2024-03-08'], /--at/],
  [['--at', '2024-02-30T21:00'], /--at/],
  [['--at', '2024-03-08T24:30'], /--at/],
  [['--at', '1700-03-08T21:00'], /--at/],
  [['--at', '2150-03-08T21:00:00Z'], /--at/],
  [['--speed', '0'], /--speed/],
  [['--speed', '21'], /--speed/],
  [['--speed', 'fast'], /--speed: expected a number from 1 to 20/],
  [['--port', '65534'], /--port/],
  [['--serve'], /--serve/],
])('lab options: %j is refused in one line that names it', (argv, sentence) => {
  const refuse = () => readLabOptions(argv)
  expect(refuse).toThrow(OptionError)
  expect(refuse).toThrow(sentence)
  expect(refuse).toThrow(/^[^\n]*npm run lab -- --help[^\n]*$/)
})
