/** How each kind of receiver wants a message: body and headers. */
import type { WEBHOOK_FORMATS } from '../../config/schema.ts'
import type { Message } from './message.ts'

export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

export interface Formatted {
  headers: Record<string, string>
  body: string
}

/** Receivers of chats refuse or cut longer texts: Discord takes 2,000 characters, ntfy 4,096 bytes. */
const LONGEST_CHAT = 1_900
const LONGEST_NTFY = 1_300

export function formatted(format: WebhookFormat, message: Message): Formatted {
  switch (format) {
    case 'json':
      return json(message)
    case 'slack':
      return json({ text: escapedForSlack(cut(lineOf(message), LONGEST_CHAT)) })
    case 'discord':
      // Nobody is called by a text that happens to hold @everyone.
      return json({ content: cut(lineOf(message), LONGEST_CHAT), allowed_mentions: { parse: [] } })
    case 'ntfy':
      return {
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          title: headerText(message.node),
          priority: priorityOf(message),
          tags: message.state === 'ended' ? 'white_check_mark' : 'warning',
        },
        body: cut(message.summary, LONGEST_NTFY),
      }
    default:
      return format satisfies never
  }
}

const json = (body: object): Formatted => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const lineOf = ({ node, summary }: Message): string => `${node}: ${summary}`

const cut = (text: string, longest: number): string => (text.length <= longest ? text : `${text.slice(0, longest)} …`)

/** The three characters that Slack reads as its own. */
const escapedForSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** 5 wakes somebody up, 3 is usual. */
function priorityOf({ event, state, details }: Message): string {
  if (state === 'ended' || event === 'test') return '3'
  return details.isDown ? '5' : '4'
}

/** A header holds ASCII only; what else is in a name is encoded as RFC 2047 says, which ntfy reads. */
const headerText = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`
