/** One change as it is told: the cell, both digests, what differs, and what the node did about it. */
import type { FoundCorrection } from '../../db/corrections/page-corrections.ts'
import { changeText } from '../_market/difference.ts'

export function changeOf(row: FoundCorrection) {
  const { dataset, symbol, dt, vendor, at, verdict, previous, digest, rowsBefore, rows, window, difference } = row
  return {
    dataset,
    symbol,
    dt,
    vendor,
    /** The night that found it. */
    foundAt: new Date(at).toISOString(),
    window,
    verdict,
    previous,
    digest,
    rowsBefore,
    rows,
    difference,
    sentence: changeText(difference, verdict),
    why: `/why/${dataset}/${symbol}/${dt}`,
  }
}
