/** The raw files of one dataset are deleted, and every partition is curated anew. */
import type { Case } from '../case.ts'
import { dataFiles, removeFolder, touchAll } from '../damage.ts'

export const rawFolderDeleted: Case = {
  fault: 'the raw files of one dataset are deleted, and every partition is curated anew',
  expected: ['healed', 'told'],
  run: (workshop) =>
    workshop.damaged(async (root) => {
      const files = dataFiles(root, 'raw/alpaca/equities_bars')
      removeFolder(root, 'data_layer/raw/alpaca/equities_bars')
      await touchAll(root)
      return files.length
    }),
}
