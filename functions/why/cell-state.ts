/** What the database holds of one cell, read with a few indexed queries. Writes nothing and sends no request. */
import { findAbsence, type KeptAbsence } from '../../db/absences/find-absence.ts'
import { type CellAttempt, listCellAttempts } from '../../db/attempts/list-cell-attempts.ts'
import { type Circuit, listCircuits } from '../../db/circuits/circuits.ts'
import { type CellCorrection, listCellCorrections } from '../../db/corrections/list-cell-corrections.ts'
import { findMonth } from '../../db/coverage/find-month.ts'
import type { Demotion } from '../../db/demotions/demotions.ts'
import { listCellDemotions } from '../../db/demotions/list-cell-demotions.ts'
import { findFinding, type KeptFinding } from '../../db/findings/find-finding.ts'
import { findTask, type OpenTask } from '../../db/gap-tasks/find-task.ts'
import { type Incident, listOpenIncidents } from '../../db/incidents/list-incidents.ts'
import { type Baseline, findBaseline } from '../../db/liquidity/liquidity.ts'
import { findPartition, type KnownPartition } from '../../db/partitions/find-partition.ts'
import { findSecondView, type KeptSecondView } from '../../db/second-views/list-second-views.ts'
import { listScores, type VendorScore } from '../../db/vendor-scores/scores.ts'
import { type Decision, readDecisions } from '../_decisions/decisions.ts'
import type { Node } from '../_http/node.ts'
import { cellKey } from '../_market/cell.ts'
import { dayBit, monthOf } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import type { Cell } from './request.ts'

export interface CellState {
  coverage: { present: boolean; short: boolean; absent: boolean; held: boolean }
  attempts: CellAttempt[]
  demotions: Demotion[]
  absence: KeptAbsence | null
  corrections: CellCorrection[]
  finding: KeptFinding | null
  /** What a second vendor's version decided; null where there was none, or nothing to decide. */
  secondView: KeptSecondView | null
  /** What a person decided last; null where nobody did, or took it back. */
  decision: Decision | null
  partition: KnownPartition | null
  task: OpenTask | null
  circuits: Circuit[]
  scores: VendorScore[]
  /** What the whole session suffers from. */
  incidents: Incident[]
  /** The symbol's own liquidity; null where QC has not learned it. */
  baseline: Baseline | null
}

export async function loadCellState(node: Node, { dataset, spec, symbol, dt }: Cell, now: number): Promise<CellState> {
  const { db } = node
  const month = await findMonth(db, dataset, symbol, monthOf(dt))
  const has = (mask: number | undefined): boolean => ((mask ?? 0) & dayBit(dt)) !== 0
  return {
    coverage: {
      present: has(month?.present),
      short: has(month?.short),
      absent: has(month?.absent),
      held: has(month?.held),
    },
    attempts: await listCellAttempts(db, dataset, symbol, dt),
    demotions: await listCellDemotions(db, dataset, symbol, dt, now),
    absence: (await findAbsence(db, dataset, symbol, dt)) ?? null,
    corrections: await listCellCorrections(db, dataset, symbol, dt),
    decision: (await readDecisions(node.lake.root)).byDataset.get(dataset)?.get(cellKey(symbol, dt)) ?? null,
    finding: (await findFinding(db, dataset, symbol, dt)) ?? null,
    secondView: (await findSecondView(db, dataset, symbol, dt)) ?? null,
    partition: (await findPartition(db, dataset, partitionOf(spec.partition, dt))) ?? null,
    task: (await findTask(db, dataset, symbol, dt)) ?? null,
    circuits: await listCircuits(db),
    scores: await listScores(db, now),
    incidents: await listOpenIncidents(db, { dataset, dt }),
    baseline: (await findBaseline(db, dataset, symbol)) ?? null,
  }
}

/** True when the database knows nothing of the cell. */
export const isBlank = ({ coverage, attempts, absence, task }: CellState): boolean =>
  !coverage.present && !coverage.absent && attempts.length === 0 && absence === null && task === null
