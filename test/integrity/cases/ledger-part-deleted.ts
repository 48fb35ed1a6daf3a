/** One part of the ledger is deleted. */
import { unlinkSync } from 'node:fs'
import type { Case } from '../case.ts'
import { dataFiles } from '../damage.ts'

export const ledgerPartDeleted: Case = {
  fault: 'one part of the ledger is deleted',
  expected: ['healed'],
  run: (workshop) =>
    workshop.damaged((root) => {
      unlinkSync(dataFiles(root, 'qc/ledger/equities_bars', '.parquet')[0] as string)
    }),
}
