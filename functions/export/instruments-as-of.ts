/** The instruments as a bundle shows them: as they apply now in one of the newest day, which keeps them, and as they were kept then in one of an older day. */
import { instrumentsAsOf, recordInstruments } from '../../db/instruments/instruments.ts'
import type { Node } from '../_http/node.ts'
import type { Dt } from '../_market/dt.ts'
import { appliedSymbols } from '../_references/apply-references.ts'
import { type InstrumentStatement, statementOf } from './instrument-statements.ts'

/** Where no bundle of the day or before kept them, they are those of now. */
export async function instrumentsOf(node: Node, asof: Dt, isOlder: boolean): Promise<InstrumentStatement[]> {
  const kept = isOlder ? await instrumentsAsOf(node.db, asof) : null
  if (kept !== null) return kept.map((statement) => JSON.parse(statement) as InstrumentStatement)
  const instruments = (await appliedSymbols(node)).map(statementOf)
  if (!isOlder) {
    const said = instruments.map((one) => ({ symbol: one.symbol, statement: JSON.stringify(one) }))
    await recordInstruments(node.db, asof, said)
  }
  return instruments
}
