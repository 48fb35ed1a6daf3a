import { expect, test } from 'vitest'
import { createSessions } from '../../functions/_http/sessions.ts'

const DAY_MS = 86_400_000

function setup() {
  let now = 0
  let drawn = 0
  const sessions = createSessions({ elapsed: () => now, token: () => `random-${drawn++}` })
  const pass = (ms: number): void => {
    now += ms
  }
  return { sessions, pass }
}

test('sessions: an opened one is found with its access until it is closed', () => {
  const { sessions } = setup()
  const full = sessions.open('full')
  const read = sessions.open('read')
  expect(full).not.toBe(read)
  expect([sessions.find(full), sessions.find(read)]).toEqual(['full', 'read'])
  sessions.close(full)
  expect([sessions.find(full), sessions.find(read)]).toEqual([null, 'read'])
  for (const value of ['', 'full', `${read}x`, read.slice(1)]) expect(sessions.find(value), value).toBeNull()
})

test('sessions: one that is not used for a week ends, and one that is used ends after 30 days', () => {
  const { sessions, pass } = setup()
  const unused = sessions.open('full')
  const used = sessions.open('full')
  for (let day = 1; day < 30; day++) {
    pass(DAY_MS)
    expect(sessions.find(used), `day ${day}`).toBe('full')
  }
  expect(sessions.find(unused)).toBeNull()
  pass(DAY_MS)
  expect(sessions.find(used)).toBeNull()
})

test('sessions: of more than 64 the one used longest ago makes room', () => {
  const { sessions } = setup()
  const opened = Array.from({ length: 64 }, () => sessions.open('read'))
  expect(sessions.find(opened[0]!)).toBe('read')
  const newest = sessions.open('full')
  expect([opened[0]!, opened[1]!, opened[2]!, newest].map(sessions.find)).toEqual(['read', null, 'read', 'full'])
})
