/** A message about the node: what happened, in the words of `/readyz`, in one shape for every receiver. */
import { overSentence, type ShownReason } from '../_http/health.ts'
import type { ReasonCode } from '../_market/reason-code.ts'

export interface Message {
  /** The code of a reason of `/readyz`; `summary`: what was held in quiet hours; `test`: somebody tries the way. */
  event: ReasonCode | 'summary' | 'test'
  state: 'began' | 'ended'
  /** One sentence; of a summary one for each message in it. */
  summary: string
  /** When the trouble began, as a text. */
  since: string
  /** The name of the node. */
  node: string
  details: MessageDetails
}

export interface MessageDetails {
  /** A message that is sent again keeps it. */
  id: string
  /** When the node made it. */
  madeAt: string
  /** Which one, where an event may concern several: a dataset, a vendor. */
  about?: string
  /** Whether the node writes nothing while it lasts. */
  isDown?: boolean
  /** Of a summary: the messages in it. */
  messages?: Omit<Message, 'node'>[]
}

export interface MessageTerms {
  id: string
  node: string
  now: number
}

const instantText = (instant: number): string => new Date(instant).toISOString()

export function reasonMessage(reason: ShownReason, state: Message['state'], { id, node, now }: MessageTerms): Message {
  const { code, about, sentence, since, isDown } = reason
  return {
    event: code,
    state,
    summary: state === 'began' ? sentence : overSentence(sentence),
    since: instantText(since),
    node,
    details: { id, madeAt: instantText(now), ...(about === undefined ? {} : { about }), isDown },
  }
}

export function testMessage({ id, node, now }: MessageTerms): Message {
  return {
    event: 'test',
    state: 'began',
    summary: 'This is a test: messages of this node arrive here.',
    since: instantText(now),
    node,
    details: { id, madeAt: instantText(now) },
  }
}

/** Several messages as one, oldest first. It has begun where one of the troubles in it is not over. */
export function summaryMessage(messages: readonly Message[], { id, node, now }: MessageTerms): Message {
  const troubles = new Map(messages.map((one) => [`${one.event} ${one.details.about ?? ''}`, one.state]))
  return {
    event: 'summary',
    state: [...troubles.values()].includes('began') ? 'began' : 'ended',
    summary: messages.map(({ summary }) => summary).join(' '),
    since: messages[0]?.since ?? instantText(now),
    node,
    details: { id, madeAt: instantText(now), messages: messages.map(({ node: _, ...message }) => message) },
  }
}
