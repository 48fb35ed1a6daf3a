/** What passes between the lab's HTTP server and the vendors it plays: a question, and the answer before it is sent. */
import type { IncomingHttpHeaders } from 'node:http'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'

export interface Question {
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** Path and query as they came; the seed of everything about the answer that looks random. */
  target: string
  /** The lab's clock, epoch ms. */
  now: number
  /** Where this server answers, without a trailing slash. */
  baseUrl: string
}

export interface Reply {
  status: number
  type: string
  body: string
  headers: Record<string, string>
  /** Bars or observations in the body. */
  rows: number
  /** The newest day this answer speaks for, where the question was about bars. */
  reach: { dataset: DatasetName; dt: Dt } | null
}

/** A vendor's way of speaking. */
export interface Dialect {
  answer(question: Question): Reply
  /** The vendor's own 429. */
  tooMany(question: Question): Reply
  /** Which of the vendor's budgets pays for a question; absent: there is one. */
  budget?(question: Question): string
}

export const JSON_TYPE = 'application/json'
export const HTML_TYPE = 'text/html'

export function reply(status: number, type: string, body: string, more: Partial<Reply> = {}): Reply {
  return { status, type, body, headers: {}, rows: 0, reach: null, ...more }
}

export const json = (status: number, body: unknown): Reply => reply(status, JSON_TYPE, JSON.stringify(body))

/** A refusal on its way out of a handler: thrown where it is found, sent as it is. */
export class Refusal extends Error {
  readonly reply: Reply
  constructor(answer: Reply) {
    super(`refused with ${answer.status}`)
    this.reply = answer
  }
}
