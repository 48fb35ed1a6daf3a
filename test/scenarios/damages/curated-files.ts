/** Damages of curated files, of the ledger and of persons' decisions, and what killed processes left behind. */
import { appendFileSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { ASOF } from '../../test-node.ts'
import { changeDb, cut, type Damage, flipByte, middle, ownInode, YEAR } from './damage.ts'

export const CURATED_FILE_DAMAGES: Damage[] = [
  {
    what: "a line of a person's decisions cannot be read",
    inject: (root) => appendFileSync(join(root, 'data_layer/qc/decisions.jsonl'), '{"dataset":"equities_b\n'),
    mode: 'exact',
    kind: 'decision-unreadable',
    code: 2,
  },
  {
    what: 'a killed process left a temp file beside the curated files',
    inject: (root) =>
      writeFileSync(join(root, 'data_layer/curated/equities_bars/year=2025/.data.parquet.0badcafe-1-1.tmp'), 'x'),
    mode: 'fast',
    kind: 'temp-file',
    code: 1,
  },
  {
    what: 'a killed export left its staging folder',
    inject: (root) => void mkdirSync(join(root, `exports/.staging/${ASOF}`), { recursive: true }),
    mode: 'fast',
    kind: 'bundle-in-the-making',
    code: 1,
  },
  {
    what: 'a killed process left a spill folder',
    inject: (root) => void mkdirSync(join(root, 'data_layer/.duckdb-tmp')),
    mode: 'fast',
    kind: 'spill-folder',
    code: 1,
  },
  {
    what: 'a curated file is deleted',
    inject: (root) => unlinkSync(join(root, 'data_layer/curated', YEAR)),
    mode: 'fast',
    kind: 'curated-file-gone',
    code: 1,
  },
  {
    what: 'a curated file is there that nobody expects',
    inject: (root) =>
      cp(join(root, 'data_layer/curated', YEAR), join(root, 'data_layer/curated/equities_bars/year=1999/data.parquet')),
    mode: 'fast',
    kind: 'curated-file-unexpected',
    code: 0,
  },
  {
    what: 'a curated file is torn',
    inject: (root) => cut(ownInode(root, `data_layer/curated/${YEAR}`)),
    mode: 'exact',
    kind: 'curated-file-unreadable',
    code: 1,
  },
  {
    what: 'a curated file holds another number of rows',
    inject: (root) => changeDb(root, `UPDATE partitions SET curated_rows = 1 WHERE dataset = 'equities_bars'`),
    mode: 'exact',
    kind: 'curated-rows-differ',
    code: 1,
  },
  {
    what: 'one bit of a curated file is flipped',
    inject: (root) => flipByte(join(root, 'data_layer/curated', YEAR), middle),
    mode: 'deep',
    kind: 'curated-bytes-differ',
    code: 1,
  },
  {
    what: 'a part of the ledger is deleted',
    inject: (root) => unlinkSync(join(root, 'data_layer/qc/ledger/equities_bars/2025.parquet')),
    mode: 'fast',
    kind: 'ledger-part-gone',
    code: 1,
  },
  {
    what: 'a part of the ledger is of nobody',
    inject: (root) =>
      cp(
        join(root, 'data_layer/qc/ledger/equities_bars/2025.parquet'),
        join(root, 'data_layer/qc/ledger/equities_bars/1999.parquet'),
      ),
    mode: 'fast',
    kind: 'ledger-part-unexpected',
    code: 1,
  },
  {
    what: 'the ledger is deleted',
    inject: (root) => unlinkSync(join(root, 'data_layer/qc/partition_status.parquet')),
    mode: 'fast',
    kind: 'ledger-gone',
    code: 1,
  },
  {
    what: 'a part of the ledger is torn',
    inject: (root) => cut(join(root, 'data_layer/qc/ledger/equities_bars/2025.parquet')),
    mode: 'exact',
    kind: 'ledger-part-unreadable',
    code: 1,
  },
  {
    what: 'one bit of a part of the ledger is flipped',
    inject: (root) => flipByte(join(root, 'data_layer/qc/ledger/equities_bars/2025.parquet'), middle),
    mode: 'exact',
    kind: 'ledger-part-bytes-differ',
    code: 1,
  },
  {
    what: 'verdicts are about another curated file',
    inject: (root) =>
      changeDb(root, `UPDATE partitions SET curated_sha256 = '${'0'.repeat(64)}' WHERE dataset = 'equities_bars'`),
    mode: 'exact',
    kind: 'ledger-of-another-file',
    code: 1,
  },
]
