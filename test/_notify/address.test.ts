import { expect, test } from 'vitest'
import { secretsOf, shownAddress, wordsOf } from '../../functions/_notify/address.ts'

const SLACK = 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'

test('address: scheme and host alone are shown', () => {
  expect(shownAddress(SLACK)).toBe('https://hooks.slack.com/…')
  expect(shownAddress('http://user:word@192.168.1.5:8080/topic?key=1')).toBe('http://192.168.1.5:8080/…')
})

test('address: no log may hold the whole or its long parts, and words are left to the logs', () => {
  expect(secretsOf(SLACK)).toEqual(expect.arrayContaining([SLACK, 'XXXXXXXXXXXXXXXXXXXXXXXX']))
  expect(secretsOf(SLACK)).not.toContain('services')
  expect(secretsOf('https://ntfy.sh/alerts')).toEqual(
    expect.arrayContaining(['https://ntfy.sh/alerts', 'ntfy.sh/alerts']),
  )
  expect(secretsOf('http://10.0.0.2:9000')).toEqual([])
})

test('address: what a receiver sent back is looked through for a topic and a login, too', () => {
  expect(wordsOf('https://user:word@ntfy.sh/alerts?auth=a%20key')).toEqual(
    expect.arrayContaining(['alerts', 'user', 'word', 'a key']),
  )
})
