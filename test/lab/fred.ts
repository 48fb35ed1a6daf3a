/** Plays FRED: series, their observations and their vintages; the key and the format in the query. */
import { type Dt, minDt } from '../../functions/_market/dt.ts'
import { bad, dayOf, envelope, fail, sortOf, wantsJson, wholeOf } from './fred-answers.ts'
import { MOST_VINTAGES, rowsOfType, type Window } from './fred-observations.ts'
import { LATEST, type Vintage, vintageDates, vintagesOf } from './fred-vintages.ts'
import { newYorkDt } from './new-york.ts'
import type { Dialect, Question, Reply } from './reply.ts'
import type { YieldSource } from './source.ts'

export interface FredTerms {
  source: YieldSource
  key: string
  plan: 'basic' | 'open'
}

const ABOUT_KEYS = 'Read https://fred.stlouisfed.org/docs/api/api_key.html for more information.'
const EARLIEST = '1600-01-01'
/** Of a window that ends before the first vintage of a series; as recorded by several clients. */
const NOT_ARCHIVED =
  'The series does not exist in ALFRED but may exist in FRED.  Try setting realtime_start and realtime_end to ' +
  "today's date or removing the realtime_start and realtime_end parameters."
/** Time of day and offset as they stand in real answers: not ISO. */
const UPDATED = '16:16:14-05'

export function fredDialect({ source, key, plan }: FredTerms): Dialect {
  return {
    tooMany: (question) => fail(question, 429, 'Too Many Requests.  Exceeded Rate Limit'),
    answer(question) {
      const paths: Record<string, (question: Question, id: string) => Reply> = {
        '/fred/series': series,
        '/fred/series/observations': observations,
        '/fred/series/vintagedates': vintages,
      }
      const answerPath = paths[question.path]
      if (!answerPath) return fail(question, 404, 'Not Found')
      const given = question.query.get('api_key')
      if (!given) throw bad(question, `Variable api_key is not set.  ${ABOUT_KEYS}`)
      if (!/^[0-9a-z]{32}$/.test(given)) {
        throw bad(
          question,
          `The value for variable api_key is not a 32 character alpha-numeric lower-case string.  ${ABOUT_KEYS}`,
        )
      }
      if (given !== key) throw bad(question, `The value for variable api_key is not registered.  ${ABOUT_KEYS}`)
      const id = question.query.get('series_id')
      if (!id) throw bad(question, 'Variable series_id is not set.')
      if (!source.series().includes(id)) throw bad(question, 'The series does not exist.')
      return answerPath(question, id)
    },
  }

  /** What was ever said about some days, as far as the lab's clock has come. */
  function said(question: Question, id: string, from: Dt, to: Dt): Vintage[] {
    return vintagesOf(source, id, { from, to: minDt(to, newYorkDt(question.now)), now: question.now, plan })
  }

  function observations(question: Question, id: string): Reply {
    const { query } = question
    if ((query.get('units') ?? 'lin') !== 'lin') throw bad(question, 'This lab plays units=lin only.')
    const today = centralDt(question)
    const type = wholeOf(question, 'output_type', 1, 1, 4) as 1 | 2 | 3 | 4
    const from = dayOf(question, 'observation_start', EARLIEST)
    const to = dayOf(question, 'observation_end', LATEST)
    const window = windowOf(question, today, today)
    const limit = wholeOf(question, 'limit', 100_000, 1, 100_000)
    const offset = wholeOf(question, 'offset', 0, 0, Number.MAX_SAFE_INTEGER)
    const order = sortOf(question)

    // A day's vintages can only be counted on the whole series; one or a few days of real time never come near the bound.
    if (window.start < addYears(window.end, -5)) refuseTooMany(question, said(question, id, EARLIEST, LATEST), window)
    const days = type === 2 ? vintageDates(said(question, id, EARLIEST, LATEST)) : []
    const asked = said(question, id, from, to)
    const isKnown = (vintages: readonly Vintage[]) => vintages.some(({ start }) => start <= window.end)
    if (window.end < today && !isKnown(asked) && !isKnown(said(question, id, EARLIEST, window.end))) {
      throw bad(question, NOT_ARCHIVED)
    }
    const rows = rowsOfType(type, id, asked, window, days)
    if (order === 'desc') rows.reverse()
    const head = {
      realtime_start: window.start,
      realtime_end: window.end,
      observation_start: from,
      observation_end: to,
      units: 'lin',
      output_type: type,
      file_type: wantsJson(question) ? 'json' : 'xml',
      order_by: 'observation_date',
      sort_order: order,
      count: rows.length,
      offset,
      limit,
    }
    const names = { root: 'observations', list: 'observations', item: 'observation' }
    const answer = envelope(question, head, names, rows.slice(offset, offset + limit))
    return { ...answer, reach: { dataset: 'macro_treasury', dt: minDt(to, today) } }
  }

  function vintages(question: Question, id: string): Reply {
    const window = windowOf(question, EARLIEST, LATEST)
    const limit = wholeOf(question, 'limit', 10_000, 1, 10_000)
    const offset = wholeOf(question, 'offset', 0, 0, Number.MAX_SAFE_INTEGER)
    const order = sortOf(question)
    const days = vintageDates(said(question, id, EARLIEST, LATEST)).filter(
      (day) => day >= window.start && day <= window.end,
    )
    if (order === 'desc') days.reverse()
    const head = {
      realtime_start: window.start,
      realtime_end: window.end,
      order_by: 'vintage_date',
      sort_order: order,
      count: days.length,
      offset,
      limit,
    }
    const names = { root: 'vintage_dates', list: 'vintage_dates', item: 'vintage_date' }
    return envelope(question, head, names, days.slice(offset, offset + limit))
  }

  function series(question: Question, id: string): Reply {
    const today = centralDt(question)
    const window = windowOf(question, today, today)
    const known = said(question, id, EARLIEST, LATEST).filter((vintage) => vintage.start <= window.end)
    const [first, last] = [known[0], known.at(-1)]
    const newest = vintageDates(known).at(-1)
    const real = { realtime_start: window.start, realtime_end: window.end }
    const row = {
      id,
      ...real,
      title: `Market Yield on U.S. Treasury Securities at ${tenorOf(id)} Constant Maturity, Quoted on an Investment Basis`,
      observation_start: first?.date ?? '',
      observation_end: last?.date ?? '',
      frequency: 'Daily',
      frequency_short: 'D',
      units: 'Percent',
      units_short: '%',
      seasonal_adjustment: 'Not Seasonally Adjusted',
      seasonal_adjustment_short: 'NSA',
      last_updated: `${newest ?? today} ${UPDATED}`,
      popularity: 80,
    }
    // The doubled s is FRED's.
    return envelope(question, real, { root: 'seriess', list: 'seriess', item: 'series' }, [row])
  }
}

function windowOf(question: Question, start: Dt, end: Dt): Window {
  const window = { start: dayOf(question, 'realtime_start', start), end: dayOf(question, 'realtime_end', end) }
  if (window.end < window.start) throw bad(question, 'Variable realtime_end is before realtime_start.')
  const today = centralDt(question)
  const late = (name: string) => `Variable ${name} can not be after today's date (${today})`
  if (window.start > today) throw bad(question, `${late('realtime_start')}.`)
  if (window.end > today && window.end !== LATEST) {
    throw bad(question, `${late('realtime_end')} unless it's equal to the real-time max date ${LATEST}.`)
  }
  return window
}

/** The vendor's own today: St. Louis is an hour behind New York. */
const centralDt = ({ now }: Question): Dt => newYorkDt(now - 3_600_000)

function refuseTooMany(question: Question, all: readonly Vintage[], window: Window): void {
  const count = vintageDates(all).filter((day) => day >= window.start && day <= window.end).length
  if (count <= MOST_VINTAGES) return
  throw bad(
    question,
    `There are ${count} vintage dates in the specified real-time period: ${window.start} to ${window.end}.  This exceeds the maximum number of vintage dates allowed (${MOST_VINTAGES}).`,
  )
}

const addYears = (dt: Dt, years: number): Dt =>
  `${String(Number(dt.slice(0, 4)) + years).padStart(4, '0')}${dt.slice(4)}`

/** "10-Year" of DGS10, "3-Month" of DGS3MO. */
const tenorOf = (id: string): string =>
  id.replace(/^DGS(\d+)(MO)?$/, (_all, n, months) => `${n}-${months ? 'Month' : 'Year'}`)
