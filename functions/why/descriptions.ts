/** What the closed lists mean, one sentence a word, for a reader who meets them for the first time. */
import { EVIDENCE, type Evidence } from '../../db/attempts/table.ts'
import type { Incident } from '../../db/incidents/list-incidents.ts'
import { ABSENCE_REASONS, type AbsenceReason } from '../_market/outcome.ts'

const ABSENCES: Record<AbsenceReason, string> = {
  NOT_LISTED_YET: 'The symbol was not listed yet on that day.',
  DELISTED: 'The symbol was no longer listed on that day.',
  NO_TRADES: 'The symbol was listed, but nobody traded it on that day.',
  VENDORS_AGREE_EMPTY: 'Two vendors say independently that they have nothing for this cell.',
  VENDOR_EMPTY_ONCE: 'One vendor says that it has nothing; nobody has confirmed that, so it is asked again later.',
  NOT_ENTITLED: 'No vendor may be asked: none is entitled to this with its keys set, or those that are refused it.',
  BEFORE_VENDOR_HISTORY: 'The day lies before the history of every vendor that could be asked.',
  TOO_RECENT: 'The vendors will have the day, but not yet.',
  SOURCE_SAYS_NONE: 'The source itself states that there is nothing for that day.',
  VENDOR_OUTAGE:
    'The vendor did not answer, or lacks the session for most symbols, so nothing is known about the cell yet.',
  CALENDAR_SUSPECT: 'No vendor has this session for any symbol: our calendar may be wrong, a person has to check it.',
  GIVEN_UP: 'Every attempt was used up without a usable answer: a person has to look.',
}

const ANSWERS: Record<Evidence, string> = {
  filled: 'delivered the cell',
  short: 'delivered the cell with fewer rows than a complete one has',
  empty: 'answered that there is nothing',
  not_entitled: 'refused: the plan does not include it, or the symbol is not known',
  too_recent: 'does not have the day yet',
  before_history: 'has no history that far back',
  rate_limited: 'asked to slow down',
  malformed: 'answered with something that is not what it documents',
  unavailable: 'did not answer',
  lost: 'delivered the cell, but its file is no longer there',
  forgotten: 'delivered the cell, which a person had removed since',
}

/** A reason of absence in a sentence; a word of another version of the node stands for itself. */
export const describeAbsence = (reason: string): string => {
  const known = ABSENCE_REASONS.find((word) => word === reason)
  return known ? ABSENCES[known] : `${reason}, a reason this version of the node does not know.`
}

/** What a vendor did, to follow its name. */
export const describeOutcome = (outcome: string): string => {
  const known = EVIDENCE.find((word) => word === outcome)
  return known ? ANSWERS[known] : `ended with ${outcome}, a word this version of the node does not know`
}

/** One session that many symbols lack, in a sentence. */
export const describeIncident = (kind: Incident['kind'], vendor: string, cells: number): string => {
  switch (kind) {
    case 'vendor_outage':
      return `${vendor} lacks this session for a large share of the universe: ${cells} cells wait until a probe of it is filled`
    case 'calendar_suspect':
      return `no vendor has this session for any symbol: ${cells} cells wait until a probe of it is filled, or a person corrects the calendar`
    default:
      return kind satisfies never
  }
}

/** What a second vendor's version of a cell decided, in a sentence. */
export function describeSecondView(action: string, vendor: string, second: string): string {
  switch (action) {
    case 'replacing':
      return `the version of ${second} contradicts that of ${vendor}, and so do its neighbours: the next curation takes that of ${second}`
    case 'replaced':
      return `the version of ${vendor} replaced that of ${second}, which QC refused`
    case 'released':
      return `${vendor} and ${second} agree, so what QC doubts does not hold the cell`
    case 'condemned':
      return `QC refuses the versions of both ${vendor} and ${second}`
    case 'kept':
      return `${second} differs, and its own neighbours contradict it: the version of ${vendor} is believed`
    case 'undecided':
      return `${vendor} and ${second} differ, and nothing says which of them is wrong`
    default:
      return `${action}: ${vendor} compared with ${second}`
  }
}
