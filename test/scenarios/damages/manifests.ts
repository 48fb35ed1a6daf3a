/** Damages of manifests. */
import { appendFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { changeDb, DAY, type Damage, flipByte, manifestOf, middle } from './damage.ts'

export const MANIFEST_DAMAGES: Damage[] = [
  {
    what: 'a manifest folder is gone',
    inject: (root) => rmSync(join(root, 'data_layer/manifests/alpaca'), { recursive: true }),
    mode: 'fast',
    kind: 'manifest-gone',
    code: 1,
  },
  {
    what: 'a manifest has lost its end',
    inject: (root) => truncateSync(manifestOf(root), 10),
    mode: 'fast',
    kind: 'manifest-shorter',
    code: 1,
  },
  {
    what: 'one bit of a manifest is flipped',
    inject: (root) => flipByte(manifestOf(root), middle),
    mode: 'exact',
    kind: 'manifest-line-unreadable',
    code: 1,
  },
  {
    what: 'a manifest ends in half a line',
    inject: (root) => appendFileSync(manifestOf(root), '{"dataset":'),
    mode: 'exact',
    kind: 'manifest-line-torn',
    code: 1,
  },
  {
    what: 'the database does not know what a line tells',
    inject: (root) =>
      changeDb(
        root,
        `UPDATE attempts SET digest = '${'0'.repeat(64)}', at = 0 WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL'`,
      ),
    mode: 'exact',
    kind: 'manifest-line-unknown',
    code: 1,
  },
]
