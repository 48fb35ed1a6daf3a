/** Damages of the database: coverage masks, the queue and the rate limits. */
import { changeDb, DAY, type Damage } from './damage.ts'

export const DATABASE_DAMAGES: Damage[] = [
  {
    what: 'a cell counts as present that nobody delivered',
    inject: (root) =>
      changeDb(root, `DELETE FROM attempts WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'mask-without-version',
    code: 2,
  },
  {
    what: 'a cell that was delivered does not count as present',
    inject: (root) => changeDb(root, `UPDATE coverage SET present = 0, short = 0, held = 0 WHERE symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'version-without-mask',
    code: 1,
  },
  {
    what: 'the masks of a symbol are gone',
    inject: (root) => changeDb(root, `DELETE FROM coverage WHERE symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'version-without-mask',
    code: 1,
  },
  {
    what: 'a cell is present and absent at once',
    inject: (root) => changeDb(root, `UPDATE coverage SET absent = present WHERE symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'present-and-absent',
    code: 2,
  },
  {
    what: 'a cell is held and not present',
    inject: (root) => changeDb(root, `UPDATE coverage SET held = 1 << 30 WHERE symbol = 'AAPL'`),
    mode: 'fast',
    kind: 'mask-without-presence',
    code: 2,
  },
  {
    what: 'a present cell has a reason for its absence',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO absences (dataset, symbol, dt, reason, decided_at) VALUES ('equities_bars', 'AAPL', '${DAY}', 'NO_TRADES', 0)`,
      ),
    mode: 'fast',
    kind: 'absence-of-present',
    code: 1,
  },
  {
    what: 'the evidence of a version is a row and packed',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO packed_months (dataset, month, symbol, vendor, days, newest_at, answers)
         SELECT dataset, substr(dt, 1, 7), symbol, vendor, 1 << (substr(dt, 9) - 1), at, unhex('01' || hex(zeroblob(26))) FROM attempts
         WHERE dataset = 'equities_bars' AND dt = '${DAY}' AND symbol = 'AAPL' AND digest IS NOT NULL`,
      ),
    mode: 'fast',
    kind: 'version-twice',
    code: 1,
  },
  {
    what: 'a task is leased and no lease has it',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, lease)
         VALUES ('equities_bars', 'ZZZ', '${DAY}', 'backfill', 0, 'missing', 'leased', 1, 0, 0, 0, 4711)`,
      ),
    mode: 'fast',
    kind: 'task-without-lease',
    code: 2,
  },
  {
    what: 'a lease was never taken back',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO leases (id, vendor, token, holder, leased_at, lease_expires_at, tasks) VALUES (4711, 'alpaca', 't', 'h', 0, 1, '[]')`,
      ),
    mode: 'fast',
    kind: 'lease-overdue',
    code: 1,
  },
  {
    what: 'a task counts other days than it has',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, days, cells)
         VALUES ('equities_bars', 'ZZZ', '2025-07-01', 'backfill', 0, 'missing', 'queued', 0, 0, 0, 0, 7, 2)`,
      ),
    mode: 'fast',
    kind: 'task-miscounted',
    code: 1,
  },
  {
    what: 'a cell is queued twice',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO gap_tasks (dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, days, cells)
         VALUES ('equities_bars', 'ZZZ', '2025-07-01', 'backfill', 0, 'missing', 'queued', 0, 0, 0, 0, 7, 3),
                ('equities_bars', 'ZZZ', '2025-07-02', 'backfill', 0, 'missing', 'queued', 0, 0, 0, 0, NULL, 1)`,
      ),
    mode: 'fast',
    kind: 'cell-queued-twice',
    code: 1,
  },
  {
    what: 'an account was asked more in a minute than it allows',
    inject: (root) =>
      changeDb(
        root,
        `INSERT INTO budgets (vendor, kind, starts_at, calls) VALUES ('massive', 'slot', 1000000, 3), ('massive', 'slot', 1059000, 3)`,
      ),
    mode: 'fast',
    kind: 'budget-of-minute-exceeded',
    code: 2,
  },
]
