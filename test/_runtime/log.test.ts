import { expect, test } from 'vitest'
import { createLog } from '../../functions/_runtime/log.ts'

const CANARY = 'canary-7f3a9c51'

/** A log and the lines it wrote, each parsed. */
function listen(secrets: string[] = [CANARY], level = 'info') {
  const lines: string[] = []
  const log = createLog(level, secrets, (line) => lines.push(line))
  const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { log, lines, entries }
}

test('log: one event is one JSON line with its name, its time and its fields', () => {
  const { log, lines, entries } = listen()
  log('audit.completed', { gaps: 3, dataset: 'equities_bars' })
  expect(lines).toHaveLength(1)
  expect(lines[0]?.endsWith('\n')).toBe(true)
  expect(entries()[0]).toMatchObject({ msg: 'audit.completed', gaps: 3, dataset: 'equities_bars', level: 30 })
  expect(entries()[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT/)
})

test('log: an event that reports a failure is a warning', () => {
  const { log, entries } = listen()
  for (const event of ['request.failed', 'cron.step_failed', 'dispatch.lease_lost', 'dispatch.circuit_opened']) {
    log(event, {})
  }
  expect(entries().map(({ level }) => level)).toEqual([40, 40, 40, 40])
})

test('log: a silent log writes nothing', () => {
  const { log, lines } = listen([], 'silent')
  log('request.failed', {})
  expect(lines).toEqual([])
})

test('log: an error under any name shows its kind, its sentence and its code', () => {
  const { log, entries } = listen()
  const error = Object.assign(new TypeError('the file is not there'), { code: 'ENOENT' })
  log('request.failed', { error, err: error, cause: error })
  for (const name of ['error', 'err', 'cause']) {
    expect(entries()[0]?.[name]).toMatchObject({ type: 'TypeError', message: 'the file is not there', code: 'ENOENT' })
  }
})

test('log: what is thrown but is no error is shown as text', () => {
  const { log, entries } = listen()
  log('request.failed', { error: 'gone' })
  expect(entries()[0]?.error).toBe('gone')
})

test('log: a secret is never in the line, wherever it stands', () => {
  const { log, lines } = listen()
  const error = Object.assign(new Error(`refused for ${CANARY}`), { headers: { authorization: CANARY } })
  log('request.failed', { key: CANARY, [CANARY]: 1, deep: [{ url: `https://x/?k=${CANARY}` }], error })
  log(`request.${CANARY}`, {})
  expect(lines.join('')).not.toContain(CANARY)
  expect(lines.join('')).toContain('[secret]')
})

test('log: a secret is found in the spelling JSON or a URL gives it', () => {
  const secret = 'a"b\\c d/e+canary'
  const { log, lines, entries } = listen([secret])
  log('request.failed', { key: secret, url: `https://x/?k=${encodeURIComponent(secret)}` })
  expect(lines.join('')).not.toContain('canary')
  expect(entries()[0]).toMatchObject({ key: '[secret]', url: 'https://x/?k=[secret]' })
})

test('log: a secret that begins with another one leaves no remainder', () => {
  const { log, lines } = listen(['canary', 'canary-and-more'])
  log('request.failed', { key: 'canary-and-more' })
  expect(lines.join('')).not.toContain('and-more')
})

test('log: the properties of an error are never shown, however deep it lies: they may hold what nobody listed as a secret', () => {
  const { log, lines } = listen([])
  const error = Object.assign(new Error('refused'), { options: { headers: { authorization: 'unlisted' } } })
  error.cause = Object.assign(new Error('below'), { request: 'unlisted' })
  log('request.failed', { error, deep: { errors: [error] }, list: [{ error }] })
  expect(lines.join('')).not.toContain('unlisted')
  expect(lines.join('').match(/"refused"/g)).toHaveLength(3)
})

test('log: fields that go round in a circle still give a line', () => {
  const { log, entries } = listen()
  const ring: Record<string, unknown> = { name: 'ring' }
  ring.ring = ring
  log('audit.completed', { ring })
  expect(entries()[0]).toMatchObject({ ring: { name: 'ring' } })
})

test('log: an empty or tiny variable does not blank out the log', () => {
  const { log, entries } = listen(['', 'a'])
  log('audit.completed', { dataset: 'equities_bars' })
  expect(entries()[0]?.dataset).toBe('equities_bars')
})
