import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { beginTick, endTick, findTick, openTicks, reachStep } from '../../db/ticks/ticks.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import type { Chain, Step } from '../../functions/_runtime/cron.ts'
import { newTask } from '../db/temp-db.ts'
import { handClock } from './manual-clock.ts'
import { type Callee, EVENING, idle, laterAt, more, night, startCallee, step } from './recorded-calls.ts'

const MINUTE = 60_000
let callee: Callee
beforeEach(async () => {
  callee = await startCallee()
})
afterEach(() => callee.close())

const names = () => callee.calls.map(({ call }) => call)

/** A gate a test opens by hand. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

describe('invoker: playing a chain', () => {
  test('the steps are called in order with the scheduled instant, their body and the token', async () => {
    const chain = night(step('ingest-tick'), step('dispatch-one-task', { body: { lane: 'today', at: 'overruled' } }))
    const token = 'token-of-this-node'
    const endings = await callee.invoker([chain], { token }).play('night', EVENING)
    expect(names()).toEqual(['ingest-tick', 'dispatch-one-task'])
    expect(callee.calls.map(({ body }) => body)).toEqual([
      { at: '2025-07-09T00:30:00.000Z' },
      { at: '2025-07-09T00:30:00.000Z', lane: 'today' },
    ])
    expect(callee.calls.every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true)
    expect(endings).toEqual([
      { call: 'ingest-tick', calls: 1, ok: true },
      { call: 'dispatch-one-task', calls: 1, ok: true },
    ])
  })

  test('without a token none is sent', async () => {
    await callee.invoker([night(step('audit'))]).play('night', EVENING)
    expect(callee.calls[0]?.authorization).toBeUndefined()
  })

  test('a step without repeat is called once, whatever it answers', async () => {
    callee.answer = () => more
    await callee.invoker([night(step('audit'))]).play('night', EVENING)
    expect(names()).toEqual(['audit'])
  })

  test('a repeated step is called until it has no more', async () => {
    callee.answer = (_call, nth) => (nth < 7 ? more : idle)
    const [ending] = await callee
      .invoker([night(step('curate-partition', { repeat: 'until-idle' }))])
      .play('night', EVENING)
    expect(ending).toEqual({ call: 'curate-partition', calls: 7, ok: true })
    expect(callee.clock.now()).toBe(EVENING)
  })

  test('a step that says when to come back is called again at that instant', async () => {
    const back = EVENING + 17 * MINUTE
    callee.answer = (_call, nth) => (nth === 1 ? laterAt(back) : idle)
    await callee.invoker([night(step('dispatch-one-task', { repeat: 'until-idle' }))]).play('night', EVENING)
    expect(callee.calls.map(({ at }) => at)).toEqual([EVENING, back])
  })

  test('nobody waits beyond the deadline', async () => {
    callee.answer = () => laterAt(EVENING + 31 * MINUTE)
    const waiting = step('dispatch-one-task', { repeat: 'until-idle', deadline: 30 * MINUTE })
    const endings = await callee.invoker([night(waiting, step('export'))]).play('night', EVENING)
    expect(names()).toEqual(['dispatch-one-task', 'export'])
    expect(endings.every(({ ok }) => ok)).toBe(true)
    expect(callee.clock.now()).toBe(EVENING)
  })

  test('a step that always has more ends at its deadline', async () => {
    callee.answer = async ({ call }) => {
      await callee.clock.sleep(MINUTE)
      return call === 'export' ? idle : more
    }
    const endless = step('dispatch-one-task', { repeat: 'until-idle', deadline: 5 * MINUTE })
    const [ending] = await callee.invoker([night(endless, step('export'))]).play('night', EVENING)
    expect(ending).toMatchObject({ call: 'dispatch-one-task', calls: 5, ok: true, left: expect.any(String) })
    expect(names().at(-1)).toBe('export')
  })

  test('nobody waits longer for one instant than the step allows', async () => {
    callee.answer = (_call, nth) => laterAt(callee.clock.now() + nth * 4 * MINUTE)
    const waiting = step('curate-partition', { repeat: 'until-idle', wait: 10 * MINUTE })
    await callee.invoker([night(waiting)]).play('night', EVENING)
    expect(callee.calls.map(({ at }) => at - EVENING)).toEqual([0, 4 * MINUTE, 12 * MINUTE])
  })

  test('a step whose last answer leaves something is not ok, and says what; one that came to its end is', async () => {
    const left = '2 partitions are not curated yet'
    callee.answer = ({ call }, nth) =>
      call === 'export' && nth === 1
        ? { json: { ok: true, more: true, nextAt: null, left } }
        : call === 'curate-partition'
          ? { json: { ok: true, more: false, nextAt: null, left } }
          : idle
    const repeated = { repeat: 'until-idle' } as const
    const endings = await callee
      .invoker([night(step('curate-partition', repeated), step('export', repeated))])
      .play('night', EVENING)
    expect(endings).toEqual([
      { call: 'curate-partition', calls: 1, ok: false, error: left },
      { call: 'export', calls: 2, ok: true },
    ])
    expect(callee.log.some(({ event, fields }) => event === 'cron.step_failed' && fields.error === left)).toBe(true)
  })

  test('a step that its deadline cuts off is no failure, and says how many cells it did not come to', async () => {
    await enqueueTasks(callee.db, 'equities_bars', [newTask('AAPL', '2024-07-02'), newTask('MSFT', '2024-07-02')], 0)
    callee.answer = async ({ call }, nth) => {
      await callee.clock.sleep(4 * MINUTE)
      const soon = new Date(callee.clock.now() + 30_000).toISOString()
      const later = new Date(callee.clock.now() + 60 * MINUTE).toISOString()
      if (call === 'dispatch-one-task') return { json: { ok: true, more: true, nextAt: null } }
      if (call === 'ingest-tick') return { json: { ok: true, more: nth < 2, nextAt: nth < 2 ? null : soon } }
      return { json: { ok: true, more: false, nextAt: later } }
    }
    const repeated = { repeat: 'until-idle', deadline: 8 * MINUTE } as const
    const calls = ['dispatch-one-task', 'ingest-tick', 'sweep'] as const
    const endings = await callee.invoker([night(...calls.map((call) => step(call, repeated)))]).play('night', EVENING)
    expect(endings).toEqual([
      {
        call: 'dispatch-one-task',
        calls: 2,
        ok: true,
        left: 'stopped by its deadline of 8 minutes with 2 cells still queued',
      },
      { call: 'ingest-tick', calls: 2, ok: true, left: 'stopped by its deadline of 8 minutes' },
      { call: 'sweep', calls: 1, ok: true },
    ])
    const [state] = await callee.invoker([night(step('sweep'))]).schedule.list()
    expect(state?.last).toMatchObject({ ok: true, left: [{ call: 'dispatch-one-task' }, { call: 'ingest-tick' }] })
    expect(callee.log.filter(({ event, fields }) => event === 'cron.step_completed' && fields.left)).toHaveLength(2)
  })

  test('a parallel step has that many calls under way at once, and the next step waits for all of them', async () => {
    const full = gate()
    let under = 0
    let most = 0
    callee.answer = async ({ call }) => {
      under++
      most = Math.max(most, under)
      if (call === 'dispatch-one-task' && callee.calls.length <= 3) {
        if (callee.calls.length === 3) full.open()
        await full.opened
      }
      expect(call === 'audit' ? under : 1).toBe(1)
      under--
      return idle
    }
    const endings = await callee
      .invoker([night(step('dispatch-one-task', { parallel: 3 }), step('audit'))])
      .play('night', EVENING)
    expect(most).toBe(3)
    expect(endings[0]?.calls).toBe(3)
    expect(names().at(-1)).toBe('audit')
  })

  test('a chain that is not in the schedule is refused with those that are', async () => {
    await expect(callee.invoker([night(step('audit'))]).play('day', EVENING)).rejects.toThrow(/day.*night/)
  })
})

describe('invoker: a step that fails', () => {
  test('is called again a few times with pauses, then recorded, and the chain goes on', async () => {
    callee.answer = ({ call }) => (call === 'audit' ? { status: 500, json: { ok: false, error: 'no luck' } } : idle)
    const endings = await callee.invoker([night(step('audit'), step('export'))]).play('night', EVENING)
    expect(endings).toEqual([
      { call: 'audit', calls: 4, ok: false, error: 'no luck' },
      { call: 'export', calls: 1, ok: true },
    ])
    expect(new Set(callee.calls.map(({ at }) => at)).size).toBe(4)
    expect(callee.log.some(({ event, fields }) => event === 'cron.step_failed' && fields.error === 'no luck')).toBe(
      true,
    )
    const [row] = await callee.db.all<{ result: string; ended: number | null }>({
      toSQL: () => ({ sql: 'SELECT result, ended_at AS ended FROM ticks', params: [] }),
    })
    expect(JSON.parse(row?.result ?? '')).toEqual(endings)
    expect(row?.ended).not.toBeNull()
  })

  test('is forgiven when it answers in time, and failures before an answer do not add up', async () => {
    callee.answer = (_call, nth) => (nth % 3 === 0 ? (nth < 9 ? more : idle) : { status: 503, json: { ok: false } })
    const [ending] = await callee
      .invoker([night(step('curate-partition', { repeat: 'until-idle' }))])
      .play('night', EVENING)
    expect(ending).toEqual({ call: 'curate-partition', calls: 9, ok: true })
  })

  test.each([
    ['an answer that is no JSON', { text: '<html>' }],
    ['an answer that is JSON but no answer', { json: null }],
    ['another status', { status: 404, json: { ok: false } }],
    ['a refusal', { status: 401, json: { ok: false, error: 'no token' } }],
  ])('%s counts as a failure', async (_name, answer) => {
    callee.answer = () => answer
    const [ending] = await callee.invoker([night(step('audit'))]).play('night', EVENING)
    expect(ending).toMatchObject({ ok: false, calls: 4 })
    expect(ending?.error).toBeTruthy()
  })

  test('a server that is not there is a failure of the step, not of the invoker', async () => {
    const [ending] = await callee
      .invoker([night(step('audit'))], { address: 'http://127.0.0.1:1' })
      .play('night', EVENING)
    expect(ending).toMatchObject({ ok: false, error: expect.stringContaining('ECONNREFUSED') })
  })
})

describe('invoker: a firing', () => {
  test("that a killed process left is resumed at its step, with what is left of that step's time", async () => {
    const tick = await beginTick(callee.db, 'night', EVENING, EVENING)
    await reachStep(callee.db, tick!, 1, EVENING + 5 * MINUTE)
    const clock = handClock(EVENING + 20 * MINUTE)
    callee.answer = ({ call }) => (call === 'dispatch-one-task' ? laterAt(EVENING + 40 * MINUTE) : idle)
    const repeated = step('dispatch-one-task', { repeat: 'until-idle', deadline: 30 * MINUTE })
    const done = gate()
    const after = step('export')
    callee.answer = ({ call }) => {
      if (call === 'export') done.open()
      return call === 'export' ? idle : laterAt(EVENING + 40 * MINUTE)
    }
    const invoker = callee.invoker([night(step('ingest-tick'), repeated, after)], { clock })
    invoker.start()
    await done.opened
    await invoker.stop()
    // 40 minutes lie beyond the 5 + 30 of the step that began before the kill.
    expect(names()).toEqual(['dispatch-one-task', 'export'])
  })

  test('that was resumed is ended like any other', async () => {
    const tick = await beginTick(callee.db, 'night', EVENING, EVENING)
    await reachStep(callee.db, tick!, 1, EVENING)
    await callee.invoker([night(step('ingest-tick'), step('audit'))]).play('night', EVENING)
    expect(names()).toEqual(['audit'])
    expect(await openTicks(callee.db)).toEqual([])
  })

  test('whose chain has lost its later steps meanwhile simply ends', async () => {
    const tick = await beginTick(callee.db, 'night', EVENING, EVENING)
    await reachStep(callee.db, tick!, 5, EVENING)
    expect(await callee.invoker([night(step('audit'))]).play('night', EVENING)).toEqual([])
    expect(await openTicks(callee.db)).toEqual([])
  })

  test('that has ended is played again from the first step on demand', async () => {
    const invoker = callee.invoker([night(step('ingest-tick'), step('audit'))])
    await invoker.play('night', EVENING)
    await invoker.play('night', EVENING)
    expect(names()).toEqual(['ingest-tick', 'audit', 'ingest-tick', 'audit'])
  })

  test('that is under way is joined, not played twice', async () => {
    const [begun, release] = [gate(), gate()]
    callee.answer = async () => {
      begun.open()
      await release.opened
      return idle
    }
    const invoker = callee.invoker([night(step('audit'))])
    const first = invoker.play('night', EVENING)
    await begun.opened
    const second = invoker.play('night', EVENING)
    release.open()
    expect(await second).toEqual(await first)
    expect(names()).toEqual(['audit'])
  })

  test('is taken by one of two invokers on one database', async () => {
    const clocks = [handClock(EVENING - 1), handClock(EVENING - 1)]
    const fired = gate()
    callee.answer = () => {
      fired.open()
      return idle
    }
    const invokers = clocks.map((clock) => callee.invoker([night(step('audit'))], { clock }))
    for (const invoker of invokers) invoker.start()
    await Promise.all(clocks.map((clock) => clock.asleep()))
    for (const clock of clocks) clock.advance(15_000)
    await fired.opened
    await Promise.all(clocks.map((clock) => clock.asleep()))
    await Promise.all(invokers.map((invoker) => invoker.stop()))
    expect(callee.log.filter(({ event }) => event === 'cron.fired')).toHaveLength(1)
    expect(names()).toEqual(['audit'])
  })
})

describe('invoker: the schedule', () => {
  test('a node started for the first time does not make up for nights before its time', async () => {
    const clock = handClock(EVENING + MINUTE)
    const invoker = callee.invoker([night(step('audit'))], { clock })
    invoker.start()
    await clock.asleep()
    await invoker.stop()
    expect(names()).toEqual([])
  })

  test('nights missed without power are caught up once, with the newest', async () => {
    const week = 7 * 86_400_000
    const tick = await beginTick(callee.db, 'night', EVENING - week, EVENING - week)
    await endTick(callee.db, tick!, '[]', EVENING - week)
    const fired = gate()
    callee.answer = () => {
      fired.open()
      return idle
    }
    const clock = handClock(EVENING + MINUTE)
    const invoker = callee.invoker([night(step('audit'))], { clock })
    invoker.start()
    await fired.opened
    await clock.asleep()
    clock.advance(15_000)
    await clock.asleep()
    await invoker.stop()
    expect(callee.calls.map(({ body }) => body.at)).toEqual(['2025-07-09T00:30:00.000Z'])
  })

  test('a look that fails is logged, and the next one is made', async () => {
    let failures = 0
    const failing: Db = {
      ...callee.db,
      orm: new Proxy(callee.db.orm, {
        get: (orm, property) => {
          if (property === 'select' && failures++ < 1) throw new Error('disk I/O error')
          return Reflect.get(orm, property)
        },
      }),
    }
    await beginTick(callee.db, 'night', EVENING, EVENING)
    const resumed = gate()
    callee.answer = () => {
      resumed.open()
      return idle
    }
    const clock = handClock(EVENING)
    const invoker = callee.invoker([night(step('audit'))], { clock, db: failing })
    invoker.start()
    await clock.asleep()
    expect(callee.log.map(({ event }) => event)).toEqual(['cron.poll_failed'])
    clock.advance(15_000)
    await resumed.opened
    await invoker.stop()
    expect(names()).toEqual(['audit'])
  })

  test('a chain whose progress could not be written down goes on at the next look', async () => {
    let failures = 0
    const failing: Db = {
      ...callee.db,
      write: (statements) => {
        if (callee.calls.length > 0 && failures++ < 1) return Promise.reject(new Error('database or disk is full'))
        return callee.db.write(statements)
      },
    }
    const done = gate()
    callee.answer = ({ call }) => {
      if (call === 'export') done.open()
      return idle
    }
    const clock = handClock(EVENING - 1)
    const invoker = callee.invoker([night(step('audit'), step('export'))], { clock, db: failing })
    invoker.start()
    await clock.asleep()
    clock.advance(15_000)
    while (!callee.log.some(({ event }) => event === 'cron.failed'))
      await new Promise((resolve) => setImmediate(resolve))
    await clock.asleep()
    clock.advance(15_000)
    await done.opened
    await invoker.stop()
    expect(names()).toEqual(['audit', 'audit', 'export'])
  })

  test('stopping lets the call under way finish, starts no more, and leaves the firing to the next start', async () => {
    const [begun, release] = [gate(), gate()]
    let finished = false
    callee.answer = async () => {
      begun.open()
      await release.opened
      finished = true
      return more
    }
    const invoker = callee.invoker([night(step('dispatch-one-task', { repeat: 'until-idle' }), step('audit'))])
    const played = invoker.play('night', EVENING)
    await begun.opened
    const stopped = invoker.stop()
    release.open()
    await stopped
    await played
    expect(finished).toBe(true)
    expect(names()).toEqual(['dispatch-one-task'])
    expect(await findTick(callee.db, 'night', EVENING)).toMatchObject({ step: 0, endedAt: null })
  })

  test('stopping wakes an invoker that waits for the next instant', async () => {
    const clock = handClock(EVENING)
    callee.answer = () => laterAt(EVENING + 10 * MINUTE)
    const invoker = callee.invoker([night(step('dispatch-one-task', { repeat: 'until-idle' }))], { clock })
    const played = invoker.play('night', EVENING)
    await clock.asleep()
    await invoker.stop()
    await played
    expect(await openTicks(callee.db)).toHaveLength(1)
  })
})

describe('invoker: a chain that catches up', () => {
  /** 21:00 in New York; the night of 20:30 is half an hour old. */
  const FRIDAY = Date.parse('2025-07-11T21:00:00-04:00')
  const FRIDAY_NIGHT = FRIDAY - 30 * MINUTE
  const eager = (...steps: Step[]): Chain => ({ ...night(...steps), catch_up: true })
  const caughtUp = () => callee.log.filter(({ event }) => event === 'cron.catch_up').map(({ fields }) => fields)
  const endedTick = async (scheduledAt: number): Promise<void> => {
    const tick = await beginTick(callee.db, 'night', scheduledAt, scheduledAt)
    await endTick(callee.db, tick!, '[]', scheduledAt)
  }
  const lookOnce = async (chain: Chain, now: number): Promise<void> => {
    const clock = handClock(now)
    const invoker = callee.invoker([chain], { clock })
    invoker.start()
    await clock.asleep()
    await invoker.stop()
  }

  test('plays the newest night at once on the first start, on a Friday at 21:00', async () => {
    const clock = handClock(FRIDAY)
    const invoker = callee.invoker([eager(step('audit'))], { clock })
    invoker.start()
    await ticked()
    await invoker.stop()
    expect(callee.calls.map(({ call, body }) => [call, body.at])).toEqual([['audit', '2025-07-12T00:30:00.000Z']])
    expect(caughtUp()).toEqual([{ chain: 'night', scheduledAt: '2025-07-12T00:30:00.000Z', reason: 'first start' }])
  })

  test('resumes after a restart in the middle, and does not play the night twice', async () => {
    const begun = gate()
    callee.answer = ({ call }) => {
      if (call === 'audit') begun.open()
      return call === 'audit' ? laterAt(FRIDAY + 10 * MINUTE) : idle
    }
    const chain = eager(step('ingest-tick'), step('audit', { repeat: 'until-idle' }))
    const clock = handClock(FRIDAY)
    const first = callee.invoker([chain], { clock })
    first.start()
    await begun.opened
    await first.stop()
    callee.answer = () => idle
    const second = callee.invoker([chain], { clock: handClock(FRIDAY + MINUTE) })
    second.start()
    await ticked()
    await second.stop()
    expect(names()).toEqual(['ingest-tick', 'audit', 'audit'])
    expect(caughtUp()).toHaveLength(1)
    expect(await callee.db.all(sql`SELECT scheduled_at AS at FROM ticks`)).toEqual([{ at: FRIDAY_NIGHT }])
  })

  test('is not played again when its newest night was', async () => {
    await endedTick(FRIDAY_NIGHT)
    await lookOnce(eager(step('audit')), FRIDAY + 40 * 3_600_000)
    expect(names()).toEqual([])
    expect(caughtUp()).toEqual([])
  })

  test('is not played when it was begun by hand since its newest night', async () => {
    await endedTick(FRIDAY_NIGHT + 10 * MINUTE)
    await lookOnce(eager(step('audit')), FRIDAY)
    expect(names()).toEqual([])
  })

  test('plays a missed night, and says so', async () => {
    await endedTick(FRIDAY_NIGHT - 86_400_000)
    const invoker = callee.invoker([eager(step('audit'))], { clock: handClock(FRIDAY) })
    invoker.start()
    const done = async () => (await findTick(callee.db, 'night', FRIDAY_NIGHT))?.endedAt != null
    await expect.poll(done).toBe(true)
    await invoker.stop()
    expect(names()).toEqual(['audit'])
    expect(caughtUp()).toMatchObject([{ reason: 'missed' }])
  })

  test('leaves an instant of more than eight days ago', async () => {
    await lookOnce({ ...eager(step('audit')), schedule: '30 20 1 * *' }, FRIDAY)
    expect(await callee.db.all(sql`SELECT * FROM ticks`)).toEqual([])
  })

  test('is played once by two nodes that start together', async () => {
    const clocks = [handClock(FRIDAY), handClock(FRIDAY)]
    const invokers = clocks.map((clock) => callee.invoker([eager(step('audit'))], { clock }))
    for (const invoker of invokers) invoker.start()
    await Promise.all(clocks.map((clock) => clock.asleep()))
    await ticked()
    await Promise.all(invokers.map((invoker) => invoker.stop()))
    expect(names()).toEqual(['audit'])
    expect(caughtUp()).toHaveLength(1)
  })
})

describe('invoker: the next instant', () => {
  test('is logged at start and after the chain ended', async () => {
    const clock = handClock(EVENING - 1)
    const invoker = callee.invoker([night(step('audit'))], { clock })
    const next = () => callee.log.filter(({ event }) => event === 'cron.next').map(({ fields }) => fields)
    invoker.start()
    await clock.asleep()
    expect(next()).toEqual([{ chain: 'night', scheduledAt: '2025-07-09T00:30:00.000Z' }])
    clock.advance(15_000)
    await expect.poll(next).toHaveLength(2)
    await invoker.stop()
    expect(next()[1]).toEqual({ chain: 'night', scheduledAt: '2025-07-10T00:30:00.000Z' })
  })
})

describe('invoker: a chain by hand', () => {
  const NOON = Date.parse('2025-07-09T12:00:00.750-04:00')
  const SECOND = NOON - 750
  const day = (...steps: Step[]): Chain => ({ ...night(...steps), id: 'day', schedule: '0 10 * * 1-5' })

  test('begins for now, to the second, and is joined while it runs', async () => {
    const [begun, release] = [gate(), gate()]
    callee.answer = async () => {
      begun.open()
      await release.opened
      return idle
    }
    const clock = handClock(NOON)
    const { schedule, stop } = callee.invoker([night(step('ingest-tick'), step('audit'))], { clock })
    expect(await schedule.play('night')).toEqual({ scheduledAt: SECOND, alreadyRunning: false })
    await begun.opened
    clock.advance(MINUTE)
    expect(await schedule.play('night')).toEqual({ scheduledAt: SECOND, alreadyRunning: true })
    expect((await schedule.list())[0]?.running).toEqual({
      scheduledAt: '2025-07-09T16:00:00.000Z',
      call: 'ingest-tick',
      step: 1,
      steps: 2,
      since: '2025-07-09T16:00:00.750Z',
    })
    release.open()
    await ticked()
    await stop()
    expect(callee.calls.map(({ call, body }) => [call, body.at])).toEqual([
      ['ingest-tick', '2025-07-09T16:00:00.000Z'],
      ['audit', '2025-07-09T16:00:00.000Z'],
    ])
  })

  test('begins once when it is asked for many times at once', async () => {
    const { schedule, stop } = callee.invoker([night(step('audit'))], { clock: handClock(NOON) })
    const begun = await Promise.all(Array.from({ length: 5 }, () => schedule.play('night')))
    expect(begun.filter((one) => one?.alreadyRunning === false)).toHaveLength(1)
    await ticked()
    await stop()
    expect(names()).toEqual(['audit'])
  })

  test('that is not in the schedule is not begun', async () => {
    const { schedule } = callee.invoker([night(step('audit'))])
    expect(await schedule.play('day')).toBeNull()
    expect(await callee.db.all(sql`SELECT * FROM ticks`)).toEqual([])
  })

  test('keeps the schedule from firing it meanwhile, and the night after it is played', async () => {
    const release = gate()
    callee.answer = async () => {
      await release.opened
      return idle
    }
    const clock = handClock(EVENING - MINUTE)
    const invoker = callee.invoker([night(step('audit'))], { clock })
    invoker.start()
    await clock.asleep()
    await invoker.schedule.play('night')
    clock.advance(2 * MINUTE)
    await clock.asleep()
    await expect.poll(names).toEqual(['audit'])
    release.open()
    await ticked()
    clock.advance(15_000)
    await expect.poll(names).toEqual(['audit', 'audit'])
    await invoker.stop()
    expect(callee.calls.map(({ body }) => body.at)).toEqual(['2025-07-09T00:29:00.000Z', '2025-07-09T00:30:00.000Z'])
  })

  test('is listed with how it ended and when it comes next; one that never ran has no last firing', async () => {
    callee.answer = ({ call }) => (call === 'audit' ? { status: 500, json: { ok: false, error: 'no luck' } } : idle)
    const invoker = callee.invoker([night(step('audit'), step('export')), day(step('audit'))])
    await invoker.play('night', EVENING)
    expect(await invoker.schedule.list()).toEqual([
      {
        id: 'night',
        last: {
          scheduledAt: '2025-07-09T00:30:00.000Z',
          endedAt: new Date(callee.clock.now()).toISOString(),
          ok: false,
          failed: [{ call: 'audit', error: 'no luck' }],
          left: [],
        },
        running: null,
        nextAt: '2025-07-10T00:30:00.000Z',
      },
      { id: 'day', last: null, running: null, nextAt: '2025-07-09T14:00:00.000Z' },
    ])
  })

  test('that ends leaves a firing of the same chain that a killed process left, which is then resumed', async () => {
    const release = gate()
    callee.answer = async () => {
      await release.opened
      return idle
    }
    await beginTick(callee.db, 'night', EVENING, EVENING)
    const clock = handClock(NOON)
    const invoker = callee.invoker([night(step('audit'))], { clock })
    await invoker.schedule.play('night')
    invoker.start()
    await clock.asleep()
    release.open()
    await ticked()
    clock.advance(15_000)
    await expect.poll(() => openTicks(callee.db)).toEqual([])
    await invoker.stop()
    expect(callee.calls.map(({ body }) => body.at)).toEqual(['2025-07-09T16:00:00.000Z', '2025-07-09T00:30:00.000Z'])
  })
})

describe('invoker: a node that may not write', () => {
  const closed = { code: 'clock_doubtful', what: 'the clock is wrong', todo: 'set it' } as const

  test('fires nothing, and fires the next night once it may', async () => {
    const clock = handClock(EVENING - 3 * 86_400_000)
    let objection: typeof closed | null = closed
    const invoker = callee.invoker([night(step('audit'))], { clock, gate: { objection: async () => objection } })
    invoker.start()
    await clock.asleep()
    clock.set(EVENING - MINUTE)
    clock.advance(15_000)
    await clock.asleep()
    expect(callee.calls).toEqual([])
    objection = null
    clock.advance(15_000)
    await clock.asleep()
    // The nights before it was allowed to write are nobody's.
    expect(callee.calls).toEqual([])
    clock.advance(MINUTE)
    await ticked()
    expect(names()).toEqual(['audit'])
    await invoker.stop()
  })

  test('makes the step under way wait, and burns none of its tries', async () => {
    const refused = { status: 503, json: { ok: false, error: 'not now', nextAt: '2025-07-09T00:31:00.000Z' } }
    callee.answer = (_call, nth) => (nth <= 20 ? refused : idle)
    const [ending] = await callee.invoker([night(step('audit'))]).play('night', EVENING)
    expect(ending).toMatchObject({ call: 'audit', ok: true })
  })

  test('for as long as a step may take fails that step', async () => {
    callee.answer = () => ({ status: 503, json: { ok: false, error: 'not now', nextAt: '2025-07-09T00:31:00.000Z' } })
    const [ending] = await callee.invoker([night(step('audit'))]).play('night', EVENING)
    expect(ending).toMatchObject({ ok: false, error: 'not now' })
  })
})

describe('invoker: a clock that is set back under the schedule', () => {
  test('does not keep it from the next night', async () => {
    const clock = handClock(EVENING + 730 * 86_400_000)
    const invoker = callee.invoker([night(step('audit'))], { clock })
    invoker.start()
    await clock.asleep()
    clock.set(EVENING - MINUTE)
    clock.advance(15_000)
    await clock.asleep()
    clock.advance(MINUTE)
    await ticked()
    expect(names()).toEqual(['audit'])
    await invoker.stop()
  })

  test('does not give a resumed step the time until then', async () => {
    const clock = virtualClock(EVENING)
    const ahead = EVENING + 730 * 86_400_000
    await beginTick(callee.db, 'night', EVENING, ahead)
    callee.answer = () => laterAt(clock.now() + 2 * 3_600_000)
    const invoker = callee.invoker([night(step('audit', { repeat: 'until-idle' }))], { clock })
    invoker.start()
    await ticked()
    await invoker.stop()
    expect(names()).toEqual(['audit'])
    expect((await findTick(callee.db, 'night', EVENING))?.endedAt).not.toBeNull()
  })
})

/** Waits until a chain has had the time to call what it calls. */
const ticked = async (): Promise<void> => {
  const ended = async () => (await callee.db.all(sql`SELECT 1 FROM ticks WHERE ended_at IS NOT NULL`)).length > 0
  for (let tries = 0; tries < 200 && !(await ended()); tries++) await new Promise((resolve) => setTimeout(resolve, 10))
}
