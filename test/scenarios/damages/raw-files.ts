/** Damages of raw files, and of what the database knows of their cells. */
import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../../../functions/_lake/atomic.ts'
import { BARS, changeDb, cut, DAY, type Damage, flipByte, middle } from './damage.ts'

export const RAW_FILE_DAMAGES: Damage[] = [
  {
    what: 'a raw file is deleted',
    inject: (root) => unlinkSync(join(root, BARS)),
    mode: 'fast',
    kind: 'raw-file-gone',
    code: 1,
  },
  {
    what: 'a raw file that nobody accepted appears',
    inject: (root) =>
      writeFileAtomic(
        join(root, 'data_layer/raw/massive/equities_bars/date=2025-07-07/data.parquet'),
        Buffer.from('x'),
      ),
    mode: 'fast',
    kind: 'raw-file-unaccepted',
    code: 0,
  },
  {
    what: 'a killed process left a temp file among the raw files',
    inject: (root) => writeFileSync(join(root, BARS, '../.data.parquet.0badcafe-1-1.tmp'), 'x'),
    mode: 'fast',
    kind: 'raw-temp-file',
    code: 1,
  },
  {
    what: 'a damaged file was put aside',
    inject: (root) => writeFileSync(join(root, `${BARS}.damaged`), 'x'),
    mode: 'fast',
    kind: 'raw-file-set-aside',
    code: 0,
  },
  {
    what: 'a strange name lies among the raw files',
    inject: (root) => writeFileSync(join(root, BARS, '../notes.txt'), 'x'),
    mode: 'fast',
    kind: 'raw-name-unknown',
    code: 0,
  },
  {
    what: 'the file of a cell was lost and no vendor has it',
    inject: (root) =>
      changeDb(
        root,
        `UPDATE attempts SET outcome = 'lost', digest = NULL WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL';
         UPDATE coverage SET present = present & ~(1 << 6) WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND month = '2025-07'`,
      ),
    mode: 'fast',
    kind: 'cell-lost',
    code: 1,
  },
  {
    what: 'a raw file is torn',
    inject: (root) => cut(join(root, BARS)),
    mode: 'exact',
    kind: 'raw-file-unreadable',
    code: 1,
  },
  {
    what: 'a file that nobody accepted is torn',
    inject: (root) =>
      writeFileAtomic(
        join(root, 'data_layer/raw/massive/equities_bars/date=2025-07-07/data.parquet'),
        Buffer.from('x'),
      ),
    mode: 'exact',
    kind: 'unaccepted-file-unreadable',
    code: 0,
  },
  {
    what: 'a raw file holds fewer rows than were accepted',
    inject: (root) => changeDb(root, `UPDATE attempts SET rows = 99 WHERE dataset = 'equities_bars' AND dt = '${DAY}'`),
    mode: 'exact',
    kind: 'raw-rows-missing',
    code: 1,
  },
  {
    what: 'one bit of a raw file is flipped',
    inject: (root) => flipByte(join(root, BARS), middle),
    mode: 'deep',
    kind: 'raw-bytes-differ',
    code: 1,
  },
  {
    what: 'the digest of a cell is another one than its rows have',
    inject: (root) =>
      changeDb(
        root,
        `UPDATE attempts SET digest = '${'0'.repeat(64)}', at = at + 1 WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL'`,
      ),
    mode: 'deep',
    kind: 'raw-cell-differs',
    code: 1,
  },
  {
    what: 'a shared file holds no row of a cell that was accepted',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
         SELECT dataset, 'ZZZ', dt, vendor, count, outcome, 0, digest, at, ask_again_at FROM attempts
         WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL' AND digest IS NOT NULL LIMIT 1`,
      ),
    mode: 'deep',
    kind: 'raw-cell-missing',
    code: 1,
  },
  {
    what: 'the database has a version that no manifest tells of',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, digest, at, ask_again_at)
         SELECT dataset, 'ZZZ', dt, vendor, count, outcome, 0, digest, at, ask_again_at FROM attempts
         WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL' AND digest IS NOT NULL LIMIT 1`,
      ),
    mode: 'deep',
    kind: 'version-without-line',
    code: 1,
  },
  {
    what: 'a shared file holds rows that nobody accepted',
    inject: (root) =>
      changeDb(root, `DELETE FROM attempts WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL'`),
    mode: 'deep',
    kind: 'raw-cell-unaccepted',
    code: 2,
  },
]
