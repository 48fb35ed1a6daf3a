/** How Massive prints bars: split-adjusted, as doubles, in an envelope that has no `results` when there are none. */
import { type AggsQuery, requestIdOf } from './massive-query.ts'
import { json, type Question, type Reply } from './reply.ts'
import type { LabBar, LabSplit } from './source.ts'

/** The answer's frame; `results` is absent when there are none, and the next page's URL never holds the key. */
export function envelope(
  question: Question,
  about: { ticker: string; asked: Pick<AggsQuery, 'adjusted'> } | { adjusted: boolean },
  rows: string[],
  nextUrl: string | undefined,
  reach: Reply['reach'],
): Reply {
  const fields = [
    ...('ticker' in about ? [`"ticker":${JSON.stringify(about.ticker)}`] : []),
    `"queryCount":${rows.length}`,
    `"resultsCount":${rows.length}`,
    `"adjusted":${'asked' in about ? about.asked.adjusted : about.adjusted}`,
    ...(rows.length > 0 ? [`"results":[${rows.join(',')}]`] : []),
    '"status":"OK"',
    `"request_id":"${requestIdOf(question)}"`,
    ...(rows.length > 0 && 'ticker' in about ? [`"count":${rows.length}`] : []),
    ...(nextUrl === undefined ? [] : [`"next_url":${JSON.stringify(nextUrl)}`]),
  ]
  return {
    ...json(200, null),
    body: `{${fields.join(',')}}`,
    rows: rows.length,
    headers: {
      'X-Request-Id': requestIdOf(question),
      ...(nextUrl === undefined ? {} : { Link: `<${nextUrl}>; rel="next"` }),
    },
    reach,
  }
}

/** Prices and volume on the share count of the newest split; untouched bars stay the same double. */
export function adjust(bar: LabBar, splits: readonly LabSplit[]): LabBar {
  let ratio = 1
  for (const split of splits) if (split.exDt > bar.dt) ratio *= split.ratio
  if (ratio === 1) return bar
  const price = (value: number | null) => (value === null ? null : Math.round((value / ratio) * 10_000) / 10_000)
  return {
    ...bar,
    o: price(bar.o),
    h: price(bar.h),
    l: price(bar.l),
    c: price(bar.c),
    v: bar.v === null ? null : bar.v * ratio,
    ...(bar.vw === undefined ? {} : { vw: price(bar.vw) }),
  }
}

export function print(bar: LabBar, t: number, ticker?: string): string {
  // Volume is a double here and shows it: 1200.0.
  const v = Number.isInteger(bar.v) && Math.abs(bar.v as number) < 1e21 ? `${bar.v}.0` : `${bar.v}`
  const tail = `${bar.n == null ? '' : `,"n":${bar.n}`}`
  const head = ticker === undefined ? '' : `"T":${JSON.stringify(ticker)},`
  const vw = bar.vw == null ? '' : `,"vw":${bar.vw}`
  return `{${head}"v":${v}${vw},"o":${bar.o},"c":${bar.c},"h":${bar.h},"l":${bar.l},"t":${t}${tail}}`
}
