/** What the other vendors could still do for a cell that one of them was asked for. */
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { listDemotions } from '../../db/demotions/demotions.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { Claim } from './claim.ts'
import { type Desk, serversOf, sourceOf } from './desk.ts'
import { type Serves, serves } from './reach.ts'
import { FOREVER, type OtherVendor } from './verdict.ts'

/** Tells of each cell of the claim's dataset, by `known` (the attempts of its cells), circuits and demotions as of now. */
export async function othersSeenFrom(
  desk: Desk,
  claim: Claim,
  known: readonly Attempt[],
  now: number,
): Promise<(symbol: string, dt: string) => OtherVendor[]> {
  const circuits = new Map((await listCircuits(desk.db)).map((row) => [row.vendor, row.blockedUntil]))
  const demotions = await listDemotions(desk.db, claim.dataset, now)
  const others = serversOf(desk, claim.dataset)
    .filter(({ seat }) => seat.name !== claim.server.seat.name)
    .map(({ seat, terms }) => ({
      vendor: seat.name,
      source: sourceOf(desk, seat),
      blockedUntil: circuits.get(seat.name) ?? 0,
      demotions: demotions.filter((row) => row.vendor === seat.name),
      answers: answersOf(seat.name, known),
      // A plan has thousands of cells on a few days.
      servedOn: remembered((dt) => serves(terms, claim.spec, dt, now)),
    }))
  return (symbol, dt) =>
    others.map(({ vendor, source, blockedUntil, demotions: refusals, answers, servedOn }) => {
      const answer = answers.get(cellKey(symbol, dt))
      const served = servedOn(dt)
      const isDemoted = refusals.some(
        (row) => (row.symbol === '*' || row.symbol === symbol) && dt >= row.fromDt && dt <= row.toDt,
      )
      const from = Math.max(now, blockedUntil, answer?.askAgainAt ?? 0)
      return {
        vendor,
        source,
        askAt: served.can === 'never' || isDemoted ? FOREVER : Math.max(from, served.can === 'later' ? served.at : 0),
        waitsForRecency: served.can === 'later',
        saidEmpty: answer?.outcome === 'empty' && answer.askAgainAt > 0,
      }
    })
}

const answersOf = (vendor: string, known: readonly Attempt[]): Map<CellKey, Attempt> =>
  new Map(known.filter((row) => row.vendor === vendor).map((row) => [cellKey(row.symbol, row.dt), row]))

function remembered(look: (dt: string) => Serves): (dt: string) => Serves {
  const found = new Map<string, Serves>()
  return (dt) => {
    const served = found.get(dt) ?? look(dt)
    found.set(dt, served)
    return served
  }
}
