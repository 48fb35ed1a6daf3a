/** The cells a judgement is asked for must fit their partition: a wrong request is a bug, and is named. */
import type { MeasureRequest } from './measure-request.ts'

/** Throws when a cell comes twice, lies in another partition, or lies on a day without a session. */
export function checkCells({ spec, partition, sessions, cells }: MeasureRequest): void {
  const days = spec.expected_rows === 'series' ? null : new Set(sessions.map(({ dt }) => dt))
  const seen = new Map<string, Set<string>>()
  for (const { symbol, dt } of cells) {
    const own = seen.get(symbol) ?? new Set()
    const twice = own.has(dt)
    if (twice || !dt.startsWith(partition) || days?.has(dt) === false) {
      const why = twice ? 'it came 2 times' : 'its day is not a session of the partition'
      throw new Error(`expected each cell of partition ${partition} once and on a session, got ${symbol} ${dt}: ${why}`)
    }
    own.add(dt)
    seen.set(symbol, own)
  }
}
