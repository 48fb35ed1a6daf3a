import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Words that only this project ever used so, and what the field calls the thing. */
const PRIVATE: Record<string, string> = {
  purse: 'rate limiter',
  desk: 'context',
  seat: 'vendor connection',
  heed: 'apply, follow',
  shelf: 'eligibility bucket',
  shelve: 'suppress, put into a bucket',
  band: 'segment',
  era: 'age bucket',
  lesson: 'score update',
  distrust: 'validate',
  patient: 'wait for the budget',
  patience: 'longest wait',
  rehearse: 'dry run',
  stray: 'unrequested row',
  spoil: 'corrupt, mark as malformed',
  rider: 'eligible cell',
  misfit: 'mismatch',
  keeper: 'context',
  unqueued: 'backlog overflow',
  glance: 'fast path',
  habit: 'baseline',
  mend: 'repair',
  door: 'handler, entry',
  misnamed: 'reclassifiable',
  'give way': 'preempt',
  'top up': 'refill',
  'the memory': 'the database',
}

/** Each with its usual endings, as a word of its own or as one of a camel-case or snake-case name. */
const patternOf = (word: string): RegExp => {
  const [first = '', ...rest] = word.split(' ')
  const stem = [...(first === 'shelf' ? ['shel(?:f|ves)'] : [`${first}`]), ...rest].join('[\\s_-]*')
  const ending = '(?:s|es|d|ed|ing|ful)?'
  const camel = stem.replace(/^./, (letter) => `[${letter}${letter.toUpperCase()}]`)
  return new RegExp(
    `(?:(?<![A-Za-z])${camel}|(?<=[a-z0-9])${stem.replace(/^./, (letter) => letter.toUpperCase())})${ending}(?![a-z])`,
    'g',
  )
}

const PATTERNS = Object.entries(PRIVATE).map(([word, term]) => ({ word, term, pattern: patternOf(word) }))

/** What keeps its words: history, and this list. */
const LEFT_OUT = /^(CHANGELOG\.md|migrations\/|package-lock\.json|test\/words\.test\.ts)/

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => /\.(tsx?|md|yaml|json|sh)$|^Dockerfile$/.test(path) && !LEFT_OUT.test(path))

test.each(PATTERNS)('words: nothing says "$word", which the field calls $term', ({ pattern }) => {
  const found = files.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, at) => (line.search(pattern) === -1 ? [] : [`${path}:${at + 1}: ${line.trim().slice(0, 120)}`])),
  )
  expect(found).toEqual([])
})
