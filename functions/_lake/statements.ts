/**
 * Statements of events: for events nothing is an answer too, so what a vendor's complete answer no longer has is withdrawn. Raw files keep it, marked:
 * a file never holds less than it did, and the mark goes wherever the row goes.
 */
import type { Dt } from '../_market/dt.ts'
import { type Action, type Row, rowKey } from '../_market/row.ts'
import type { RawPart } from './raw-part.ts'

/** What is known of a complete answer about events beside its rows. */
export interface Asking {
  /** The newest closed session of the night that the answer belongs to. */
  asof: Dt
  /** Epoch ms at which the oldest of its pages was asked for: what was stored later, it cannot know. */
  askedAt: number
  /** Would this question have brought the action, did the vendor still state it? */
  speaksFor(action: Action): boolean
}

/** Does the row count? Anything but an action that was withdrawn does. */
export const stands = (row: Row): boolean => !('withdrawn' in row) || row.withdrawn == null

/** The parts of a cell of events once `answer`, which may have no rows, is taken: every stored statement, and those that are new. */
export function withStatements(
  stored: readonly RawPart[],
  answer: RawPart,
  key: readonly string[],
  { asof, askedAt, speaksFor }: Asking,
): RawPart[] {
  const known = new Map<string, { row: Action; isLater: boolean }>()
  for (const { rows, provenance } of stored)
    for (const row of rows as Action[])
      known.set(rowKey(row, key), { row, isLater: provenance.fetchedAt > askedAt || (row.withdrawn ?? '') > asof })
  // An answer that arrives late says nothing of a statement that was stored, or found withdrawn, since it was asked for.
  const news = (answer.rows as Action[]).filter((row) => !known.get(rowKey(row, key))?.isLater)
  const stated = new Set(news.map((row) => rowKey(row, key)))
  const rows = news.map((row) => {
    const before = known.get(rowKey(row, key))
    return { ...row, first_seen: before ? (before.row.first_seen ?? null) : asof, withdrawn: null }
  })
  const kept = stored.map((part) => ({
    ...part,
    rows: (part.rows as Action[])
      .filter((row) => !stated.has(rowKey(row, key)))
      .map((row) => (isGone(row) ? { ...row, withdrawn: asof } : row)),
  }))
  return [...kept, { ...answer, rows }].filter((part) => part.rows.length > 0)

  function isGone(row: Action): boolean {
    const answered = answer.rows.some((one) => rowKey(one, key) === rowKey(row, key))
    return stands(row) && !answered && !known.get(rowKey(row, key))?.isLater && speaksFor(row)
  }
}
