import { readFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { createHealth, type Health, overSentence, partsOf, type Reason } from '../../functions/_http/health.ts'
import { REASON_CODES } from '../../functions/_market/reason-code.ts'

const LOW: Reason = { code: 'disk_low', what: 'the disk is low', todo: 'Free space' }
const REFUSED: Reason = { code: 'key_refused', about: 'fred', what: 'fred refuses the key', todo: 'correct it' }

let now: number
let log: [string, Record<string, unknown>][]
let found: Reason[]
let health: Health
beforeEach(() => {
  now = 1_000
  log = []
  found = []
  health = createHealth({ now: () => now, log: (event, fields) => void log.push([event, fields]) })
  health.add(() => found)
})

test('health: a reason is shown as one sentence, since it was first noticed', async () => {
  found = [LOW]
  const shown = { code: 'disk_low', sentence: 'The disk is low; free space.', since: 1_000, isDown: false }
  expect(await health.reasons()).toEqual([shown])
  now = 5_000
  expect(await health.reasons()).toEqual([shown])
})

test('health: the log says once that a reason begins and once that it is over', async () => {
  found = [LOW]
  await health.reasons()
  await health.reasons()
  found = []
  now = 61_000
  await health.reasons()
  await health.reasons()
  expect(log).toEqual([
    ['health.degraded', { code: 'disk_low', sentence: 'The disk is low; free space.' }],
    ['health.recovered', { code: 'disk_low', sentence: 'The disk is low; free space.', forMs: 60_000 }],
  ])
})

test('health: a sentence whose figures change is the same reason still', async () => {
  found = [LOW]
  await health.reasons()
  found = [{ ...LOW, what: 'the disk is lower' }]
  expect(await health.reasons()).toMatchObject([{ sentence: 'The disk is lower; free space.', since: 1_000 }])
  expect(log).toHaveLength(1)
})

test('health: one code may stand for several things, and a refused key has an event of its own', async () => {
  found = [REFUSED, { ...REFUSED, about: 'massive' }]
  expect(await health.reasons()).toMatchObject([{ about: 'fred' }, { about: 'massive' }])
  expect(log.map(([event]) => event)).toEqual(['health.key_refused', 'health.key_refused'])
})

test('health: two callers at once log a reason once', async () => {
  found = [LOW]
  await Promise.all([health.reasons(), health.reasons(), health.reasons()])
  expect(log).toHaveLength(1)
})

test('health: the reasons of all who watch stand side by side', async () => {
  health.add(async () => [{ ...REFUSED, since: 7, isDown: true }])
  found = [LOW]
  expect(await health.reasons()).toMatchObject([{ code: 'disk_low' }, { code: 'key_refused', since: 7, isDown: true }])
})

test('health: who watches gets each list of reasons that anybody asked for', async () => {
  const lists: number[] = []
  health.watch((reasons) => void lists.push(reasons.length))
  found = [LOW]
  await health.reasons()
  found = []
  await health.reasons()
  expect(lists).toEqual([1, 0])
})

test('health: a sentence falls apart into what is wrong and what to do, and has another one for its end', () => {
  const sentence = 'Fred refuses the key; correct it; restart.'
  expect(partsOf(sentence)).toEqual({ what: 'Fred refuses the key', todo: 'correct it; restart' })
  expect(partsOf('The disk is low.')).toEqual({ what: 'The disk is low', todo: null })
  expect(overSentence(sentence)).toBe('Over: Fred refuses the key.')
})

test('health: every code stands in the table of docs/http-api.md, and no other', () => {
  const rows = readFileSync('docs/http-api.md', 'utf8')
    .split('| Code | When |')[1]!
    .matchAll(/^\| `([a-z_]+)` \|/gm)
  const listed = [...rows].map(([, code]) => code)
  expect(listed).toEqual([...REASON_CODES])
})
