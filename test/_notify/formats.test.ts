import { expect, test } from 'vitest'
import { formatted } from '../../functions/_notify/formats.ts'
import { type Message, summaryMessage, testMessage } from '../../functions/_notify/message.ts'

const MESSAGE: Message = {
  event: 'disk_low',
  state: 'began',
  summary: 'The disk is low <1 GB> & full; free space.',
  since: '2025-07-09T00:30:00.000Z',
  node: 'pi',
  details: { id: 'one', madeAt: '2025-07-09T00:31:00.000Z', isDown: false },
}

test('formats: JSON is the message as it is', () => {
  expect(JSON.parse(formatted('json', MESSAGE).body)).toEqual(MESSAGE)
})

test('formats: Slack gets one text, with its own three characters escaped', () => {
  expect(JSON.parse(formatted('slack', MESSAGE).body)).toEqual({
    text: 'pi: The disk is low &lt;1 GB&gt; &amp; full; free space.',
  })
})

test('formats: Discord gets one text that calls nobody and is not too long', () => {
  const { content, allowed_mentions } = JSON.parse(
    formatted('discord', { ...MESSAGE, summary: `@everyone ${'x'.repeat(5_000)}` }).body,
  )
  expect(content.length).toBeLessThanOrEqual(2_000)
  expect(allowed_mentions).toEqual({ parse: [] })
})

test('formats: ntfy gets the sentence as the body, and the rest in headers of ASCII', () => {
  expect(formatted('ntfy', MESSAGE)).toEqual({
    headers: { 'content-type': 'text/plain; charset=utf-8', title: 'pi', priority: '4', tags: 'warning' },
    body: MESSAGE.summary,
  })
  const down = formatted('ntfy', { ...MESSAGE, node: 'Kücken', details: { ...MESSAGE.details, isDown: true } })
  expect(down.headers).toMatchObject({ title: '=?UTF-8?B?S8O8Y2tlbg==?=', priority: '5' })
  expect(formatted('ntfy', { ...MESSAGE, state: 'ended' }).headers).toMatchObject({
    priority: '3',
    tags: 'white_check_mark',
  })
  const long = formatted('ntfy', { ...MESSAGE, summary: 'ü'.repeat(5_000) })
  expect(Buffer.byteLength(long.body)).toBeLessThan(4_096)
})

test('formats: a summary has ended only where each of its troubles has', () => {
  const terms = { id: 'two', node: 'pi', now: 0 }
  const over: Message = { ...MESSAGE, state: 'ended', summary: 'Over: The disk is low.' }
  const other: Message = { ...MESSAGE, event: 'no_key', details: { ...MESSAGE.details, about: 'macro_treasury' } }
  expect(summaryMessage([MESSAGE, over], terms).state).toBe('ended')
  expect(summaryMessage([MESSAGE, over, MESSAGE], terms).state).toBe('began')
  expect(summaryMessage([MESSAGE, other, over], terms).state).toBe('began')
  expect(testMessage(terms)).toMatchObject({ event: 'test', node: 'pi' })
})
