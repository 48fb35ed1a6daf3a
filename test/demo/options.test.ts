import { expect, test } from 'vitest'
import { OptionError } from './arguments.ts'
import { readOptions, USAGE } from './options.ts'

test('options: the defaults are one night of seed 1 in ./demo-root', () => {
  expect(readOptions([])).toMatchObject({ root: './demo-root', seed: 1, port: 0, serve: false, json: false })
})

test('options: help is no night, whatever else is asked', () => {
  expect(readOptions(['--help'])).toBeNull()
  expect(readOptions(['-h', '--seed', 'x'])).toBeNull()
})

test('options: no line of the help is longer than 80 columns', () => {
  expect(Math.max(...USAGE.split('\n').map(({ length }) => length))).toBeLessThan(80)
})

test.each([
  [['--bogus'], /'--bogus'/],
  [['bogus'], /bogus/],
  [['--seed'], /--seed/],
  [['--seed', 'x'], /--seed: expected a whole number/],
  [['--seed', '-1'], /--seed/],
  [['--port', '70000'], /--port/],
  [['--plan', 'gold', '--kill', 'nobody'], /--kill.*--plan/],
  [['--symbols', ','], /--symbols: expected a symbol such as AAPL/],
  [['--serve=yes'], /--serve/],
])('options: %j is refused in one line that names it and points to the help', (argv, sentence) => {
  const refuse = () => readOptions(argv)
  expect(refuse).toThrow(OptionError)
  expect(refuse).toThrow(sentence)
  expect(refuse).toThrow(/^[^\n]*--help[^\n]*$/)
})
