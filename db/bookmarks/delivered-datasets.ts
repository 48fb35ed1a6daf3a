/** Which datasets any vendor ever delivered something of. */
import type { Db } from '../client.ts'
import { bookmarks } from './table.ts'

export const deliveredDatasets = (db: Db): Promise<{ vendor: string; dataset: string }[]> =>
  db.orm
    .selectDistinct({ vendor: bookmarks.vendor, dataset: bookmarks.dataset })
    .from(bookmarks)
    .orderBy(bookmarks.vendor, bookmarks.dataset)
