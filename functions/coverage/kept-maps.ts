/** Maps of coverage that pages show: counted in the background and kept, because twenty years of thousands of symbols take seconds to count. */
import type { Node } from '../_http/node.ts'
import { type KeptSummary, keptSummary } from '../_page/kept-summary.ts'
import { type Coverage, coverageOf } from './periods.ts'
import { type Picture, pictureOf } from './picture.ts'
import type { CoverageRequest, Period } from './request.ts'
import { symbolsText } from './tiles.ts'

export interface CoverageMap extends Coverage {
  picture: Picture
  by: Period
}

export interface CountedMap {
  /** Epoch ms at which the count began. */
  at: number
  summary: CoverageMap
}

/** Some megabyte each at the most. */
const MOST_MAPS = 24

/** The map of a request, null while its first count is under way. An older one is shown while the next is counted. */
export function keptMaps(node: Node): (request: CoverageRequest) => Promise<CountedMap | null> {
  const maps = new Map<string, KeptSummary<CoverageMap>>()
  return async (request) => {
    const { dataset, asof, from, to, symbols, members } = request
    const key = [dataset, asof, from, to, members.length, symbolsText(symbols, members)].join(' ')
    const kept = maps.get(key) ?? summaryOf(node, request)
    // The map that was looked at longest ago stands first, and goes first.
    maps.delete(key)
    maps.set(key, kept)
    for (const oldest of [...maps.keys()].slice(0, Math.max(0, maps.size - MOST_MAPS))) maps.delete(oldest)
    return await kept.readSoon()
  }
}

function summaryOf(node: Node, request: CoverageRequest): KeptSummary<CoverageMap> {
  const isShort = request.from.slice(0, 4) === request.to.slice(0, 4)
  const by: Period = isShort ? 'month' : 'year'
  return keptSummary({
    elapsed: () => node.elapsed(),
    now: () => node.now(),
    load: async () => ({
      picture: await pictureOf(node, request, 'page'),
      ...(await coverageOf(node, { ...request, by })),
      by,
    }),
    onError: (error) => node.log('coverage.count_failed', { dataset: request.dataset, error }),
  })
}
