/** How much of what is expected a bundle holds, dataset by dataset, partitions that were never curated included. */
import type { DatasetName } from '../_market/cell.ts'
import type { LedgerFacts } from './ledger-facts.ts'
import type { BundledDataset } from './partitions.ts'

/** expected = present + held + absent + missing. */
export interface DatasetCoverage {
  dataset: DatasetName
  /** Cells that the calendar, the universe and the depth ask for, up to the as-of day. */
  expected: number
  /** In the bundle. */
  present: number
  /** Delivered and judged RED: kept in the lake. */
  held: number
  /** Not there, with a reason of the closed list. */
  absent: number
  /** Not there, and nothing says why: a gap, or a partition that is not curated, not judged or left out. */
  missing: number
}

/** `explained` counts the cells of partitions without verdicts that the database knows to be absent. */
export async function coverageOf(
  datasets: readonly BundledDataset[],
  facts: LedgerFacts,
  explained: (dataset: BundledDataset, partitions: readonly string[]) => Promise<number>,
): Promise<DatasetCoverage[]> {
  const found: DatasetCoverage[] = []
  for (const dataset of datasets) {
    const { name, partitions, expectedCells } = dataset
    const judged = facts.coverage.find((row) => row.dataset === name)
    const unjudged = partitions.filter(({ ledgerSha256 }) => ledgerSha256 === null).map(({ partition }) => partition)
    const { present = 0, held = 0 } = judged ?? {}
    const absent = (judged?.absent ?? 0) + (unjudged.length === 0 ? 0 : await explained(dataset, unjudged))
    // A ledger may know cells of symbols or days that are not expected any more.
    const expected = Math.max(expectedCells, present + held + absent)
    found.push({ dataset: name, expected, present, held, absent, missing: expected - present - held - absent })
  }
  return found
}
