/** What the node does next about a cell, and when: one sentence. Pure. */
import type { CellAttempt } from '../../db/attempts/list-cell-attempts.ts'
import type { OpenTask } from '../../db/gap-tasks/find-task.ts'
import type { Incident } from '../../db/incidents/list-incidents.ts'
import { NEVER } from '../_dispatch/retry-policy.ts'
import { nextWindow, openWindows } from '../_expected/reread-windows.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import type { CellState } from './cell-state.ts'
import { type Absent, isUsable, type Judged, type Stage } from './conclusion.ts'
import type { Expectation } from './expectation.ts'
import { newYorkText, whenText } from './new-york-text.ts'
import type { Cell } from './request.ts'
import type { VendorView } from './vendors.ts'

export interface NextStep {
  /** Epoch ms; null where nothing is going to happen. */
  at: number | null
  sentence: string
}

export interface Known {
  cell: Cell
  expectation: Expectation
  cellState: CellState
  vendors: readonly VendorView[]
  winner: CellAttempt | null
  absence: Absent | null
  judged: Judged
  stage: Stage
  /** The first day whose gaps the audit queues. */
  lookBackFrom: Dt
  now: number
}

const nothing = (sentence: string): NextStep => ({ at: null, sentence: `nothing: ${sentence}` })

export function nextStepOf(known: Known): NextStep {
  const { expectation, cellState } = known
  if (!expectation.isExpected) return unexpectedStep(known)
  if (cellState.task) return taskStep(cellState.task, known)
  return cellState.coverage.present ? presentStep(known) : absentStep(known)
}

function unexpectedStep({ cell, expectation, vendors, cellState, now }: Known): NextStep {
  const { expectedFrom, sentence, why } = expectation
  if (cellState.task && why !== 'not_over') {
    return { at: now, sentence: `the next audit drops task ${cellState.task.id}: ${sentence}` }
  }
  if (why !== 'not_over' || expectedFrom === null) return nothing(sentence)
  const first = firstAskable(vendors, expectedFrom)
  if (first === null) return nothing(`${noVendor(vendors, cell)}; ${sentence}`)
  return { at: first.at, sentence: `${first.vendor} may be asked ${whenText(first.at, now)}: ${sentence}` }
}

const PURPOSES: Partial<Record<string, string>> = {
  re_read: ' again, in case it has corrected its data,',
  second_opinion: ' for a second opinion, because QC holds the version there is,',
}

function taskStep(task: OpenTask, { vendors, now, cell, cellState }: Known): NextStep {
  const about = `task ${task.id} (${task.reason}, lane ${task.lane}, priority ${task.priority})`
  switch (task.state) {
    case 'leased': {
      const until = task.leaseExpiresAt ?? now
      const isOver = until <= now
      const sentence = isOver
        ? `the next dispatch takes ${about} back: the lease of ${task.leasedBy} ended at ${newYorkText(until)}`
        : `${task.leasedBy} is being asked: ${about} is leased until ${newYorkText(until)}`
      return { at: isOver ? now : until, sentence }
    }
    case 'stalled':
      return stalledStep(about, task, cellState, now)
    case 'queued': {
      const asked = task.vendor === null ? vendors : vendors.filter(({ vendor }) => vendor === task.vendor)
      const first = firstAskable(asked, task.nextAt)
      if (first === null) return { at: null, sentence: `${noVendor(asked, cell)}; ${about} waits in vain` }
      const purpose = PURPOSES[task.reason] ?? ''
      return { at: first.at, sentence: `${first.vendor} may be asked${purpose} ${whenText(first.at, now)}: ${about}` }
    }
    default:
      return task.state satisfies never
  }
}

function stalledStep(about: string, task: OpenTask, { absence }: CellState, now: number): NextStep {
  const stalled = `${about} is stalled after ${task.attempts} attempts, a person has to look`
  const at = absence?.reason === 'GIVEN_UP' ? absence.recheckAt : null
  if (at === null) return nothing(stalled)
  return { at: Math.max(at, now), sentence: `the first audit after ${newYorkText(at)} tries once more: ${stalled}` }
}

function presentStep(known: Known): NextStep {
  const { cell, stage, judged, cellState, now } = known
  const partition = `the partition ${partitionOf(cell.spec.partition, cell.dt)}`
  switch (stage) {
    case 'touched':
      return { at: now, sentence: `present: curate-partition rebuilds ${partition}, which has changed` }
    case 'unchecked':
      return { at: now, sentence: `present: qc-partition judges ${partition}` }
    case 'unknown':
      return { at: now, sentence: `present: the next audit makes ${partition} known, then it is curated` }
    case 'judged':
      break
    default:
      return stage satisfies never
  }
  const flags = judged.flags.length > 0 ? ` (${judged.flags.join(', ')})` : ''
  const { decision } = cellState
  const byPerson = decision && decision.decision === 'hold' ? `by a person: ${decision.reason}` : null
  const state = cellState.coverage.held
    ? `held and left out of bundles${flags}, ${byPerson ?? 'no vendor has a better version'}`
    : `present and ${judged.status ?? 'not judged'}${flags}`
  return rereadStep(known, state) ?? nothing(state)
}

/** When the winning vendor is asked again because it may have corrected its data; null when no window is left. */
function rereadStep({ cell, vendors, winner, now }: Known, state: string): NextStep | null {
  const vendor = vendors.find((one) => one.vendor === winner?.vendor)
  if (!winner || !vendor || !isUsable(vendor)) return null
  const open = openWindows(cell.spec, now).find(({ dt }) => dt === cell.dt)
  if (open && Math.max(winner.at, winner.rereadAt ?? 0) < open.dueAt) {
    return {
      at: now,
      sentence: `the next audit has ${vendor.vendor} asked again, in case it has corrected its data: ${state}`,
    }
  }
  const at = nextWindow(cell.spec, cell.dt, now)
  if (at === null) return null
  return {
    at,
    sentence: `nothing before ${newYorkText(at)}: ${state}; then ${vendor.vendor} is asked again, in case of corrections`,
  }
}

function absentStep({ absence, cell, cellState, vendors, lookBackFrom, now }: Known): NextStep {
  if (absence === null && cellState.coverage.absent) return nothing('explained, but the reason is not kept')
  if (absence?.source === 'rule') return nothing(`${noVendor(vendors, cell)} (${absence.reason})`)
  if (absence && absence.recheckAt === null) return nothing(`absent for good, ${absence.reason}. ${absence.meaning}`)
  const incident = cellState.incidents.find(({ kind }) => absence?.reason === REASON_OF[kind])
  if (incident && cellState.coverage.absent) return incidentStep(incident, now)
  if (cell.dt < lookBackFrom) {
    return nothing(`outside the look-back of ${cell.dataset}, which queues gaps from ${lookBackFrom} on`)
  }
  const due = absence?.recheckAt ?? now
  const first = firstAskable(vendors, due)
  if (first === null) return nothing(noVendor(vendors, cell))
  const audit = due <= now ? 'the next audit' : `the first audit after ${newYorkText(due)}`
  const queues = absence ? `queues it again (${absence.reason})` : 'queues the gap'
  return { at: first.at, sentence: `${audit} ${queues}; then ${first.vendor} may be asked ${whenText(first.at, now)}` }
}

const REASON_OF = { vendor_outage: 'VENDOR_OUTAGE', calendar_suspect: 'CALENDAR_SUSPECT' } as const

function incidentStep({ kind, vendor, nextLookAt, probes }: Incident, now: number): NextStep {
  const whom = kind === 'vendor_outage' ? vendor : 'the vendors'
  const sentence = `${probes.length} probes ask ${whom} ${whenText(Math.max(nextLookAt, now), now)}; once one is filled, the next audit queues all cells of the incident again`
  return { at: Math.max(nextLookAt, now), sentence }
}

/** The vendor that may be asked first from an instant on; of several that may by then, the one with the best score. */
function firstAskable(vendors: readonly VendorView[], from: number): { vendor: string; at: number } | null {
  return vendors
    .filter(({ askableAt }) => askableAt < NEVER)
    .map(({ vendor, askableAt }) => ({ vendor, at: Math.max(from, askableAt) }))
    .reduce<{ vendor: string; at: number } | null>(
      (best, one) => (best === null || one.at < best.at ? one : best),
      null,
    )
}

function noVendor(vendors: readonly VendorView[], { dataset }: Cell): string {
  if (vendors.length === 0) return `no vendor can serve it: none lists ${dataset}`
  const whys = vendors.map(({ vendor, obstacles }) => {
    const lasting = obstacles.filter(({ until }) => until === NEVER).map(({ sentence }) => sentence)
    return `${vendor}: ${lasting.join(', ')}`
  })
  const usable = vendors.filter(isUsable)
  const isBefore = usable.length > 0 && usable.every(({ history }) => !history.ranges)
  return `no vendor can serve it${isBefore ? ': before every history' : ''} (${whys.join('; ')})`
}
