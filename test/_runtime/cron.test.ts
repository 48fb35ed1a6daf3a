import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Chain, type CronTerms, loadCron, newestDue, nextAfter } from '../../functions/_runtime/cron.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cron-'))
})
afterEach(() => rm(folder, { recursive: true }))

const load = async (content: unknown, terms?: CronTerms): Promise<Chain[]> => {
  const file = join(folder, 'cron.json')
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return await loadCron(file, terms)
}
const refusal = async (content: unknown, terms?: CronTerms): Promise<string> =>
  load(content, terms).then(
    () => expect.fail('expected a refusal'),
    (error: Error) => error.message,
  )
const STEP = { call: 'audit' }
const CHAIN = { id: 'night', schedule: '30 20 * * 1-5', timezone: 'America/New_York', steps: [STEP] }
const chain = (change: object) => ({ chains: [{ ...CHAIN, ...change }] })

test('cron: the shipped schedule can be used', async () => {
  const chains = await loadCron('cron.json')
  expect(chains.map(({ id }) => id)).toContain('night')
  expect(chains.find(({ id }) => id === 'night')?.steps.map(({ call }) => call)).toContain('export')
})

test('cron: the night of the shipped schedule is caught up, and no other chain', async () => {
  const eager = (await loadCron('cron.json')).filter((one) => one.catch_up)
  expect(eager.map(({ id }) => id)).toEqual(['night'])
})

test('cron: a step says only what differs from one call within an hour', async () => {
  const [night] = await load({ chains: [CHAIN] })
  expect(night?.steps).toEqual([{ call: 'audit', parallel: 1, deadline: 3_600_000, body: {} }])
})

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['6h', 21_600_000],
])('cron: a deadline of %s is %i ms', async (deadline, ms) => {
  expect((await load(chain({ steps: [{ ...STEP, deadline }] })))[0]?.steps[0]?.deadline).toBe(ms)
})

test.each<[string, object, RegExp]>([
  ['a call that is no function', { steps: [{ call: 'ingest' }] }, /chains\.0\.steps\.0\.call: .*ingest-tick/],
  ['a chain without steps', { steps: [] }, /chains\.0\.steps/],
  ['an unknown key of a step', { steps: [{ ...STEP, retries: 3 }] }, /chains\.0\.steps\.0: .*retries/],
  ['an unknown key of a chain', { enabled: false }, /chains\.0: .*enabled/],
  ['a duration without unit', { steps: [{ ...STEP, deadline: '30' }] }, /deadline: .*30m/],
  ['a duration of days', { steps: [{ ...STEP, deadline: '2d' }] }, /deadline: .*6h/],
  ['a duration of nothing', { steps: [{ ...STEP, deadline: '0m' }] }, /deadline/],
  ['no workers', { steps: [{ ...STEP, parallel: 0 }] }, /parallel/],
  ['too many workers', { steps: [{ ...STEP, parallel: 33 }] }, /parallel/],
  ['another way to repeat', { steps: [{ ...STEP, repeat: 'forever' }] }, /repeat/],
  ['a pattern of six wishes', { schedule: '61 20 * * 1-5' }, /schedule: .*cron pattern.*61 20/],
  ['a pattern that is no text', { schedule: 20 }, /schedule/],
  ['a wish that is neither yes nor no', { catch_up: 'always' }, /chains\.0\.catch_up/],
  ['an unknown zone', { timezone: 'America/Gotham' }, /timezone: .*America\/New_York.*Gotham/],
  ['an id with spaces', { id: 'the night' }, /chains\.0\.id/],
])('cron: %s is refused with file and path', async (_name, change, expected) => {
  const message = await refusal(chain(change))
  expect(message).toMatch(expected)
  expect(message).toContain(join(folder, 'cron.json'))
})

test('cron: all faults are listed at once', async () => {
  const message = await refusal({
    chains: [
      { ...CHAIN, id: '', schedule: 'now' },
      { ...CHAIN, timezone: 'Mars' },
    ],
  })
  for (const path of ['chains.0.id', 'chains.0.schedule', 'chains.1.timezone']) expect(message).toContain(path)
})

test("cron: two chains of one name are refused: they would take each other's firings", async () => {
  expect(await refusal({ chains: [CHAIN, { ...CHAIN, schedule: '0 9 * * *' }] })).toMatch(/chains\.1\.id: .*night/)
})

test('cron: a file that is not JSON, or not there, is refused by its name', async () => {
  expect(await refusal('{ "chains": [')).toContain(join(folder, 'cron.json'))
  expect(await refusal('[]')).toContain(join(folder, 'cron.json'))
  await expect(loadCron(join(folder, 'none.json'))).rejects.toThrow(/none\.json.*ENOENT/)
})

const NIGHT: Chain = { ...CHAIN, steps: [] }
const at = (text: string): number => Date.parse(text)

test('cron: the evening is due at the same wall clock in winter and in summer', () => {
  const due = (from: string, to: string) => new Date(newestDue(NIGHT, at(from), at(to)) ?? Number.NaN).toISOString()
  // Friday before and Monday after the clocks go forward (9 March 2025) and back (2 November 2025).
  expect(due('2025-03-07T12:00:00Z', '2025-03-08T12:00:00Z')).toBe('2025-03-08T01:30:00.000Z')
  expect(due('2025-03-10T12:00:00Z', '2025-03-11T12:00:00Z')).toBe('2025-03-11T00:30:00.000Z')
  expect(due('2025-10-31T12:00:00Z', '2025-11-01T12:00:00Z')).toBe('2025-11-01T00:30:00.000Z')
  expect(due('2025-11-03T12:00:00Z', '2025-11-04T12:00:00Z')).toBe('2025-11-04T01:30:00.000Z')
})

test('cron: an hour that spring skips fires once that day, and one that autumn repeats does not fire twice', () => {
  const early: Chain = { ...NIGHT, schedule: '30 2 * * *' }
  const firings = (from: string, to: string): number[] => {
    const found: number[] = []
    for (let end = at(from); end <= at(to); end += 600_000) {
      const due = newestDue(early, found.at(-1) ?? at(from), end)
      if (due !== null) found.push(due)
    }
    return found
  }
  expect(firings('2025-03-08T12:00:00Z', '2025-03-10T12:00:00Z')).toHaveLength(2)
  expect(firings('2025-11-01T12:00:00Z', '2025-11-03T12:00:00Z')).toHaveLength(2)
  const oneThirty: Chain = { ...NIGHT, schedule: '30 1 * * *' }
  expect(newestDue(oneThirty, at('2025-11-02T05:30:00Z'), at('2025-11-02T23:00:00Z'))).toBeNull()
})

test('cron: after days without power only the newest firing is due', () => {
  expect(newestDue(NIGHT, at('2025-07-01T00:00:00Z'), at('2025-07-08T12:00:00Z'))).toBe(at('2025-07-08T00:30:00Z'))
})

test('cron: the instant itself is due, the one already taken is not, and a weekend has none', () => {
  const friday = at('2025-07-12T00:30:00Z')
  expect(newestDue(NIGHT, friday - 1, friday)).toBe(friday)
  expect(newestDue(NIGHT, friday, friday)).toBeNull()
  expect(newestDue(NIGHT, friday - 1, friday - 1)).toBeNull()
  expect(newestDue(NIGHT, friday, at('2025-07-14T23:00:00Z'))).toBeNull()
})

test('cron: the next instant lies after the given one, and a pattern that never comes has none', () => {
  const friday = at('2025-07-12T00:30:00Z')
  expect(nextAfter(NIGHT, friday - 1)).toBe(friday)
  expect(nextAfter(NIGHT, friday)).toBe(at('2025-07-15T00:30:00Z'))
  expect(nextAfter({ ...NIGHT, schedule: '0 0 30 2 *' }, friday)).toBeNull()
})

test('cron: a clock that was set back makes nothing due', () => {
  expect(newestDue(NIGHT, at('2025-07-12T00:30:00Z'), at('2025-07-01T00:30:00Z'))).toBeNull()
})

test('cron: a pattern that never comes is never due', () => {
  expect(
    newestDue({ ...NIGHT, schedule: '0 0 30 2 *' }, at('2025-01-01T00:00:00Z'), at('2025-12-31T00:00:00Z')),
  ).toBeNull()
})

test('cron: the environment may set the deadline of the night, which is that of its longest dispatch step', async () => {
  const HOUR = 3_600_000
  const deadlines = (of: Chain[]): number[] =>
    of.flatMap(({ steps }) => steps.filter(({ call }) => call === 'dispatch-one-task').map(({ deadline }) => deadline))
  const shipped = deadlines(await loadCron('cron.json'))
  expect(shipped.filter((deadline) => deadline === 6 * HOUR)).toHaveLength(1)
  expect(deadlines(await loadCron('cron.json', { nightDeadlineMs: 1.5 * HOUR }))).toEqual(
    shipped.map((deadline) => (deadline === 6 * HOUR ? 1.5 * HOUR : deadline)),
  )
})

test('cron: a deadline of a night that the schedule does not have is a fault of the variable', async () => {
  const message = await refusal(chain({}), { nightDeadlineMs: 1 })
  expect(message).toMatch(/NIGHT_DEADLINE: .*has no chain night with a repeated step dispatch-one-task/)
})
