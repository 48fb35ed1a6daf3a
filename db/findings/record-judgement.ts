/** The one write that ends a QC run of a partition: findings replaced, held cells marked, versions refused, work ticked off. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'
import { type DayVerdict, replaceDays } from '../day-verdicts/day-verdicts.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'
import { unpackCells } from '../packed-months/unpack-months.ts'
import { judgeAgain, type Outdated, type Seen } from '../partitions/judge-again.ts'
import type { PartitionWork } from '../partitions/partitions.ts'
import { liftRefusals, recordSecondViews, type SecondView } from '../second-views/record-second-views.ts'

export interface Finding {
  symbol: string
  dt: string
  month: string
  bit: number
  status: 'AMBER' | 'RED'
  flags: string
  numbers: string
  vendor: string | null
  action:
    | 'none'
    | 'second_opinion'
    | 'permanent'
    | 'replacing'
    | 'replaced'
    | 'released'
    | 'condemned'
    | 'kept'
    | 'undecided'
  /** 1 when the cell has rows that are kept out of exports. */
  held: 0 | 1
  /** 1 when that is because of the rows of this vendor's version: another vendor's then wins. */
  refused: 0 | 1
}

export interface Judgement {
  work: PartitionWork
  token: string
  fromDt: string
  toDt: string
  findings: readonly Finding[]
  /** What second vendors' versions decided. Absent: nothing. */
  secondViews?: readonly SecondView[]
  red: number
  /** sha256 of the ledger fragment that holds the verdicts. */
  ledgerSha256: string
  /** Is the curated file to be made again, because it shows other rows than the raw files hold? Absent: no. */
  curateAgain?: boolean
  now: number
  /** What the partition was judged beside. Absent: nothing. */
  seen?: Seen
  /** Judgements of other partitions that this one shows to be out of date. */
  outdated?: readonly Outdated[]
  ruleset?: string
  /** What the fragment says of each day. Absent: what is known of the days stays. */
  days?: readonly DayVerdict[]
}

/** False when the lease had passed on: nothing is changed then. */
export async function recordJudgement(db: Db, judgement: Judgement): Promise<boolean> {
  const { work, token, fromDt, toDt, now } = judgement
  const { dataset, partition } = work
  const mine = sql`EXISTS (SELECT 1 FROM partitions
    WHERE dataset = ${dataset} AND partition = ${partition} AND lease_token = ${token})`
  const found = JSON.stringify(judgement.findings)
  // Most partitions hold nothing: the two joins over coverage and attempts are then not worth their time.
  const anyHeld = judgement.findings.some(({ held }) => held === 1)
  const { secondViews = [] } = judgement
  // A version whose refusal ends may be the preferred one.
  const anyLifted = secondViews.some(({ lifts }) => lifts === 1)
  const results = await db.write([
    sql`DELETE FROM findings WHERE dataset = ${dataset} AND partition = ${partition} AND ${mine}`,
    sql`INSERT INTO findings (dataset, symbol, dt, partition, status, flags, numbers, vendor, action, checked_at)
        SELECT ${dataset}, value->>'symbol', value->>'dt', ${partition}, value->>'status', value->>'flags',
               value->>'numbers', value->>'vendor', value->>'action', ${now}
        FROM json_each(${found}) WHERE ${mine} ON CONFLICT DO NOTHING`,
    sql`UPDATE coverage SET held = held & ~(SELECT sum(1 << (${dayOf(sql`d.value`)} - 1))
          FROM json_each(${JSON.stringify(daysBetween(fromDt, toDt))}) d WHERE substr(d.value, 1, 7) = coverage.month)
        WHERE dataset = ${dataset} AND month BETWEEN substr(${fromDt}, 1, 7) AND substr(${toDt}, 1, 7) AND held <> 0 AND ${mine}`,
    ...(anyHeld ? holdCells(dataset, judgement.findings, found, mine) : []),
    ...recordSecondViews(work, secondViews, now, mine),
    ...(anyLifted ? [liftRefusals(dataset, secondViews, mine)] : []),
    ...judgeAgain(judgement.outdated ?? [], mine),
    ...(judgement.days ? replaceDays(work, judgement.days, mine) : []),
    sql`UPDATE partitions SET version = version + ${judgement.curateAgain || anyLifted ? sql`1` : anyHeld ? hasAnotherVersion(dataset, found) : sql`0`},
          checked_version = ${work.version}, checked_at = ${now}, red = ${judgement.red},
          checked_context = ${work.contextVersion}, seen_before = ${judgement.seen?.before ?? null}, seen_after = ${judgement.seen?.after ?? null},
          seen_splits = ${judgement.seen?.splits ?? null}, ruleset = ${judgement.ruleset ?? null},
          ledger_sha256 = ${judgement.ledgerSha256}, failures = 0, last_error = NULL, lease_token = NULL, lease_expires_at = 0
        WHERE dataset = ${dataset} AND partition = ${partition} AND lease_token = ${token} RETURNING partition`,
  ])
  return (results.at(-1)?.length ?? 0) > 0
}

/** Marks held cells, and refuses the versions they were held for. The limit has them looked up one by one, not looked for in all of the evidence. */
const holdCells = (dataset: string, findings: readonly Finding[], found: string, mine: SQL): SQL[] => [
  ...unpackCells(dataset, JSON.stringify(findings.filter(({ held }) => held === 1))),
  sql`UPDATE coverage SET held = coverage.held | (h.held & coverage.present)
      FROM (SELECT value->>'symbol' AS symbol, value->>'month' AS month, sum((value->>'bit') * (value->>'held')) AS held
            FROM json_each(${found}) GROUP BY 1, 2) h
      WHERE coverage.dataset = ${dataset} AND coverage.symbol = h.symbol AND coverage.month = h.month AND h.held > 0 AND ${mine}`,
  sql`UPDATE attempts SET refused_for = f.flags
      FROM (SELECT value->>'symbol' AS symbol, value->>'dt' AS dt, value->>'vendor' AS vendor, value->>'flags' AS flags
            FROM json_each(${found}) WHERE value->>'refused' = 1 LIMIT -1) f
      WHERE attempts.dataset = ${dataset} AND attempts.symbol = f.symbol AND attempts.dt = f.dt AND attempts.vendor = f.vendor
        AND ${mine}`,
]

/**
 * 1 where a held cell has a version of another vendor that nobody refused: the partition is then curated again, which takes that version. Each
 * round refuses one version more, so it ends.
 */
const hasAnotherVersion = (dataset: string, found: string): SQL => sql`EXISTS (
  SELECT 1 FROM json_each(${found}) f CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.dt = f.value->>'dt' AND a.symbol = f.value->>'symbol'
  WHERE f.value->>'refused' = 1 AND a.vendor <> f.value->>'vendor' AND ${isStoredVersion('a')} AND a.refused_for IS NULL)`

/** Every calendar day of a range of at most a year or so. */
function daysBetween(fromDt: string, toDt: string): string[] {
  const days: string[] = []
  for (let ms = Date.parse(fromDt); ms <= Date.parse(toDt); ms += 86_400_000)
    days.push(new Date(ms).toISOString().slice(0, 10))
  return days
}
