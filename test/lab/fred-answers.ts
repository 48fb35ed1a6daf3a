/** How FRED answers: JSON where asked for, XML otherwise, every refusal a 400; and how it reads days and numbers. */
import { type Dt, isDt } from '../../functions/_market/dt.ts'
import { json, type Question, Refusal, type Reply, reply } from './reply.ts'

const XML_TYPE = 'text/xml; charset=UTF-8'

export const wantsJson = (question: Question): boolean => question.query.get('file_type') === 'json'

/** A list of things under its envelope; `list` names the JSON key, `item` and `root` the XML elements. */
export function envelope(
  question: Question,
  head: Record<string, string | number>,
  names: { root: string; list: string; item: string },
  rows: readonly (Record<string, string | number> | string)[],
): Reply {
  if (wantsJson(question)) return { ...json(200, { ...head, [names.list]: rows }), rows: rows.length }
  const inside = rows.map((row) =>
    typeof row === 'string' ? `<${names.item}>${row}</${names.item}>` : element(names.item, row),
  )
  return { ...xml(200, element(names.root, head, inside.join('\n'))), rows: rows.length }
}

const xml = (status: number, body: string): Reply =>
  reply(status, XML_TYPE, `<?xml version="1.0" encoding="utf-8" ?>\n${body}\n`)

function element(name: string, attributes: Record<string, string | number>, inside = ''): string {
  const escaped = (value: string | number) => String(value).replaceAll('&', '&amp;').replaceAll('"', '&quot;')
  const texts = Object.entries(attributes).map(([key, value]) => `${key}="${escaped(value)}"`)
  return inside === '' ? `<${name} ${texts.join(' ')}/>` : `<${name} ${texts.join(' ')}>\n${inside}\n</${name}>`
}

export function fail(question: Question, status: number, message: string): Reply {
  return wantsJson(question)
    ? json(status, { error_code: status, error_message: message })
    : xml(status, element('error', { code: status, message }))
}

export const bad = (question: Question, why: string): Refusal =>
  new Refusal(fail(question, 400, `Bad Request.  ${why}`))

export function dayOf(question: Question, name: string, otherwise: Dt): Dt {
  const text = question.query.get(name) ?? otherwise
  if (!isDt(text)) throw bad(question, `Variable ${name} is not a valid date: use YYYY-MM-DD.`)
  return text
}

export function wholeOf(question: Question, name: string, otherwise: number, least: number, most: number): number {
  const text = question.query.get(name) ?? String(otherwise)
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw bad(question, `Variable ${name} is not between ${least} and ${most}.`)
  }
  return value
}

export function sortOf(question: Question): 'asc' | 'desc' {
  const order = question.query.get('sort_order') ?? 'asc'
  if (order !== 'asc' && order !== 'desc') throw bad(question, 'Variable sort_order is not one of asc, desc.')
  return order
}
