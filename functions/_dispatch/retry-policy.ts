/** Retry policy: what happens to a task after an outcome (done, queued again, stalled), and what the cell's absence is called meanwhile. */
import { GIVEN_UP_RECHECK_DAYS } from '../../db/absences/recheck-days.ts'
import type { AbsenceReason, Outcome } from '../_market/outcome.ts'

export const NEVER = Number.MAX_SAFE_INTEGER
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Claims a task may use up before a person has to look. */
export const MAX_ATTEMPTS = 12
/** Times one vendor may answer a cell with nonsense, or not at all, before others and later days are preferred. */
const MAX_MALFORMED = 4
const MAX_UNAVAILABLE = 8
/** An empty answer is asked again after growing intervals; so is a cell that was given up: what nobody explained is never closed for good. */
const EMPTY_RECHECK_DAYS = [1, 3, 7, 30, 90]

/** Milliseconds for which a task waits whose plan failed, by the tries before: half a minute, twice as long each time, at most an hour. */
export const pauseAfter = (attempts: number): number => Math.min(HOUR, 30_000 * 2 ** attempts)

/** Another vendor that lists the dataset, seen from this cell. */
export interface OtherVendor {
  vendor: string
  /** Whose data it shows: two entries of one account or one connector are one witness (`providerOf` in catalog.ts). */
  source: string
  /** When it may be asked for the cell, epoch ms; NEVER when it may not, or when its answer is final. */
  askAt: number
  /** Its plan will have the day only at `askAt`. */
  waitsForRecency: boolean
  /** It has said that the cell is empty. */
  saidEmpty: boolean
  /** False where its own lists say nothing of the symbol: that it has no rows is then no witness. */
  knowsSymbol: boolean
}

export interface DispositionInput {
  outcome: Outcome
  /** Whose data the asked vendor shows. */
  source: string
  /** As of another vendor. */
  knowsSymbol: boolean
  saysNone: boolean
  /** When the vendor said it may be asked again, or its blockade ends. */
  retryAt: number | null
  /** When a cell whose source says that there is nothing is worth asking for again, epoch ms; null for never. */
  doubtAt: number | null
  /** How long a refusal (not entitled, before history) is believed, ms. */
  ttlMs: number
  /** Attempts of the task, this one included; answers of this vendor for the cell so far, this one included. */
  attempts: number
  asked: number
  others: readonly OtherVendor[]
  now: number
  /** Chance in [0, 1) that spreads retries. */
  jitter: number
}

export interface Disposition {
  state: 'queued' | 'done' | 'stalled'
  nextAt: number
  askAgainAt: number
  absence: AbsenceReason | null
  recheckAt: number | null
  countsAsAttempt: boolean
}

/** When this vendor may be asked for the cell again. */
function askAgainAt({ outcome, saysNone, doubtAt, retryAt, ttlMs, asked, now, jitter }: DispositionInput): number {
  switch (outcome) {
    case 'filled':
    case 'short':
      return NEVER
    case 'empty':
      if (saysNone) return doubtAt ?? NEVER
      return now + intervalOf(EMPTY_RECHECK_DAYS, asked - 1) * DAY
    case 'too_recent':
      return retryAt ?? now + 15 * MINUTE
    case 'before_history':
    case 'not_entitled':
      return now + ttlMs
    case 'rate_limited':
      return retryAt ?? now + MINUTE
    case 'malformed':
      return asked >= MAX_MALFORMED ? now + 7 * DAY : now + 10 ** (asked - 1) * MINUTE
    case 'unavailable':
      if (asked >= MAX_UNAVAILABLE) return now + DAY
      return now + Math.min(HOUR, 30_000 * 2 ** (asked - 1)) * (0.8 + 0.4 * jitter)
    default:
      return outcome satisfies never
  }
}

/** The n-th interval, and the last one for ever after. */
const intervalOf = (days: readonly number[], times: number): number =>
  days[Math.min(Math.max(0, times), days.length - 1)] as number

/** Independent sources that know the symbol and say the cell is empty, this answer included. */
function witnesses({ outcome, source, knowsSymbol, others }: DispositionInput): number {
  const empty = new Set(others.filter((other) => other.saidEmpty && other.knowsSymbol).map((other) => other.source))
  if (outcome === 'empty' && knowsSymbol) empty.add(source)
  return empty.size
}

export function dispositionOf(judged: DispositionInput): Disposition {
  const { outcome, others, now } = judged
  const again = askAgainAt(judged)
  const countsAsAttempt = outcome !== 'too_recent' && outcome !== 'rate_limited'
  const done = (absence: AbsenceReason | null, recheckAt: number | null): Disposition => ({
    state: 'done',
    nextAt: now,
    askAgainAt: again,
    absence,
    recheckAt,
    countsAsAttempt,
  })
  /** Keeps the task open until somebody may be asked; a task without a future, or without attempts left, is given up. */
  const wait = (until: number, absence: AbsenceReason | null): Disposition => {
    if (judged.attempts < MAX_ATTEMPTS || !countsAsAttempt) {
      return {
        state: 'queued',
        nextAt: until,
        askAgainAt: again,
        absence,
        recheckAt: absence ? until : null,
        countsAsAttempt,
      }
    }
    return giveUp(until, judged.attempts - MAX_ATTEMPTS)
  }
  /** A person has to look; should nobody, the audit tries once more after growing intervals, `before` times until now. */
  const giveUp = (until: number, before: number): Disposition => {
    const days = intervalOf(GIVEN_UP_RECHECK_DAYS, before)
    return {
      state: 'stalled',
      nextAt: until,
      askAgainAt: again,
      absence: 'GIVEN_UP',
      recheckAt: now + days * DAY,
      countsAsAttempt,
    }
  }

  const untried = others.filter((other) => !other.saidEmpty && other.askAt < NEVER)
  const next = untried.reduce<OtherVendor | null>((best, o) => (best === null || o.askAt < best.askAt ? o : best), null)
  const waiting: AbsenceReason | null = next?.waitsForRecency ? 'TOO_RECENT' : null

  switch (outcome) {
    case 'filled':
      return done(null, null)
    case 'short':
      // What is there stays: a short cell that has used up its attempts is finished, not given up.
      return next && next.askAt <= now && judged.attempts < MAX_ATTEMPTS ? wait(next.askAt, null) : done(null, null)
    case 'empty': {
      if (judged.saysNone) return done('SOURCE_SAYS_NONE', judged.doubtAt)
      if (next) return wait(next.askAt, waiting ?? 'VENDOR_EMPTY_ONCE')
      return witnesses(judged) >= 2 ? done('VENDORS_AGREE_EMPTY', null) : done('VENDOR_EMPTY_ONCE', again)
    }
    case 'too_recent':
      return wait(Math.min(again, next?.askAt ?? NEVER), 'TOO_RECENT')
    case 'before_history':
    case 'not_entitled': {
      if (next) return wait(next.askAt, waiting)
      if (witnesses(judged) >= 2) return done('VENDORS_AGREE_EMPTY', null)
      if (witnesses(judged) === 1) return done('VENDOR_EMPTY_ONCE', again)
      return done(outcome === 'not_entitled' ? 'NOT_ENTITLED' : 'BEFORE_VENDOR_HISTORY', again)
    }
    case 'rate_limited':
      return wait(Math.min(again, next?.askAt ?? NEVER), null)
    case 'malformed': {
      if (next) return wait(Math.min(again, next.askAt), waiting)
      if (judged.asked < MAX_MALFORMED) return wait(again, null)
      return giveUp(again, judged.asked - MAX_MALFORMED)
    }
    case 'unavailable':
      return wait(Math.min(again, next?.askAt ?? NEVER), next && next.askAt <= again ? waiting : 'VENDOR_OUTAGE')
    default:
      return outcome satisfies never
  }
}

/** The next step after asking for a present cell again: whatever came, the cell stays present; only what may pass is tried again, a few times. */
export function rereadDisposition(judged: DispositionInput): Disposition {
  const { outcome, attempts, now } = judged
  const end: Disposition = {
    state: 'done',
    nextAt: now,
    // Of a vendor that has no version of the cell this is evidence: should the one there is be lost, it may be asked again.
    askAgainAt: askAgainAt(judged),
    absence: null,
    recheckAt: null,
    countsAsAttempt: true,
  }
  const again: Disposition = { ...end, state: 'queued', nextAt: askAgainAt({ ...judged, asked: attempts }) }
  switch (outcome) {
    case 'filled':
    case 'short':
    case 'empty':
    case 'before_history':
    case 'not_entitled':
      return end
    case 'too_recent':
    case 'rate_limited':
      return { ...again, countsAsAttempt: false }
    case 'malformed':
      return attempts < MAX_MALFORMED ? again : end
    case 'unavailable':
      return attempts < MAX_UNAVAILABLE ? again : end
    default:
      return outcome satisfies never
  }
}

/**
 * The next step after a probe of an incident: whatever came, the cell keeps the incident's reason until the incident is over, which the audit
 * decides. Only a vendor that asks to come back later is asked again for the same look.
 */
export function probeDisposition(judged: DispositionInput): Disposition {
  const { outcome, now } = judged
  const again = askAgainAt(judged)
  const snoozes = outcome === 'too_recent' || outcome === 'rate_limited'
  const end: Disposition = {
    state: 'done',
    nextAt: now,
    askAgainAt: again,
    absence: null,
    recheckAt: null,
    countsAsAttempt: true,
  }
  return snoozes ? { ...end, state: 'queued', nextAt: again, countsAsAttempt: false } : end
}
