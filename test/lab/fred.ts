/** Plays FRED's observations: the key and the format in the query, values as texts, every refusal a 400, XML unless told otherwise. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { type Dt, isDt, minDt } from '../../functions/_market/dt.ts'
import { endOfDay, midnightOf, newYorkDt } from './new-york.ts'
import { type Dialect, json, type Question, Refusal, type Reply, reply } from './reply.ts'
import type { YieldSource } from './source.ts'

export interface FredTerms {
  source: YieldSource
  key: string
  plan: 'basic' | 'open'
}

const XML_TYPE = 'text/xml; charset=UTF-8'
const ABOUT_KEYS = 'Read https://fred.stlouisfed.org/docs/api/api_key.html for more information.'
const EARLIEST = '1600-01-01'
const LATEST = '9999-12-31'

export function fredDialect({ source, key, plan }: FredTerms): Dialect {
  return {
    tooMany: (question) => fail(question, 429, 'Too Many Requests.  Exceeded Rate Limit'),
    answer(question) {
      const { path, query } = question
      const given = query.get('api_key')
      const bad = (why: string) => new Refusal(fail(question, 400, `Bad Request.  ${why}`))
      if (path !== '/fred/series/observations') return fail(question, 404, 'Not Found')
      if (!given) throw bad(`Variable api_key is not set.  ${ABOUT_KEYS}`)
      if (!/^[0-9a-z]{32}$/.test(given)) {
        throw bad(
          `The value for variable api_key is not a 32 character alpha-numeric lower-case string.  ${ABOUT_KEYS}`,
        )
      }
      if (given !== key) throw bad(`The value for variable api_key is not registered.  ${ABOUT_KEYS}`)
      return observations(question, bad)
    },
  }

  function observations(question: Question, bad: (why: string) => Refusal): Reply {
    const { query, now } = question
    const today = newYorkDt(now)
    const day = (name: string, otherwise: Dt): Dt => {
      const text = query.get(name) ?? otherwise
      if (!isDt(text)) throw bad(`Variable ${name} is not a valid date: use YYYY-MM-DD.`)
      return text
    }
    const whole = (name: string, otherwise: number, least: number, most: number): number => {
      const text = query.get(name) ?? String(otherwise)
      const value = Number(text)
      if (!/^\d+$/.test(text) || value < least || value > most) {
        throw bad(`Variable ${name} is not between ${least} and ${most}.`)
      }
      return value
    }
    const id = query.get('series_id')
    if (!id) throw bad('Variable series_id is not set.')
    if (!source.series().includes(id)) throw bad('The series does not exist.')
    for (const [name, only] of [
      ['units', 'lin'],
      ['output_type', '1'],
    ] as const) {
      if ((query.get(name) ?? only) !== only) throw bad(`This lab plays ${name}=${only} only.`)
    }
    const from = day('observation_start', EARLIEST)
    const to = day('observation_end', LATEST)
    const realtimeStart = day('realtime_start', today)
    const realtimeEnd = day('realtime_end', today)
    const limit = whole('limit', 100_000, 1, 100_000)
    const offset = whole('offset', 0, 0, Number.MAX_SAFE_INTEGER)
    const order = query.get('sort_order') ?? 'asc'
    if (order !== 'asc' && order !== 'desc') throw bad('Variable sort_order is not one of asc, desc.')

    // As known on a day means as known at its end; the lab keeps one vintage of each value.
    const knownAt = realtimeEnd < today ? endOfDay(realtimeEnd) : now
    const until = minDt(to, today)
    const known = source.observations(id, from, until).filter((row) => publishedAt(row.date, plan) <= knownAt)
    if (order === 'desc') known.reverse()
    const rows = known.slice(offset, offset + limit)
    const envelope = {
      realtime_start: realtimeStart,
      realtime_end: realtimeEnd,
      observation_start: from,
      observation_end: to,
      units: 'lin',
      output_type: 1,
      file_type: wantsJson(question) ? 'json' : 'xml',
      order_by: 'observation_date',
      sort_order: order,
      count: known.length,
      offset,
      limit,
    }
    const printed = rows.map((row) => ({ realtime_start: realtimeStart, realtime_end: realtimeEnd, ...row }))
    const answer = wantsJson(question)
      ? json(200, { ...envelope, observations: printed })
      : xml(200, element('observations', envelope, printed.map((row) => element('observation', row)).join('\n')))
    return { ...answer, rows: rows.length, reach: { dataset: 'macro_treasury', dt: until } }
  }
}

/** When FRED shows the value of a day: 16:15 of the next publication day; with an open plan in the evening of the day itself. */
export function publishedAt(date: Dt, plan: 'basic' | 'open'): number {
  const fed = calendarOf('fed')
  if (plan === 'open' || date < fed.first || date >= fed.last) return midnightOf(date) + 18 * 3_600_000
  return instantOf(fed.next(date), '16:15')
}

const wantsJson = (question: Question): boolean => question.query.get('file_type') === 'json'

const xml = (status: number, body: string): Reply =>
  reply(status, XML_TYPE, `<?xml version="1.0" encoding="utf-8" ?>\n${body}\n`)

function element(name: string, attributes: Record<string, string | number>, inside = ''): string {
  const texts = Object.entries(attributes).map(([key, value]) => `${key}="${String(value).replaceAll('"', '&quot;')}"`)
  return inside === '' ? `<${name} ${texts.join(' ')}/>` : `<${name} ${texts.join(' ')}>\n${inside}\n</${name}>`
}

function fail(question: Question, status: number, message: string): Reply {
  return wantsJson(question)
    ? json(status, { error_code: status, error_message: message })
    : xml(status, element('error', { code: status, message }))
}
