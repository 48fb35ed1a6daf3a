/** What the other vendors could still do for a cell that one of them was asked for. */
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { listDemotions } from '../../db/demotions/demotions.ts'
import { type Availability, availabilityOf } from '../_catalog/availability.ts'
import { providerOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { Claim } from './claim.ts'
import { NEVER, type OtherVendor } from './retry-policy.ts'

/** Tells of each cell of the claim's dataset, by `known` (the attempts of its cells), circuits and demotions as of now. */
export async function othersSeenFrom(
  context: DispatchContext,
  claim: Claim,
  known: readonly Attempt[],
  knowsSymbol: (vendor: string, symbol: string) => boolean,
  now: number,
): Promise<(symbol: string, dt: string) => OtherVendor[]> {
  const circuits = new Map((await listCircuits(context.db)).map((row) => [row.vendor, row.blockedUntil]))
  const demotions = await listDemotions(context.db, claim.dataset, now)
  const others = sourcesFor(context, claim.dataset)
    .filter(({ connection }) => connection.name !== claim.source.connection.name)
    .map(({ connection, terms }) => ({
      vendor: connection.name,
      source: providerOf(context, connection),
      blockedUntil: circuits.get(connection.name) ?? 0,
      demotions: demotions.filter((row) => row.vendor === connection.name),
      answers: answersOf(connection.name, known),
      // A plan has thousands of cells on a few days.
      servedOn: remembered((dt) => availabilityOf(terms, claim.spec, dt, now)),
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
        askAt: served.can === 'never' || isDemoted ? NEVER : Math.max(from, served.can === 'later' ? served.at : 0),
        waitsForRecency: served.can === 'later',
        saidEmpty: answer?.outcome === 'empty' && answer.askAgainAt > 0,
        knowsSymbol: knowsSymbol(vendor, symbol),
      }
    })
}

const answersOf = (vendor: string, known: readonly Attempt[]): Map<CellKey, Attempt> =>
  new Map(known.filter((row) => row.vendor === vendor).map((row) => [cellKey(row.symbol, row.dt), row]))

function remembered(look: (dt: string) => Availability): (dt: string) => Availability {
  const found = new Map<string, Availability>()
  return (dt) => {
    const served = found.get(dt) ?? look(dt)
    found.set(dt, served)
    return served
  }
}
