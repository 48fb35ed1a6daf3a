import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cut, grouped, screenOf, wrap } from '../../functions/_cli/screen.ts'

const stream = (terms: { isTTY?: boolean; columns?: number; colours?: boolean }) => {
  const written: string[] = []
  const write = (text: string) => written.push(text)
  return { written, screen: screenOf({ ...terms, write, hasColors: () => terms.colours ?? false }) }
}

describe('screen', () => {
  test('a pipe gets 80 columns, no colours and no lines written over', () => {
    const { screen, written } = stream({})
    screen.show(['a bar'])
    screen.say(screen.paint('red', 'a line'))
    expect(written).toEqual(['a line\n'])
    expect(screen.width()).toBe(79)
  })

  test('a terminal without colours (NO_COLOR) is written like a pipe', () => {
    const { screen, written } = stream({ isTTY: true, columns: 100 })
    screen.show(['a bar'])
    screen.say(screen.paint('red', 'a line'))
    expect(written.join('')).toBe('a line\n')
    expect(screen.width()).toBe(99)
  })

  test('a terminal gets new lines above the ones that are written over', () => {
    const { screen, written } = stream({ isTTY: true, columns: 80, colours: true })
    screen.show(['one', 'two'])
    screen.say('said')
    screen.show(['three', 'four'])
    screen.keep()
    screen.say('after')
    expect(written).toEqual(['one\ntwo\n', '\x1b[2A\x1b[Jsaid\none\ntwo\n', '\x1b[2A\x1b[Jthree\nfour\n', 'after\n'])
  })

  test('a width of 0, which some terminals report, counts as unknown', () => {
    expect(stream({ isTTY: true, columns: 0 }).screen.width()).toBe(79)
  })
})

describe('text of a screen', () => {
  test('wrapped text keeps its words, and no line is longer than the width unless one word is', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 120 }), (parts, width) => {
        const lines = wrap(parts.join(' '), width, '  ').split('\n')
        expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width)
        expect(lines.map((line) => line.trim()).join(' ')).toBe(parts.join(' '))
      }),
    )
  })

  test('wrapped text keeps the spaces it begins with, and columns', () => {
    expect(wrap('  one    two three', 12, '    ')).toBe('  one    two\n    three')
  })

  test('a cut shows that something is missing', () => {
    expect(cut('abcdef', 6)).toBe('abcdef')
    expect(cut('abcdefg', 6)).toBe('abcde…')
  })

  test('thousands are grouped', () => {
    expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567'])
  })
})
