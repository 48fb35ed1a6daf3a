/** Guards against what the machine does: clocks that are wrong, disks that are gone, foreign or full. */
import type { Guard } from './guard.ts'

export const MACHINE_GUARDS: Guard[] = [
  {
    name: 'instants of a clock that ran ahead are put right when the clock is set back',
    file: 'functions/_runtime/clock-guard.ts',
    find: '    if (isSet) isDue = true\n',
    replace: '',
    test: 'test/_runtime/clock-guard.test.ts',
  },
  {
    name: 'instants of a clock that ran ahead are put right at start',
    file: 'functions/_runtime/recover.ts',
    find: 'const { aheadMs, rows } = await repairClock(node.db, node.now())',
    replace: 'const { aheadMs, rows } = { aheadMs: 0, rows: 0 }',
    test: 'test/_runtime/clock-guard.test.ts',
  },
  {
    name: 'a clock before the build writes nothing',
    file: 'functions/_runtime/clock-guard.ts',
    find: 'if (now < evidence.builtAt) {',
    replace: 'if (now < 0) {',
    test: 'test/_runtime/clock-guard.test.ts',
  },
  {
    name: 'a clock that is not synchronised yet writes nothing',
    file: 'functions/_runtime/clock-guard.ts',
    find: 'if (isSynchronised === false) {',
    replace: 'if (isSynchronised === undefined) {',
    test: 'test/_runtime/clock-guard.test.ts',
  },
  {
    name: 'a clock behind what was written is doubted for a while',
    file: 'functions/_runtime/clock-guard.ts',
    find: 'if (newest === null || newest <= now + BEHIND_MS) return null',
    replace: 'if (newest !== Number.NaN) return null',
    test: 'test/_runtime/clock-guard.test.ts',
  },
  {
    name: 'a lease outlives an hour back for its holder, and no longer than its full length',
    file: 'functions/_runtime/clock-guard.ts',
    find: 'if (isDue) await resetLeases(',
    replace: 'if (isDue && db === null) await resetLeases(',
    test: 'test/_runtime/clock-guard.test.ts',
  },
  {
    name: 'firings of instants to come are forgotten',
    file: 'db/clock-repair/repair-clock.ts',
    find: 'DELETE FROM ticks WHERE scheduled_at >',
    replace: 'DELETE FROM ticks WHERE scheduled_at < 0 AND scheduled_at >',
    test: 'test/db/clock-repair/repair-clock.test.ts',
  },
  {
    name: 'the schedule fires nothing while nothing may be written',
    file: 'functions/_runtime/invoker.ts',
    find: 'if ((await gate.objection()) === null) {',
    replace: 'if ((await gate.objection()) !== undefined) {',
    test: 'test/_runtime/invoker.test.ts',
  },
  {
    name: 'a schedule whose clock is set back does not wait for what it showed before',
    file: 'functions/_runtime/invoker.ts',
    find: 'begun = Math.min(begun, clock.now())',
    replace: 'if (begun === Number.POSITIVE_INFINITY) begun = clock.now()',
    test: 'test/_runtime/invoker.test.ts',
  },
  {
    name: 'a step goes on after a pause in which nothing is written',
    file: 'functions/_runtime/play-chain.ts',
    find: 'if (reply.isClosed && clock.elapsed() < deadline) {',
    replace: 'if (reply.isClosed && clock.elapsed() < 0) {',
    test: 'test/_runtime/invoker.test.ts',
  },
  {
    name: 'a step does not wait for an instant of a clock that ran ahead',
    file: 'functions/_runtime/play-chain.ts',
    find: 'const left = Math.min(step.deadline, Math.max(0, begunAt + step.deadline - clock.now()))',
    replace: 'const left = begunAt + step.deadline - clock.now()',
    test: 'test/_runtime/invoker.test.ts',
  },
  {
    name: 'reads answer whatever the clock shows',
    file: 'functions/index.ts',
    find: 'now: () => instantWithinCalendars(node.now())',
    replace: 'now: () => node.now()',
    test: 'test/status/any-clock.test.ts',
  },
]
